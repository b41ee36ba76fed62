"""Changes of what files are made of: trees of configurations, addresses and messages of HDF5, fields of zip archives.

Bytes that are flipped at random seldom get past the first check. These changes keep a file well-formed around one thing
that is wrong. Each depends on the generator alone.
"""

from __future__ import annotations

import copy
import io
import json
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from minirnn.files.errors import ModelFileError
from minirnn.files.hdf5_reader import Hdf5Reader

NUMBERS = (0, 1, 2, 7, 8, 255, 2**16 - 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1)

# --- configurations ---


def tree_changed(config: Any, rng: random.Random) -> bytes:
    """The JSON of a configuration with a few subtrees changed, and now and then a key twice."""
    found = [copy.deepcopy(config)]  # in a list, so that the whole of it has a place, too
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_places(found))
        owner, key = rng.choice(places)
        rng.choice(_TREE_CHANGES)(owner, key, rng, places)
    return _text(found[0], rng, rng.choice((0.0, 0.0, 0.01))).encode()


def _places(value: Any) -> Any:
    """(list or dict, index or key) of every subtree."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in list(entries):
        yield value, key
        yield from _places(entry)


def _delete(owner: Any, key: Any, rng: random.Random, places: Any) -> None:
    if owner is places[0][0]:  # the whole of it
        owner[key] = {}
    else:
        del owner[key]


def _swap(owner: Any, key: Any, rng: random.Random, places: Any) -> None:
    """Two subtrees of one owner change places: layers, names, shapes."""
    others = list(owner) if isinstance(owner, dict) else list(range(len(owner)))
    other = rng.choice(others)
    owner[key], owner[other] = owner[other], owner[key]


def _copy_over(owner: Any, key: Any, rng: random.Random, places: Any) -> None:
    other, there = rng.choice(places)
    owner[key] = copy.deepcopy(other[there])


def _retype(owner: Any, key: Any, rng: random.Random, places: Any) -> None:
    value = owner[key]
    owner[key] = rng.choice(
        (None, True, False, 0, -1, 0.5, 1e300, 10**30, "", "relu", "x" * 300, [], {}, str(value), [value], not value)
    )


def _nest(owner: Any, key: Any, rng: random.Random, places: Any) -> None:
    value = owner[key]
    for _ in range(rng.choice((1, 2, 8, 40))):
        value = rng.choice(
            (
                lambda v: [v],
                lambda v: {"class_name": "Sequential", "module": "keras", "config": {"name": "s", "layers": [v]}},
                lambda v: {"class_name": "Bidirectional", "module": "keras.layers", "config": {"layer": v}},
                lambda v: {"class_name": "__tuple__", "items": [v]},
            )
        )(value)
    owner[key] = value


def _repeat(owner: Any, key: Any, rng: random.Random, places: Any) -> None:
    if isinstance(owner, list):
        owner[key:key] = [copy.deepcopy(owner[key]) for _ in range(rng.choice((1, 3, 50)))]
    else:
        owner[f"{key}{rng.choice(('', '_1', ' '))}"] = owner[key]


_TREE_CHANGES: tuple[Callable[..., None], ...] = (_delete, _swap, _swap, _copy_over, _retype, _retype, _nest, _repeat)


def _text(value: Any, rng: random.Random, doubled: float) -> str:
    """JSON in which each key stands twice with a chance."""
    if isinstance(value, dict):
        entries = [f"{json.dumps(key)}: {_text(entry, rng, doubled)}" for key, entry in value.items()]
        return "{" + ", ".join(e for entry in entries for e in [entry] * (1 + (rng.random() < doubled))) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_text(entry, rng, doubled) for entry in value) + "]"
    return json.dumps(value)


# --- HDF5 ---

_SIGNATURES = (b"TREE", b"SNOD", b"HEAP", b"GCOL")


def hdf5_changed(data: bytes, rng: random.Random) -> bytes:
    """A file in which a few addresses, counts, levels or messages are others; what they lead to is as it was."""
    found = bytearray(data)
    pointers = [at for at in range(0, len(data) - 7, 8) if _is_pointer(data, struct.unpack_from("<Q", data, at)[0])]
    messages = _messages(data)
    nodes = [at for at in range(0, len(data) - 7, 8) if data[at : at + 4] in _SIGNATURES]
    for _ in range(rng.choice((1, 1, 2, 4))):
        kind = rng.randrange(6)
        if kind == 0:
            _exchange(found, rng.choice(pointers), rng.choice(pointers), 8)
        elif kind == 1:
            target = rng.choice((rng.choice(pointers), rng.choice(nodes), 8 * rng.randrange(len(data) // 8)))
            struct.pack_into("<Q", found, rng.choice(pointers), rng.choice((target, rng.choice(NUMBERS))))
        elif kind == 2:
            at, length = rng.choice(messages)
            other = rng.choice((length + 8, max(0, length - 8), 2 * length, rng.randrange(2**16)))
            struct.pack_into("<H", found, at - 6, other % 2**16)
        elif kind == 3:
            _exchange(found, rng.choice(messages)[0] - 8, rng.choice(messages)[0] - 8, 2)
        elif kind == 4:
            at, length = rng.choice(messages)  # of layouts, spaces and types, most of all
            width = rng.choice((1, 2, 4, 8))
            place = at + rng.randrange(max(1, length - width + 1))
            found[place : place + width] = (rng.choice(NUMBERS) % 2 ** (8 * width)).to_bytes(width, "little")
        else:
            at = rng.choice(nodes) + rng.choice((4, 5, 6, 8, 16))
            found[at : at + 2] = rng.choice((0, 1, 2, 3, 255, 65535)).to_bytes(2, "little")
    return bytes(found[: len(data)])


def _is_pointer(data: bytes, value: int) -> bool:
    """Whether a word is the address of something."""
    return 0 < value < len(data) - 8 and value % 8 == 0 and (data[value : value + 4] in _SIGNATURES or data[value] == 1)


def _messages(data: bytes) -> list[tuple[int, int]]:
    """(start, size) of every header message that can be reached."""
    reader, found = Hdf5Reader(data), []

    def walk(path: str) -> None:
        address = reader.address(path)
        assert address is not None
        found.extend((at, length) for _, at, length in reader.header(address, path))
        try:
            names = list(reader.group(path) or ())
        except ModelFileError:  # an array
            return
        for name in names:
            walk(f"{path}/{name}" if path else name)

    walk("")
    return found


def _exchange(data: bytearray, one: int, other: int, size: int) -> None:
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


def arrays_of(data: bytes) -> dict[str, Any]:
    """Copies of all arrays by their paths."""
    reader, found = Hdf5Reader(data), {}

    def walk(path: str) -> None:
        for name in reader.group(path) or ():
            inner = f"{path}/{name}" if path else name
            try:
                found[inner] = reader.array(inner, None, ("float32", "float64", "int64", "int32", "uint8")).copy()
            except ModelFileError:  # a group
                walk(inner)

    walk("")
    return found


def in_chunks(data: bytes) -> bytes:
    """The same arrays in chunks, compressed, as libhdf5 writes them; `data` itself where h5py is not installed."""
    try:
        import h5py
    except ImportError:
        return data
    out = io.BytesIO()
    with h5py.File(io.BytesIO(data)) as source, h5py.File(out, "w") as target:

        def put(name: str, entry: Any) -> None:
            if isinstance(entry, h5py.Group):
                target.require_group(name)
            elif entry.ndim:
                chunks = tuple(-(-n // 2) for n in entry.shape)
                packed = {"compression": "gzip", "shuffle": True, "fletcher32": True} if entry.size % 2 else {}
                target.create_dataset(name, data=entry[()], chunks=chunks, **packed)
            else:
                target[name] = entry[()]

        source.visititems(put)
    return out.getvalue()


def replaced(
    data: bytes, path: str, shape: tuple[int, ...], dtype: Any, chunks: tuple[int, ...], **options: Any
) -> bytes:
    """The file with zeros in chunks in place of an array, or with `dtype` None chunks that were never written.

    Nothing where h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        return b""
    out = io.BytesIO(data)
    with h5py.File(out, "a") as file:
        del file[path]
        array = file.create_dataset(path, shape, dtype or np.float32, chunks=chunks, **options)
        for start in range(0, shape[0] if dtype else 0, chunks[0]):
            array[start : start + chunks[0]] = 0
    return out.getvalue()


