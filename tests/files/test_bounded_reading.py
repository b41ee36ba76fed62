"""Small files that ask for much work: refused at once."""

from __future__ import annotations

import json
import struct
import time
import warnings

import numpy as np
import pytest
from good import good_model
from hostile_configs import config_changes

import minirnn
from minirnn import interop
from minirnn.files import archive
from minirnn.files.errors import ModelFileError
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5
from minirnn.files.json_text import read_json

SECONDS = 2.0  # what one file may take; the worst of these took minutes and more


@pytest.fixture(autouse=True)
def promptly():
    start = time.thread_time()
    yield
    assert time.thread_time() - start < SECONDS


def test_a_string_without_an_end_is_found_once():
    with pytest.raises(ModelFileError, match="a string without an end at byte 5"):
        read_json(b'{"a":"' + b'\\"' * 390_000, "config.json")
    assert read_json(b'{"a\\"[": "\\\\"}', "config.json") == {'a"[': "\\"}


def shared_nodes(children: int, times: int) -> bytes:
    """An HDF5 file whose tree visits one leaf many times, and with it one empty symbol table many more."""
    data = bytearray(write_hdf5({"layers/lstm/vars/0": np.zeros((2, 2), "float32")}))
    data += bytes(-len(data) % 8)
    symbols = len(data)
    data += struct.pack("<4sBxH", b"SNOD", 1, 0)

    def tree(level, below):
        address = len(data)
        data.extend(struct.pack("<4sBBHQQ", b"TREE", 0, level, len(below), 2**64 - 1, 2**64 - 1))
        for child in below:
            data.extend(struct.pack("<QQ", 0, child))
        data.extend(struct.pack("<Q", 0))
        return address

    top = tree(1, [tree(0, [symbols] * children)] * times)
    reader = Hdf5Reader(bytes(data))
    struct.pack_into("<Q", data, reader.messages(reader._root, "root")[0x11][0], top)
    struct.pack_into("<Q", data, 40, len(data))
    return bytes(data)


def test_trees_that_visit_a_node_again_and_again_are_counted():
    reader = Hdf5Reader(shared_nodes(65_535, 3_000))
    with pytest.raises(ModelFileError, match="more than 200000 entries"):
        reader.group("layers")


@pytest.mark.parametrize("shape", [(0, 2**64 - 1), (0, 2**62, 2**62)])
def test_an_axis_too_long_for_any_memory_is_refused_where_another_is_empty(shape, monkeypatch):
    reader = Hdf5Reader(bytes(write_hdf5({"a": np.zeros((0, 1, 1)[: len(shape)], "float32")})))
    monkeypatch.setattr(reader, "shape", lambda *_, **__: shape)
    with pytest.raises(ModelFileError, match="expected axes of at most"):
        reader.array("a", None, ("float32",))


def test_a_layer_of_pytorch_has_one_number(tmp_path):
    arrays = {
        "weight_ih_l0": np.zeros((8, 3), "float32"), "weight_hh_l0": np.zeros((8, 2), "float32"),
        "weight_ih_l00": np.ones((8, 3), "float32"), "weight_hh_l00": np.ones((8, 2), "float32"),
    }  # fmt: skip
    with pytest.raises(ModelFileError, match="l00"):
        interop.from_torch(arrays)


def test_a_text_without_weights_is_held_to_what_a_file_may_have():
    """`model_from_json`: no array tells how large the model is, and whatever is wrong ends in the one error, too."""
    folder, refused = {}, 0
    text = good_model().to_json()
    state = minirnn.random.state(), minirnn.layers.naming.counts()
    for name, change in config_changes().items():
        config = json.loads(text)
        try:
            change(config)
        except (AttributeError, IndexError, KeyError, TypeError):
            continue  # it is about what the text does not have, such as an optimizer
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                folder[name] = minirnn.models.model_from_json(json.dumps(config)).count_params()
            except ModelFileError as error:
                refused += 1
                assert len(str(error)) < 500 and "\n" not in str(error), name
                assert (minirnn.random.state(), minirnn.layers.naming.counts()) == state, name
        minirnn.random.set_state(state[0])
        minirnn.layers.naming.set_counts(state[1])
    assert refused > 100 and len(folder) < 20, sorted(folder)
    config = json.loads(text)
    config["config"]["layers"][1]["config"]["units"] = 2**20
    with pytest.raises(ModelFileError, match="more numbers than any file may hold"):
        minirnn.models.model_from_json(json.dumps(config))


def test_an_archive_larger_than_its_sizes_can_say_is_not_written():
    class Large(bytes):
        def __len__(self):
            return 2**32

    with pytest.raises(ValueError, match="a .keras file holds at most 4,294,901,760 bytes"):
        archive.write_archive({"model.weights.h5": Large()})
