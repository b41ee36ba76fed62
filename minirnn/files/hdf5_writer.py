"""Arrays into an HDF5 file, in Python alone: the small part of the format that `hdf5_reader` reads.

Every library of HDF5 reads it. Objects lie one after another from the leaves to the root: what is written never has to
be changed. Format: "HDF5 File Format Specification Version 3.0", The HDF Group.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files.hdf5_attributes import Attributed, AttributeMessages
from minirnn.files.hdf5_bytes import DATASPACE, DATATYPE, LAYOUT, SYMBOL_TABLE, UNDEFINED
from minirnn.files.hdf5_reader import _TYPES as TYPES
from minirnn.files.hdf5_reader import SIGNATURE

HALF_LEAF, HALF_NODE = 4, 16  # half of the entries of a symbol table node, and of a B-tree node
FILL_VALUE = 0x5
SUPERBLOCK_BYTES = 96
NO_FREE_SPACE = 1
_CODES = {name: code for code, name in TYPES.items()}


def write_hdf5(
    arrays: Mapping[str, NDArray[Any]], groups: tuple[str, ...] = (), attributes: Attributed | None = None
) -> bytearray:
    """An HDF5 file of these arrays by their paths ("layers/lstm/vars/0"), and of `groups` that may be empty.

    Arrays are float32, float64, int64, int32 or uint8. `attributes` are those of groups by their paths ("" is the
    root): texts, and lists of names.
    """
    root: dict[str, Any] = {}
    for path in groups:
        _at(root, path)
    for path, array in arrays.items():
        parent, _, name = path.rpartition("/")
        _at(root, parent)[name] = np.asarray(array)
    return _Writer(attributes or {}).file(root)


def _at(root: dict[str, Any], path: str) -> dict[str, Any]:
    for name in path.split("/") if path else ():
        root = root.setdefault(name, {})
    return root


class _Writer:
    """The bytes written so far; each method writes an object behind them and gives its address."""

    def __init__(self, attributes: Attributed | None = None) -> None:
        self.bytes = bytearray(SUPERBLOCK_BYTES)
        self.attributes = AttributeMessages(attributes or {}, self.put)

    def file(self, root: dict[str, Any]) -> bytearray:
        header, tree, heap = self.group(root)
        start = struct.pack("<8sBBBxBBBxHHI", SIGNATURE, 0, 0, 0, 0, 8, 8, HALF_LEAF, HALF_NODE, 0)
        start += struct.pack("<QQQQ", 0, UNDEFINED, len(self.bytes), UNDEFINED)
        start += self.entry(0, header, tree, heap)
        self.bytes[:SUPERBLOCK_BYTES] = start
        return self.bytes

    def put(self, data: bytes | NDArray[Any]) -> int:
        self.bytes += bytes(-len(self.bytes) % 8)
        address = len(self.bytes)
        self.bytes += data.tobytes() if isinstance(data, np.ndarray) else data
        return address

    def object_header(self, *messages: tuple[int, bytes]) -> int:
        body = b""
        for kind, text in messages:
            text += bytes(-len(text) % 8)
            body += struct.pack("<HHB3x", kind, len(text), 0) + text
        return self.put(struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body)

    # --- groups ---

    @staticmethod
    def entry(name: int, header: int, tree: int = 0, heap: int = 0) -> bytes:
        """An entry of a symbol table; that of a group holds where its tree and its heap are."""
        return struct.pack("<QQI4xQQ", name, header, int(bool(tree)), tree, heap)

    def group(self, members: dict[str, Any], path: str = "") -> tuple[int, int, int]:
        """The addresses of a group's object header, B-tree and local heap."""
        names = sorted(members, key=str.encode)
        text, offsets = bytearray(8), []
        for name in names:
            offsets.append(len(text))
            text += name.encode() + b"\0"
            text += bytes(-len(text) % 8)
        entries = []
        for name, offset in zip(names, offsets, strict=True):
            member = members[name]
            inner = f"{path}/{name}" if path else name
            place = self.group(member, inner) if isinstance(member, dict) else (self.dataset(member),)
            entries.append(self.entry(offset, *place))
        data = self.put(bytes(text))
        heap = self.put(struct.pack("<4sB3xQQQ", b"HEAP", 0, len(text), NO_FREE_SPACE, data))
        tree = self.tree(entries, offsets)
        table = (SYMBOL_TABLE, struct.pack("<QQ", tree, heap))
        return self.object_header(table, *self.attributes.of(path)), tree, heap

    def tree(self, entries: list[bytes], offsets: list[int]) -> int:
        """The B-tree of a group's entries; the key right of a child is its last name."""
        children, keys = [], []
        for first in range(0, len(entries), 2 * HALF_LEAF):
            part = entries[first : first + 2 * HALF_LEAF]
            text = struct.pack("<4sBxH", b"SNOD", 1, len(part)) + b"".join(part)
            children.append(self.put(text + bytes(40 * (2 * HALF_LEAF - len(part)))))
            keys.append(offsets[first + len(part) - 1])
        level = 0
        while True:
            width = 2 * HALF_NODE
            starts = range(0, len(children), width) or [0]
            nodes = [(children[i : i + width], keys[i : i + width]) for i in starts]
            size = 24 + 8 * (2 * width + 1)
            first_node = len(self.bytes) + -len(self.bytes) % 8
            places, before = [], 0
            for number, (below, last) in enumerate(nodes):
                left = first_node + (number - 1) * size if number else UNDEFINED
                right = first_node + (number + 1) * size if number + 1 < len(nodes) else UNDEFINED
                text = struct.pack("<4sBBHQQQ", b"TREE", 0, level, len(below), left, right, before)
                text += b"".join(struct.pack("<QQ", child, key) for child, key in zip(below, last, strict=True))
                places.append(self.put(text + bytes(size - len(text))))
                before = last[-1] if last else 0
            if len(places) == 1:
                return places[0]
            children, keys, level = places, [last[-1] for _, last in nodes], level + 1

    # --- datasets ---

    def dataset(self, array: NDArray[Any]) -> int:
        """The address of an array's object header; its bytes lie before it."""
        name = array.dtype.name
        start = self.put(np.ascontiguousarray(array, array.dtype.newbyteorder("<"))) if array.size else UNDEFINED
        return self.object_header(
            (DATASPACE, struct.pack(f"<BBB5x{array.ndim}Q", 1, array.ndim, 0, *array.shape)),
            (DATATYPE, _CODES[name]),
            (FILL_VALUE, struct.pack("<BBBBI", 2, 2, 2, 1, 0)),  # of late allocation, never written
            (LAYOUT, struct.pack("<BBQQ", 3, 1, start, array.nbytes)),
        )
