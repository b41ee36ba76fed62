"""Arrays that lie in an HDF5 file in chunks of one shape, found by a B-tree: what libhdf5 writes by default.

All chunks have to be there, once each, inside the file, and none may lie over another. What is stored is counted
against the file's size, what comes out of filters against an allowance beside it: see `Hdf5Bytes.claim`.

Format: "HDF5 File Format Specification Version 3.0", The HDF Group: III.A.1, IV.A.2.i.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn.files.hdf5_bytes import UNDEFINED, Hdf5Bytes
from minirnn.files.hdf5_filters import undone

MOST_CHUNKS = 50_000  # of one array
DEEPEST_TREE = 8
_NODE, _KEY = 24, 8  # bytes before the first key of a node, and of a key before its offsets


class Chunks(NamedTuple):
    """The shape of a chunk, the address of the tree that knows where each is, and the filters of all."""

    shape: tuple[int, ...]
    tree: int
    filters: tuple[int, ...]


class _Stored(NamedTuple):
    start: int
    size: int
    skipped: int  # a bit for each filter


def chunks_of(
    file: Hdf5Bytes, at: int, length: int, axes: int, itemsize: int, filters: tuple[int, ...], path: str
) -> Chunks:
    """What a layout message of version 3 says of chunks."""
    (count,) = file.take(at + 2, "B", path)
    if count != axes + 1 or axes < 1 or 11 + 4 * count > length:
        raise file.wrong(path, f"chunks of {count - 1} axes", f"{axes}, at least 1")
    tree, *sizes, element = file.take(at + 3, f"Q{count}I", path)
    if element != itemsize or min(sizes) < 1:
        raise file.wrong(path, f"chunks {tuple(sizes)} of elements of {element} bytes", f"{itemsize} bytes")
    return Chunks(tuple(sizes), tree, filters)


def read_chunks(
    file: Hdf5Bytes, chunks: Chunks, dtype: np.dtype[Any], shape: tuple[int, ...], path: str
) -> NDArray[Any]:
    """The array of a shape out of its chunks, a new one. Raises ModelFileError."""
    count = math.prod(-(-n // size) for n, size in zip(shape, chunks.shape, strict=True))
    size = math.prod(chunks.shape) * dtype.itemsize
    if count > MOST_CHUNKS:
        raise file.wrong(path, f"{count} chunks", f"at most {MOST_CHUNKS:,}")
    if chunks.filters:
        file.claim_unpacked(count * size, path)
    found = _places(file, chunks, shape, size, path) if count else {}
    if len(found) != count:
        raise file.wrong(path, f"{len(found)} chunks", f"{count}, all that the array has")
    _check_apart(file, list(found.values()), path)
    array = np.empty(shape, dtype)
    for offsets, stored in found.items():
        data: Any = memoryview(file.data)[stored.start : stored.start + stored.size]
        if chunks.filters:
            try:
                data = undone(data, chunks.filters, stored.skipped, size, dtype.itemsize)
            except ValueError as error:
                raise file.wrong(path, f"{error}, in the chunk at {offsets}", "an undamaged chunk") from None
        chunk = np.frombuffer(data, dtype).reshape(chunks.shape)
        inside = tuple(slice(0, n - offset) for n, offset in zip(shape, offsets, strict=True))  # at the array's edge
        place = tuple(slice(offset, offset + n) for n, offset in zip(chunks.shape, offsets, strict=True))
        array[place] = chunk[inside]
    array.setflags(write=False)  # as those that are views of the file
    return array


def _places(
    file: Hdf5Bytes, chunks: Chunks, shape: tuple[int, ...], size: int, path: str
) -> dict[tuple[int, ...], _Stored]:
    """Where each chunk is, by the place of its first number in the array."""
    if chunks.tree == UNDEFINED:
        return {}
    axes = len(shape)
    found: dict[tuple[int, ...], _Stored] = {}
    pending = [(chunks.tree, DEEPEST_TREE)]
    while pending:
        address, above = pending.pop()
        file.count_node()
        file.signed(address, b"TREE", path)
        kind, level, used = file.take(address + 4, "BBH", path)
        if kind != 1 or level >= above:
            raise file.wrong(path, f"a tree node of type {kind} at level {level}", "type 1, lower than above")
        at = address + _NODE
        for _ in range(used):
            file.count_node()
            stored, skipped, *offsets, zero, child = file.take(at, f"II{axes}QQQ", path)
            at += _KEY + 8 * (axes + 1) + 8
            if level:
                pending.append((child, level))
                continue
            place = tuple(offsets)
            on_grid = all(o % c == 0 and o < n for o, c, n in zip(place, chunks.shape, shape, strict=True))
            if not on_grid or zero or place in found:
                raise file.wrong(path, f"a chunk at {place}", f"chunks of {chunks.shape}, once each")
            if child + stored > len(file.data) or not (stored == size or chunks.filters):
                raise file.wrong(path, f"a chunk of {stored} bytes at {child}", f"{size} bytes inside the file")
            if skipped >> len(chunks.filters):
                raise file.wrong(path, f"a chunk without filters {skipped:#b}", f"of the {len(chunks.filters)}")
            file.claim(stored, path)
            found[place] = _Stored(child, stored, skipped)
    return found


def _check_apart(file: Hdf5Bytes, found: list[_Stored], path: str) -> None:
    """ModelFileError for chunks that lie over each other."""
    free = 0
    for start, size, _ in sorted(found):
        if start < free:
            raise file.wrong(path, f"a chunk at {start} in another one", f"each apart, from {free} on")
        free = start + size
