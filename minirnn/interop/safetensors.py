"""Arrays in a `.safetensors` file: 8 bytes, the length of a header; the header, a JSON object that names each array's
dtype, shape and place; then the arrays, one behind the other.

A file comes from a stranger here, too: each byte of it belongs to the header or to exactly one array, and no number in
it is believed before it was compared with the file's size. Format: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn.compat import spelling
from minirnn.files import probe
from minirnn.files.atomic import replace_file
from minirnn.files.errors import ModelFileError, named, shown
from minirnn.files.finite import finite
from minirnn.files.json_text import read_json
from minirnn.files.likeness import function_digest
from minirnn.files.limits import LONGEST_NAME, MOST_TEXT
from minirnn.files.source import read_file
from minirnn.interop.arrays import as_arrays

ENDING = ".safetensors"
HEADER, METADATA = "header", "__metadata__"
# What minirnn's own files tell beside the arrays.
ORDER, DIGEST = "minirnn.order", "minirnn.sha256"
FUNCTION, VECTOR = "minirnn.function", "minirnn.test_vector"
MOST_AXES = 8
_LENGTH = 8  # bytes of the header's length
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_NAMES = {"float32": "F32", "float64": "F64"}
_HALVES = ("F16", "BF16")
_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
_OF_PICKLES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_PICKLE = "a pickle of PyTorch, a program that runs when it is read, which is never opened here"
_MEND = "a .safetensors file; where you trust it: interop.save_safetensors(torch.load(path), 'model.safetensors')"


@spelling.names_nearest
def load_safetensors(path: Any, *, max_bytes: int | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of a `.safetensors` file by their names, in the order of its header; float32 and float64 only.

    `max_bytes` is the largest file that is read, by default 2 GiB. Raises ModelFileError, a ValueError of one line, for
    any other file, for a pickle of PyTorch (.pt, .pth, .bin), and for half precision, integers, NaN and infinity.
    """
    return opened(path, max_bytes).arrays


@spelling.names_nearest
def save_safetensors(source: Any, path: Any, overwrite: bool = True, *, model: Any = None) -> None:
    """Write arrays to a `.safetensors` file, whole or not at all.

    `source` is a state dict of arrays or tensors, a module of PyTorch, or anything else with a `state_dict()`; float32
    or float64. The metadata keep the order of the names, so that `from_torch` needs no `order=`, and a SHA-256 of it
    all, which reading verifies. With the `model` whose arrays these are (`to_torch(model)`) they keep what it gives for
    a small input, too: `load_torch_weights` and `saving.verify` compare it with what the same model gives with them.

    Raises ValueError for a path of another ending, for other dtypes, for NaN and infinity, FileExistsError for an
    existing file unless `overwrite`, and OSError if writing fails: nothing is changed then.
    """
    path = os.fspath(path)
    if not str(path).endswith(ENDING):
        raise ValueError(f"arrays are saved to a path that ends in {ENDING!r}, got {shown(str(path))!r}")
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path} exists; overwrite=True replaces it")
    with named("state_dict"):
        arrays = as_arrays(source.state_dict() if hasattr(source, "state_dict") else source)
        pieces = _pieces({name: finite(array, name) for name, array in arrays.items()}, _told(model))
    replace_file(path, pieces)


def _told(model: Any) -> dict[str, str]:
    """The test vector of a model, and of what function it is."""
    vector = None if model is None else probe.finite_vector(model)
    function = None if vector is None else function_digest(model)
    if vector is None or function is None:
        return {}
    return {FUNCTION: function.hex(), VECTOR: json.dumps([numbers.tolist() for numbers in vector])}


def _pieces(arrays: Mapping[str, NDArray[Any]], told: Mapping[str, str]) -> list[bytes]:
    """The bytes of a file of these arrays; the largest elements come first, so that each array is aligned."""
    metadata = {"format": "pt", ORDER: json.dumps(list(arrays)), **told}
    entries: dict[str, Any] = {METADATA: metadata}
    placed = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    start = 0
    for name in placed:
        array = arrays[name]
        stop = start + array.nbytes
        entries[name] = {"dtype": _NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": [start, stop]}
        start = stop
    data = [arrays[name].astype(_DTYPES[_NAMES[arrays[name].dtype.name]], order="C").tobytes() for name in placed]
    metadata[DIGEST] = _digest(entries, data)
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % _LENGTH)
    return [len(header).to_bytes(_LENGTH, "little") + header, *data]


def _digest(entries: Mapping[str, Any], data: Iterable[Any]) -> str:
    """SHA-256 of a header without its digest, and of the arrays' bytes."""
    plain = {key: value for key, value in entries[METADATA].items() if key != DIGEST}
    found = hashlib.sha256(json.dumps({**entries, METADATA: plain}, sort_keys=True).encode())
    for piece in data:
        found.update(piece)
    return found.hexdigest()


# --- reading ---


