"""Arrays out of an HDF5 file by their paths, in Python alone: the small part of the format that Keras's files use.

That is superblock 0, object headers of version 1, groups as symbol tables (B-tree 1 and a local heap), and datasets of
little-endian floats and integers that lie in the file in one piece, or in chunks (`hdf5_chunks`). Everything else is
refused by its name: links to other places and files, virtual and external data, other filters and types.

Format: "HDF5 File Format Specification Version 3.0", The HDF Group; sections are named below.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files.hdf5_bytes import (
    DATASPACE,
    DATATYPE,
    EXTERNAL,
    FILTERS,
    LAYOUT,
    SYMBOL_TABLE,
    Hdf5Bytes,
)
from minirnn.files.hdf5_chunks import Chunks, chunks_of, read_chunks
from minirnn.files.hdf5_filters import filters_of

SIGNATURE = b"\x89HDF\r\n\x1a\n"
LONGEST_AXIS = 2**40
DEEPEST_TREE = 4
MOST_AXES = 8
IN_HEADER, CONTIGUOUS, CHUNKED = 0, 1, 2  # classes of layouts

# Class and version, bit field, size, and properties of the types that are read (IV.A.2.d).
_TYPES = {
    struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, 31, 0, 4, 0, 32, 23, 8, 0, 23, 127): "float32",
    struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, 63, 0, 8, 0, 64, 52, 11, 0, 52, 1023): "float64",
    struct.pack("<BBBBIHH", 0x10, 0x08, 0, 0, 8, 0, 64): "int64",
    struct.pack("<BBBBIHH", 0x10, 0x08, 0, 0, 4, 0, 32): "int32",
    struct.pack("<BBBBIHH", 0x10, 0x00, 0, 0, 1, 0, 8): "uint8",
}
_CLASSES = ("integers", "floats", "times", "strings", "bits", "opaque", "compound", "references", "enumerations",
            "sequences of varying length", "arrays")  # fmt: skip


class Dataset:
    """What the file says of an array: `dtype`, `shape`, and where its bytes are: from `start` on, or in `chunks`."""

    def __init__(self, dtype: str, shape: tuple[int, ...], start: int = 0, chunks: Chunks | None = None) -> None:
        self.dtype, self.shape, self.start, self.chunks = dtype, shape, start, chunks
        self.nbytes = math.prod(shape) * np.dtype(dtype).itemsize


class Hdf5Reader(Hdf5Bytes):
    """The groups and arrays of `data`, a whole HDF5 file. Raises ModelFileError for anything but the subset."""

    def __init__(self, data: bytes, member: str = "") -> None:
        super().__init__(data, member)
        self._groups: dict[int, dict[str, tuple[int, int]]] = {}
        self._root = self._superblock()

    # --- what others ask ---

    def group(self, path: str) -> dict[str, tuple[int, int]] | None:
        """The names in a group (each with what is needed to find it), None if there is no such group."""
        entries: dict[str, tuple[int, int]] | None = self._entries(self._root)
        for name in path.split("/") if path else ():
            if entries is None or name not in entries:
                return None
            entries = self._entries(entries[name][0])
        return entries

    def address(self, path: str) -> int | None:
        """The address of the object header of what is at a path ("" is the root), None if nothing is there."""
        if not path:
            return self._root
        parent, _, name = path.rpartition("/")
        entries = self.group(parent)
        return None if entries is None or name not in entries else entries[name][0]

    def describe(self, path: str) -> Dataset | None:
        """The dataset at a path, None if nothing is there."""
        address = self.address(path)
        return None if address is None else self._dataset(address, path)

    def array(self, path: str, shape: tuple[int, ...] | None, dtypes: Collection[str]) -> NDArray[Any]:
        """The array at a path: a view of the file's bytes, or put together from chunks; not to be written to.

        Raises ModelFileError where there is none, and for another shape or dtype than was asked for. All arrays
        together have no more bytes than the file.
        """
        found = self.describe(path)
        if found is None:
            raise self.wrong(path, "no such array", f"one of shape {shape}")
        if found.dtype not in dtypes:
            raise self.wrong(path, f"dtype {found.dtype}", " or ".join(dtypes))
        if shape is not None and found.shape != tuple(shape):
            raise self.wrong(path, f"shape {found.shape}", f"shape {tuple(shape)}")
        if max(found.shape, default=0) > LONGEST_AXIS:  # beside an axis of zero it would need no bytes
            raise self.wrong(path, f"shape {found.shape}", f"axes of at most {LONGEST_AXIS:,}")
        if found.chunks is not None:
            return read_chunks(self, found.chunks, np.dtype(found.dtype), found.shape, path)
        self.claim(found.nbytes, path)
        flat = np.frombuffer(self.data, found.dtype, math.prod(found.shape), found.start if found.nbytes else 0)
        return flat.reshape(found.shape)

    # --- groups ---

    def _superblock(self) -> int:
        """The address of the root group's object header (II.A)."""
        self.signed(0, SIGNATURE, "superblock")
        *versions, offsets, lengths = self.take(8, "BBBxBBB", "superblock")
        if any(versions) or (offsets, lengths) != (8, 8):
            raise self.wrong("superblock", f"versions {versions}, sizes {offsets, lengths}", "version 0, sizes (8, 8)")
        base, _, end = self.take(24, "QQQ", "superblock")
        if base != 0 or end > len(self.data):
            raise self.wrong("superblock", f"begin {base}, end {end}", f"0 and at most {len(self.data)}")
        return self.take(64, "Q", "superblock")[0]

    def _entries(self, address: int) -> dict[str, tuple[int, int]]:
        """Name -> (address of its object header, kind of entry) for everything in a group."""
        if address not in self._groups:
            found = self.messages(address, "group")
            if set(found) != {SYMBOL_TABLE}:
                kinds = ", ".join(f"{kind:#x}" for kind in sorted(found))
                raise self.wrong("group", f"header messages {kinds or 'of none'}", "a symbol table alone")
            tree, heap = self.take(found[SYMBOL_TABLE][0], "QQ", "group")
            self._groups[address] = self._symbols(tree, self._heap(heap))
        return self._groups[address]

    def _heap(self, address: int) -> tuple[int, int]:
        """Start and end of the data of a local heap (III.D)."""
        self.signed(address, b"HEAP", "local heap")
        size, _, start = self.take(address + 8, "QQQ", "local heap")
        if start + size > len(self.data):
            raise self.wrong("local heap", f"{size} bytes at {start}", "bytes inside the file")
        return start, start + size

    def _symbols(self, tree: int, heap: tuple[int, int]) -> dict[str, tuple[int, int]]:
        """The entries below a node of a group's B-tree (III.A.1)."""
        found: dict[str, tuple[int, int]] = {}
        pending = [(tree, DEEPEST_TREE)]
        while pending:
            address, above = pending.pop()
            self.count_node()
            self.signed(address, b"TREE", "group")
            kind, level, used = self.take(address + 4, "BBH", "group")
            if kind != 0 or level >= above:
                raise self.wrong("group", f"a tree node of type {kind} at level {level}", "type 0, lower than above")
            children = self.take(address + 24, f"{2 * used + 1}Q", "group")[1::2]
            for child in children:
                self.count_node()
                if level:
                    pending.append((child, level))
                else:
                    self._add_entries(child, heap, found)
        return found

    def _add_entries(self, address: int, heap: tuple[int, int], found: dict[str, tuple[int, int]]) -> None:
        """The entries of a symbol table node (III.B, III.C)."""
        self.signed(address, b"SNOD", "group")
        version, count = self.take(address + 4, "BxH", "group")
        if version != 1:
            raise self.wrong("group", f"a symbol table of version {version}", "version 1")
        for place in range(count):
            self.count_node()
            offset, header, kind = self.take(address + 8 + 40 * place, "QQI", "group")
            name = self._name(heap, offset)
            if kind not in (0, 1):
                raise self.wrong(name, "a link to another place", "the object itself")
            if name in found:
                raise self.wrong(name, "the name twice in a group", "once")
            found[name] = header, kind

    def _name(self, heap: tuple[int, int], offset: int) -> str:
        start, stop = heap
        end = self.data.find(b"\0", start + offset, min(stop, start + offset + 512))
        try:
            name = self.data[start + offset : end].decode() if end > start + offset else ""
        except UnicodeDecodeError:
            name = ""
        if not name or not name.isprintable() or "/" in name:
            raise self.wrong("group", f"a name at {offset} that is none", "printable text of at most 511 bytes")
        return name

    # --- datasets ---

    def _dataset(self, address: int, path: str) -> Dataset:
        found = self.messages(address, path)
        if EXTERNAL in found:
            raise self.wrong(path, "data in another file", "plain data in the file")
        filters = found.pop(FILTERS, None)
        if set(found) != {DATASPACE, DATATYPE, LAYOUT}:
            kinds = ", ".join(f"{kind:#x}" for kind in sorted(found))
            raise self.wrong(path, f"header messages {kinds or 'of none'}", "an array: its space, type and layout")
        dtype = self._dtype(*found[DATATYPE], path)
        at, length = found[LAYOUT]
        kind = self._layout_kind(at, path)
        shape = self.shape(*found[DATASPACE], path, may_grow=kind == CHUNKED)
        if kind != CHUNKED:
            if filters is not None:
                raise self.wrong(path, "filters of data in one piece", "those of chunks")
            dataset = Dataset(dtype, shape)
            dataset.start = self._start(at, length, kind, dataset.nbytes, path)
            return dataset
        itemsize = np.dtype(dtype).itemsize
        applied = () if filters is None else filters_of(self, *filters, itemsize, path)
        return Dataset(dtype, shape, chunks=chunks_of(self, at, length, len(shape), itemsize, applied, path))

    def _dtype(self, at: int, length: int, path: str) -> str:
        text = self.data[at : at + length]
        for code, name in _TYPES.items():
            if text[: len(code)] == code and not text[len(code) :].strip(b"\0"):
                return name
        kind = text[0] & 15 if text else 15
        name = _CLASSES[kind] if kind < len(_CLASSES) else "an unknown type"
        known = ", ".join(sorted(_TYPES.values()))
        raise self.wrong(path, f"{name} of another kind", f"one of {known}, little-endian")

    def shape(self, at: int, length: int, path: str, may_grow: bool = False) -> tuple[int, ...]:
        """Dataspace of version 1 (IV.A.2.b); it may have room to grow if the data lies in chunks."""
        version, axes, flags = self.take(at, "BBB", path)
        if version != 1 or axes > MOST_AXES or flags not in (0, 1) or 8 + 8 * axes * (1 + flags) > length:
            found = f"a dataspace of version {version} with {axes} axes"
            raise self.wrong(path, found, f"version 1, at most {MOST_AXES} axes")
        sizes = self.take(at + 8, f"{axes * (1 + flags)}Q", path)
        if flags and not may_grow and sizes[:axes] != sizes[axes:]:
            raise self.wrong(path, "an array that may grow", "one of a fixed shape")
        return sizes[:axes]

    def _layout_kind(self, at: int, path: str) -> int:
        """How the data lies (IV.A.2.i)."""
        version, kind = self.take(at, "BB", path)
        if version != 3 or kind not in (IN_HEADER, CONTIGUOUS, CHUNKED):
            name = {CHUNKED: "chunked", 3: "virtual"}.get(kind, "other")
            raise self.wrong(path, f"{name} data, layout version {version}", "data in one piece or chunks, version 3")
        return kind

    def _start(self, at: int, length: int, kind: int, nbytes: int, path: str) -> int:
        """Where the data begins: in one piece of the file, or in the header itself."""
        if kind == IN_HEADER:
            (size,) = self.take(at + 2, "H", path)
            start, room = at + 4, length - 4
        else:
            start, size = self.take(at + 2, "QQ", path)
            room = len(self.data) - start
        if size != nbytes or (nbytes and size > room):
            raise self.wrong(path, f"{size} bytes at {start}", f"{nbytes} bytes inside the file")
        return start