# --- zip ---

_LOCAL = {4: 2, 6: 2, 8: 2, 10: 2, 12: 2, 14: 4, 18: 4, 22: 4, 26: 2, 28: 2}  # place of a field -> its bytes
_ENTRY = {4: 2, 6: 2, 8: 2, 10: 2, 16: 4, 20: 4, 24: 4, 28: 2, 30: 2, 32: 2, 34: 2, 36: 2, 38: 4, 42: 4}
_END = {4: 2, 6: 2, 8: 2, 10: 2, 12: 4, 16: 4, 20: 2}


def zip_changed(data: bytes, rng: random.Random) -> bytes:
    """An archive in which fields of headers, of the directory or of its end are others, or are exchanged."""
    found = bytearray(data)
    fields = [
        (at, place, size)
        for signature, layout in ((b"PK\3\4", _LOCAL), (b"PK\1\2", _ENTRY), (b"PK\5\6", _END))
        for at in _all(data, signature)
        for place, size in layout.items()
    ]
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, place, size = rng.choice(fields)
        others = [other for other, there, _ in fields if there == place and other != at]
        if others and rng.randrange(2):
            _exchange(found, at + place, rng.choice(others) + place, size)
        else:
            now = int.from_bytes(found[at + place : at + place + size], "little")
            value = rng.choice((*NUMBERS, now + 1, now - 1, 2 * now, len(data), now + len(data))) % 2 ** (8 * size)
            found[at + place : at + place + size] = value.to_bytes(size, "little")
    return bytes(found)


def _all(data: bytes, signature: bytes) -> list[int]:
    found, at = [], data.find(signature)
    while at >= 0:
        found.append(at)
        at = data.find(signature, at + 1)
    return found
