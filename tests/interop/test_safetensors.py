"""`.safetensors` files: what is written is read back; every byte counts; nothing else is taken for one.

Files of ill will are in tests/files, with all others.
"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from minirnn import interop
from minirnn.interop import ModelFileError

rng = np.random.default_rng(0)


@pytest.fixture
def state():
    shapes = {"weight_ih_l0": (8, 3), "weight_hh_l0": (8, 2), "bias_ih_l0": (8,), "bias_hh_l0": (8,)}
    return {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", ">f8"])
def test_arrays_come_back_bit_for_bit_in_their_order(tmp_path, state, dtype):
    given = {name: array.astype(dtype) for name, array in state.items()}
    given["turned"] = np.asfortranarray(given.pop("weight_ih_l0"))
    interop.save_safetensors(given, tmp_path / "a.safetensors")
    found = interop.load_safetensors(tmp_path / "a.safetensors")
    assert list(found) == list(given)
    for name, array in found.items():
        assert array.dtype == given[name].dtype.newbyteorder("=") and (array == given[name]).all()
        assert array.flags.writeable and array.flags.aligned and array.flags.c_contiguous


def test_the_bytes_are_those_of_the_format(tmp_path):
    path = tmp_path / "a.safetensors"
    interop.save_safetensors({"a": np.float32([[1, 2]]), "b": np.float64([3])}, path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert length % 8 == 0 and header["__metadata__"]["format"] == "pt"
    assert header["b"] == {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
    assert header["a"] == {"dtype": "F32", "shape": [1, 2], "data_offsets": [8, 16]}
    assert data[8 + length :] == np.float64([3]).tobytes() + np.float32([1, 2]).tobytes()


def test_every_flipped_byte_is_refused_or_means_nothing(tmp_path, state):
    path = tmp_path / "a.safetensors"
    interop.save_safetensors(state, path)
    data = path.read_bytes()
    same = 0
    for place in range(len(data)):
        for bit in (1, 32, 255):
            changed = bytearray(data)
            changed[place] ^= bit
            path.write_bytes(changed)
            try:
                found = interop.load_safetensors(path)
            except ModelFileError as error:
                assert len(str(error)) < 500 and "\n" not in str(error)
                continue
            same += 1
            assert list(found) == list(state) and all((found[name] == state[name]).all() for name in state)
    assert same < 100  # the names of what minirnn adds, and the last spaces of the header


def test_what_is_cut_off_anywhere_is_refused(tmp_path, state):
    path = tmp_path / "a.safetensors"
    interop.save_safetensors(state, path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError):
            interop.load_safetensors(path)


def test_a_refused_saving_leaves_the_old_file(tmp_path, state, monkeypatch):
    path = tmp_path / "a.safetensors"
    interop.save_safetensors(state, path)
    before = path.read_bytes()
    for wrong in ({"a": np.ones(2, "float16")}, {"a": np.ones(2, int)}, {"a": [1.0]}, 3, {1: np.ones(2)}):
        with pytest.raises(ValueError, match="found .* expected"):
            interop.save_safetensors(wrong, path)
    with pytest.raises(ValueError, match=r"ends in '\.safetensors'"):
        interop.save_safetensors(state, tmp_path / "a.pt")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        interop.save_safetensors(state, path, overwrite=False)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        interop.save_safetensors({name: 2 * array for name, array in state.items()}, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["a.safetensors"]


def test_a_file_larger_than_allowed_is_refused(tmp_path, state):
    interop.save_safetensors(state, tmp_path / "a.safetensors")
    for read in (interop.load_safetensors, interop.from_torch):
        with pytest.raises(ModelFileError, match="a larger max_bytes allows more"):
            read(tmp_path / "a.safetensors", max_bytes=100)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_neither_written_nor_read(tmp_path, value):
    path = tmp_path / "a.safetensors"
    interop.save_safetensors({"a": np.ones(3, "float32")}, path)
    data = path.read_bytes()
    with pytest.raises(ModelFileError, match="a: found numbers from .*, expected finite numbers"):
        interop.save_safetensors({"a": np.array([1, value, 2], "float32")}, path)
    assert path.read_bytes() == data
    digest = data.index(b'"minirnn.sha256"')
    path.write_bytes(data[:digest] + data[digest:].replace(b"minirnn.sha256", b"another.sha256")[:-4] +
                     np.float32(value).tobytes())  # fmt: skip
    with pytest.raises(ModelFileError, match="a: found numbers"):
        interop.load_safetensors(path)


def test_a_header_of_any_length_is_no_pickle(tmp_path):
    lengths = set()
    for size in range(150, 255):
        interop.save_safetensors({"n" * size: np.ones(1, "float32")}, tmp_path / "a.safetensors")
        assert list(interop.load_safetensors(tmp_path / "a.safetensors")) == ["n" * size]
        lengths.add((tmp_path / "a.safetensors").read_bytes()[:2])
    assert b"\x80\x02" in lengths  # as pickles of protocol 2 begin
