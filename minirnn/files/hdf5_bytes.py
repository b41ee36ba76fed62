"""The bytes of an HDF5 file: numbers at places, messages of object headers, and the account of what was looked at.

Every number that the file gives is compared with the file's size before it is used, and each loop is bounded, so bytes
from anywhere cost no more than to look at them.

Format: "HDF5 File Format Specification Version 3.0", The HDF Group; sections are named below.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from minirnn.files.errors import ModelFileError

UNDEFINED = 2**64 - 1
MOST_NODES = 200_000  # of B-trees, symbol tables and chunks, in one file
MOST_UNPACKED = 16 * 2**20  # bytes that compressed arrays may have beyond the size of their file
MOST_BLOCKS, MOST_MESSAGES = 16, 256  # of one object header

DATASPACE, DATATYPE, EXTERNAL, LAYOUT, FILTERS, CONTINUATION, SYMBOL_TABLE = 0x1, 0x3, 0x7, 0x8, 0xB, 0x10, 0x11
ATTRIBUTE = 0xC  # see `hdf5_attributes`
# What a message may say without a difference to the numbers: nothing, fill values, times, comments, attributes.
HARMLESS = {0x0, 0x4, 0x5, 0xA, ATTRIBUTE, 0xD, 0xE, 0x12, 0x15, 0x16}


class Hdf5Bytes:
    """`data`, a whole file, part of which errors name `member`."""

    def __init__(self, data: bytes, member: str = "") -> None:
        self.data, self._member = data, member
        self._nodes_left = MOST_NODES
        self._bytes_left, self._unpacked_left = len(data), len(data) + MOST_UNPACKED

    def wrong(self, where: str, found: str, expected: str) -> ModelFileError:
        return ModelFileError(f"{self._member}: {where}" if self._member else where, found, expected)

    def take(self, start: int, layout: str, what: str) -> tuple[Any, ...]:
        """Numbers at a place, little-endian."""
        layout = "<" + layout
        if start + struct.calcsize(layout) > len(self.data):
            raise self.wrong(what, f"an address of {start}", f"one inside the {len(self.data)} bytes")
        return struct.unpack_from(layout, self.data, start)

    def signed(self, start: int, signature: bytes, what: str) -> None:
        if self.data[start : start + len(signature)] != signature:
            raise self.wrong(what, f"other bytes at {start}", f"the signature {signature.decode('latin-1')!r}")

    def count_node(self) -> None:
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise self.wrong("groups", f"more than {MOST_NODES} entries", "fewer")

    def claim(self, count: int, what: str) -> None:
        """Let an array have so many bytes of the file. All of them together have no more than there are."""
        if count > self._bytes_left:
            raise self.wrong(what, "arrays that share their bytes", "each byte to belong to one array")
        self._bytes_left -= count

    def claim_unpacked(self, count: int, what: str) -> None:
        """Let an array have so many bytes of memory, of which the file holds fewer."""
        if count > self._unpacked_left:
            most = f"at most {len(self.data) + MOST_UNPACKED:,} in all; store it without compression"
            raise self.wrong(what, f"{count:,} bytes in compressed chunks", most)
        self._unpacked_left -= count

    # --- object headers ---

    def messages(self, address: int, what: str) -> dict[int, tuple[int, int]]:
        """Type -> (start, size) of the messages of an object header that matter to arrays and groups."""
        found: dict[int, tuple[int, int]] = {}
        for kind, at, length in self.header(address, what):
            if kind not in HARMLESS:
                if kind in found:
                    raise self.wrong(what, f"two header messages of type {kind:#x}", "one")
                found[kind] = at, length
        return found

    def header(self, address: int, what: str) -> Iterator[tuple[int, int, int]]:
        """Type, start and size of each message of an object header (IV.A.1.a), continuations followed."""
        version, _, _, size = self.take(address, "BxHII", what)
        if version != 1:
            raise self.wrong(what, f"an object header of version {version}", "version 1")
        blocks, count = [(address + 16, size)], 0
        for place in range(MOST_BLOCKS + 1):
            if place >= len(blocks):
                return
            at, left = blocks[place]
            if at + left > len(self.data):
                raise self.wrong(what, f"a header of {left} bytes", "one that ends inside the file")
            while left >= 8:
                kind, length, flags = self.take(at, "HHB", what)
                at, left, count = at + 8, left - 8 - length, count + 1
                if left < 0 or count > MOST_MESSAGES or flags & 2:
                    raise self.wrong(what, "a header message that is cut off, shared or one of too many", "plain ones")
                if kind == CONTINUATION:
                    blocks.append(self.take(at, "QQ", what))
                else:
                    yield kind, at, length
                at += length
        raise self.wrong(what, "too many header blocks", f"at most {MOST_BLOCKS}")
