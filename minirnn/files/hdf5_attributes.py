"""Attributes of HDF5 objects: texts and lists of names, in which Keras 1 and 2 keep what a model is.

An attribute is a message of its object's header. A text of fixed length lies in the message; one of varying length in
a global heap, to which the message points. Lists of names that are too long for one message are cut into several:
`layer_names0`, `layer_names1` .. Each byte belongs to one text: all texts are no longer than the file.

Format: "HDF5 File Format Specification Version 3.0", The HDF Group; sections are named below.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping

from minirnn.files.hdf5_bytes import ATTRIBUTE
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.limits import LONGEST_PATH, MOST_TEXT

FIXED, VARYING, TEXT = 3, 9, 1  # classes of datatypes, and the kind of what varies in length
_REFERENCE = 16  # bytes of a pointer into a global heap: length, address of the collection, number of the object
_EMPTY_NAMES = 0  # what h5py makes of an empty list is an array of no floats
_LARGEST_MESSAGE = 64512  # bytes of names in one message: more is cut into parts
_SMALLEST_HEAP = 4096  # bytes of a global heap collection

Attributed = Mapping[str, Mapping[str, "str | list[str]"]]  # path of a group ("" is the root) -> name -> value

# --- reading ---


class Attributes:
    """The attributes of the objects of a file. Raises ModelFileError for what is no text."""

    def __init__(self, reader: Hdf5Reader) -> None:
        self._reader, self._left = reader, len(reader.data)
        self._read: dict[tuple[str, str], list[bytes] | None] = {}
        self._heaps: dict[int, dict[int, tuple[int, int]]] = {}
        self._found: dict[int, dict[str, tuple[int, int]]] = {}

    def text(self, path: str, name: str, most: int = MOST_TEXT) -> bytes | None:
        """The bytes of a text of at most `most` bytes at an object, None if it has no such attribute."""
        found = self._texts(path, name, most)
        if found is not None and len(found) != 1:
            raise self._reader.wrong(f"{path}: {name}", f"{len(found)} texts", "one")
        return None if found is None else found[0]

    def names(self, path: str, name: str) -> list[str] | None:
        """A list of names, whole or in parts, None if there is no such attribute."""
        found = self._texts(path, name, LONGEST_PATH)
        if found is None:
            found, part = [], 0
            while (more := self._texts(path, f"{name}{part}", LONGEST_PATH)) is not None:
                found, part = found + more, part + 1
            if not part:
                return None
        return [self._decoded(text, f"{path}: {name}") for text in found]

    def _decoded(self, text: bytes, where: str) -> str:
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise self._reader.wrong(where, "bytes that are no text", "names in UTF-8") from None

    def _texts(self, path: str, name: str, most: int) -> list[bytes] | None:
        """Every text of an attribute, read once."""
        if (path, name) not in self._read:
            self._read[path, name] = self._texts_anew(path, name, most)
        return self._read[path, name]

    def _texts_anew(self, path: str, name: str, most: int) -> list[bytes] | None:
        address, where = self._reader.address(path), f"{path or 'root'}: {name}"
        place = None if address is None else self._all(address, path or "root").get(name)
        if place is None:
            return None
        return self._values(*place, where, most)

    def _all(self, address: int, where: str) -> dict[str, tuple[int, int]]:
        """Name -> (start, size) of the attribute messages of an object."""
        if address not in self._found:
            found: dict[str, tuple[int, int]] = {}
            for kind, at, length in self._reader.header(address, where):
                if kind == ATTRIBUTE:
                    name = self._name(at, length, where)
                    if name in found:
                        raise self._reader.wrong(where, f"the attribute {name!r} twice", "once")
                    found[name] = at, length
            self._found[address] = found
        return self._found[address]

    def _name(self, at: int, length: int, where: str) -> str:
        version, flags, size = self._reader.take(at, "BBH", where)
        start = at + (9 if version == 3 else 8)
        if version not in (1, 2, 3) or (version > 1 and flags) or start + size > at + length:
            raise self._reader.wrong(where, f"an attribute of version {version}", "version 1 to 3, nothing shared")
        return self._decoded(self._reader.data[start : start + size].rstrip(b"\0"), where)

    def _values(self, at: int, length: int, where: str, most: int) -> list[bytes]:
        """The texts in an attribute message (IV.A.2.m)."""
        reader, end = self._reader, at + length
        version, name, kind, space = reader.take(at, "BxHHH", where)
        unit = 8 if version == 1 else 1  # version 1 fills each part up to whole words
        start = at + (9 if version == 3 else 8) + _padded(name, unit)
        type_at, space_at = start, start + _padded(kind, unit)
        data = space_at + _padded(space, unit)
        if kind < 8 or space < 4 or data > end:
            raise reader.wrong(where, "an attribute that is cut off", "name, type, space and data")
        count = math.prod(reader.shape(space_at, space, where))
        code, bits, size = reader.take(type_at, "BBxxI", where)
        if count == _EMPTY_NAMES:
            return []
        if size and count * size > end - data:
            raise reader.wrong(where, f"{count} entries of {size} bytes", f"{end - data} bytes")
        if code & 15 == FIXED and size:
            self._take_bytes(count * size, where)
            text = reader.data[data : data + count * size]
            return [text[n * size : (n + 1) * size].split(b"\0", 1)[0] for n in range(count)]
        if code & 15 == VARYING and bits & 15 == TEXT and size == _REFERENCE:
            return [self._in_heap(data + n * size, where, most) for n in range(count)]
        raise reader.wrong(where, f"a value of type {code & 15}", "text")

    def _in_heap(self, at: int, where: str, most: int) -> bytes:
        """A text of varying length (III.E): its reference says how long it is and where."""
        length, heap, number = self._reader.take(at, "IQI", where)
        if length == 0:
            return b""
        start, size = self._heap(heap, where).get(number, (0, -1))
        if not length <= size or length > most:
            raise self._reader.wrong(where, f"a text of {length} bytes", f"one in its heap, of at most {most}")
        self._take_bytes(length, where)
        return self._reader.data[start : start + length].rstrip(b"\0")

    def _heap(self, address: int, where: str) -> dict[int, tuple[int, int]]:
        """Number -> (start, size) of the objects of a global heap collection (III.E)."""
        if address not in self._heaps:
            self._reader.signed(address, b"GCOL", where)
            version, size = self._reader.take(address + 4, "BxxxQ", where)
            end, at = address + size, address + 16
            if version != 1 or end > len(self._reader.data):
                raise self._reader.wrong(where, f"a heap of {size} bytes, version {version}", "version 1, in the file")
            found: dict[int, tuple[int, int]] = {}
            while at + 16 <= end:
                self._reader.count_node()
                number, length = self._reader.take(at, "HxxxxxxQ", where)
                if number == 0:  # the free space behind all objects
                    break
                if number in found or at + 16 + length > end:
                    raise self._reader.wrong(where, f"object {number} of {length} bytes", "each once, inside its heap")
                found[number] = at + 16, length
                at += 16 + _padded(length, 8)
            self._heaps[address] = found
        return self._heaps[address]

    def _take_bytes(self, count: int, where: str) -> None:
        self._left -= count
        if self._left < 0:
            raise self._reader.wrong(where, "texts that share their bytes", "each byte to belong to one text")


# --- writing ---


class AttributeMessages:
    """The header messages of the attributes of groups; their texts go into one global heap by `put`."""

    def __init__(self, attributes: Attributed, put: Callable[[bytes], int]) -> None:
        self._attributes = attributes
        texts = [value for group in attributes.values() for value in group.values() if isinstance(value, str)]
        self._numbers = {text: number for number, text in enumerate(dict.fromkeys(texts), start=1)}
        self._heap = put(_global_heap(self._numbers)) if texts else 0

    def of(self, path: str) -> list[tuple[int, bytes]]:
        """Type and content of each message of a group."""
        found = []
        for name, value in self._attributes.get(path, {}).items():
            if isinstance(value, str):
                found.append((ATTRIBUTE, self._text(name, value)))
            else:
                found += [(ATTRIBUTE, message) for message in _name_messages(name, [v.encode() for v in value])]
        return found

    def _text(self, name: str, value: str) -> bytes:
        """A single text, UTF-8 of varying length."""
        kind = struct.pack("<BBBBI", 0x10 | VARYING, TEXT, 1, 0, _REFERENCE)
        kind += struct.pack("<BBBBIHH", 0x10, 0, 0, 0, 1, 0, 8)  # of bytes
        space = struct.pack("<BBB5x", 1, 0, 0)
        return _message(name, kind, space, struct.pack("<IQI", len(value.encode()), self._heap, self._numbers[value]))


def _name_messages(name: str, names: list[bytes]) -> list[bytes]:
    """A list of names, each of the same length; in parts if it is long."""
    width = max(map(len, names), default=1)
    most = max(1, _LARGEST_MESSAGE // width)
    parts = [names[n : n + most] for n in range(0, len(names), most)] or [[]]
    found = []
    for number, part in enumerate(parts):
        kind = struct.pack("<BBBBI", 0x10 | FIXED, 1, 0, 0, width)  # filled up with zeros
        space = struct.pack("<BBB5xQ", 1, 1, 0, len(part))
        own = name if len(parts) == 1 else f"{name}{number}"
        found.append(_message(own, kind, space, b"".join(text.ljust(width, b"\0") for text in part)))
    return found


def _message(name: str, kind: bytes, space: bytes, data: bytes) -> bytes:
    """An attribute message of version 1 (IV.A.2.m)."""
    own = name.encode() + b"\0"
    parts = b"".join(part.ljust(_padded(len(part), 8), b"\0") for part in (own, kind, space))
    return struct.pack("<BxHHH", 1, len(own), len(kind), len(space)) + parts + data


def _global_heap(texts: Mapping[str, int]) -> bytes:
    """A global heap collection of texts by their numbers, and free space behind them (III.E)."""
    body = b""
    for text, number in texts.items():
        data = text.encode()
        body += struct.pack("<HHIQ", number, 0, 0, len(data)) + data.ljust(_padded(len(data), 8), b"\0")
    size = max(_SMALLEST_HEAP, 16 + len(body) + 16)
    free = size - 16 - len(body)
    return struct.pack("<4sB3xQ", b"GCOL", 1, size) + body + struct.pack("<HHIQ", 0, 0, 0, free).ljust(free, b"\0")


def _padded(size: int, unit: int) -> int:
    return size + -size % unit