class Held(NamedTuple):
    """What a file holds: its arrays, and what minirnn told of them beside."""

    arrays: dict[str, NDArray[Any]]
    in_order: bool  # whether it is that in which they were saved
    is_sealed: bool = False  # whether there is a digest, which is right
    function: str = ""  # SHA-256 of what computed the test vector
    outputs: str = "[]"  # the test vector, as JSON

    def vector_of(self, model: Any) -> list[NDArray[Any]] | None:
        """The test vector, if what computed it is what the model computes; None for a vector of another, or none."""
        digest = function_digest(model) if self.function else None
        if digest is None or digest.hex() != self.function:
            return None
        outputs = read_json(b'{"outputs":' + self.outputs.encode("utf-8", "replace") + b"}", METADATA)["outputs"]
        try:
            found = [np.array(numbers, np.float64) for numbers in outputs]
        except (TypeError, ValueError):
            found = [np.full(1, np.nan)]
        if any(kept.ndim != 1 or kept.size > probe.KEPT or not np.isfinite(kept).all() for kept in found):
            raise ModelFileError(METADATA, shown(outputs), f"lists of at most {probe.KEPT} finite numbers")
        return found


def opened(path: Any, max_bytes: int | None = None) -> Held:
    """A file, all of it checked. Raises ModelFileError."""
    with named(path):
        if str(path).lower().endswith(_PICKLES):
            raise ModelFileError("", _PICKLE, _MEND)
        data = read_file(path, max_bytes)
        # Lengths of headers, too, may begin with these bytes (640 is 80 02); behind one stands a brace.
        if data[:2] in _OF_PICKLES and data[_LENGTH : _LENGTH + 1] != b"{":
            raise ModelFileError("", _PICKLE, _MEND)
        header, begin = _header(data)
        metadata = _metadata(header)
        sealed = DIGEST in metadata
        if sealed and metadata[DIGEST] != _digest(header, [memoryview(data)[begin:]]):
            raise ModelFileError("", "bytes that do not give the digest that was saved with them", "an undamaged file")
        header.pop(METADATA, None)
        arrays, places = {}, []
        for name, entry in header.items():
            dtype, shape, start, stop = _entry(name, entry, len(data) - begin)
            places.append((start, stop, name))
            count = math.prod(shape)
            array = np.frombuffer(data, dtype, count, begin + start).reshape(shape).astype(dtype.name)
            arrays[name] = finite(array, name)
        _check_places(sorted(places), len(data) - begin)
        told = (metadata.get(FUNCTION, ""), metadata.get(VECTOR, "[]")) if sealed else ()
        if ORDER not in metadata:
            return Held(arrays, False, sealed, *told)
        order = _order(metadata[ORDER])
        if sorted(order) != sorted(arrays):
            raise ModelFileError(METADATA, "an order of other names", "the names of the arrays")
        return Held({name: arrays[name] for name in order}, True, sealed, *told)


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """The header, and where it ends."""
    if len(data) < _LENGTH:
        raise ModelFileError("", f"{len(data)} bytes", "a .safetensors file")
    length = int.from_bytes(data[:_LENGTH], "little")
    end = _LENGTH + length
    if length > min(MOST_TEXT, len(data) - _LENGTH) or data[_LENGTH : _LENGTH + 1] != b"{":
        most = f"a .safetensors file, its header within the file and {MOST_TEXT:,} bytes"
        raise ModelFileError(HEADER, f"{length:,} bytes that begin with {data[_LENGTH : _LENGTH + 4]!r}", most)
    return read_json(data[_LENGTH:end], HEADER), end


def _metadata(header: Mapping[str, Any]) -> dict[str, str]:
    metadata = header.get(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ModelFileError(METADATA, shown(metadata), "texts by their names")
    return metadata


def _order(text: str) -> list[str]:
    """The names in the order of saving."""
    order = read_json(b'{"order":' + text.encode("utf-8", "replace") + b"}", METADATA).get("order")
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        raise ModelFileError(METADATA, shown(order), "a list of names")
    return order


def _entry(name: str, entry: Any, size: int) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """Dtype, shape, start and end of an array, checked by themselves."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ModelFileError(HEADER, f"an array named {shown(name)!r}", "a name of printable characters")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(name, shown(entry), "an object of dtype, shape and data_offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _DTYPES:
        mend = "; in PyTorch module.float() converts" if kind in _HALVES else ""
        raise ModelFileError(name, f"dtype {shown(kind)}", f"F32 or F64{mend}")
    if not _counts(shape) or len(shape) > MOST_AXES or 0 in shape:
        raise ModelFileError(name, f"shape {shown(shape)}", f"at most {MOST_AXES} sizes of at least 1")
    if not _counts(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= size:
        raise ModelFileError(name, f"data_offsets {shown(offsets)}", f"two places within {size:,} bytes of data")
    needed = math.prod(shape) * _DTYPES[kind].itemsize
    if offsets[1] - offsets[0] != needed:
        found = f"{offsets[1] - offsets[0]:,} bytes"
        raise ModelFileError(name, found, f"{shown(f'{needed:,}')} bytes for {kind} of shape {shown(tuple(shape))}")
    return _DTYPES[kind], tuple(shape), *offsets


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(entry) is int and 0 <= entry < 2**63 for entry in value)


def _check_places(places: list[tuple[int, int, str]], size: int) -> None:
    """ModelFileError unless the arrays follow each other from the first byte to the last."""
    free = 0
    for start, stop, name in places:
        if start != free:
            expected = f"arrays that follow each other, at {free:,}"
            raise ModelFileError(name, f"an array that begins at {start:,}", expected)
        free = stop
    if free != size:
        raise ModelFileError(HEADER, f"{size - free:,} bytes that belong to no array", "none")
