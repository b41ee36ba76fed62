"""The three members of a `.keras` file: a zip archive as Keras writes it, and nothing else that a zip may be.

Members stand one after another from the first byte on, uncompressed; then comes the directory, then its end: each byte
of the file belongs to exactly one of them. So there are no bombs, overlaps or hidden members, and nothing is extracted.
Format: APPNOTE.TXT 6.3, PKWARE.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Mapping

from minirnn.files.errors import ModelFileError, shown
from minirnn.files.limits import MOST_TEXT

METADATA, CONFIG, WEIGHTS = MEMBERS = "metadata.json", "config.json", "model.weights.h5"

SIGNATURE = b"PK\3\4"
_LOCAL, _ENTRY, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_UTF8 = 0x800
_LARGEST = 2**32 - 2**16  # of all members: sizes and places have 32 bits, and the directory follows
_VERSION, _DATE = 20, 0x21  # 2.0, and 1 January 1980: the same model gives the same bytes
_STORED, _ON_UNIX, _MODE = 0, 3 << 8, 0o600


def write_archive(members: Mapping[str, bytes]) -> list[bytes]:
    """A zip archive of these members as pieces to be written one after another.

    ValueError for more than such an archive holds.
    """
    size = sum(map(len, members.values()))
    if size > _LARGEST:
        raise ValueError(f"a .keras file holds at most {_LARGEST:,} bytes, got {size:,}; use save_weights")
    pieces: list[bytes] = []
    directory, start = b"", 0
    for name, data in members.items():
        common = (_VERSION, 0, _STORED, 0, _DATE, zlib.crc32(data), len(data), len(data), len(name))
        head = _LOCAL.pack(SIGNATURE, *common, 0) + name.encode()
        entry = (b"PK\1\2", _VERSION | _ON_UNIX, *common, 0, 0, 0, 0, _MODE << 16, start)
        directory += _ENTRY.pack(*entry) + name.encode()
        pieces += [head, data]
        start += len(head) + len(data)
    end = _END.pack(b"PK\5\6", 0, 0, len(members), len(members), len(directory), start, 0)
    return [*pieces, directory, end]


def read_archive(data: bytes) -> dict[str, memoryview]:
    """The members of a `.keras` file by their names, as views. ModelFileError unless it is as Keras writes it."""
    directory, count = _directory(data)
    members: dict[str, memoryview] = {}
    at, free = directory, 0
    for _ in range(count):
        name, crc, size, start, at = _entry(data, at)
        if name in members:
            raise ModelFileError(name, "the member twice", "once")
        if start != free:
            raise ModelFileError(name, f"a member that begins at {start}", f"members that follow each other, at {free}")
        begin = _checked_local(data, name, crc, size, start)
        free = begin + size
        if free > directory:
            raise ModelFileError(name, f"{size:,} bytes", "a member that ends before the directory")
        members[name] = memoryview(data)[begin:free]
        if zlib.crc32(members[name]) != crc:
            raise ModelFileError(name, "other bytes than were written (CRC)", "an undamaged file")
    if free != directory or at != len(data) - _END.size:
        raise ModelFileError("zip", "bytes that belong to no member", "members, their directory, and its end")
    missing = [name for name in MEMBERS if name not in members]
    if missing:
        raise ModelFileError("zip", f"no {missing[0]}", f"the members {', '.join(MEMBERS)}")
    return members


def _directory(data: bytes) -> tuple[int, int]:
    """Where the directory begins, and how many entries it has."""
    if len(data) < _END.size or data[:4] != SIGNATURE:
        raise ModelFileError("", f"{len(data):,} bytes that begin with {data[:4]!r}", "a .keras file (a zip archive)")
    signature, disk, other, here, count, size, start, comment = _END.unpack_from(data, len(data) - _END.size)
    if signature != b"PK\5\6" or disk or other or here != count or comment or start + size + _END.size != len(data):
        raise ModelFileError("zip", "an end of directory that does not fit the file", "one archive, without comments")
    if count != len(MEMBERS):
        raise ModelFileError("zip", f"{count} members", f"{len(MEMBERS)}: {', '.join(MEMBERS)}")
    return start, count


def _entry(data: bytes, at: int) -> tuple[str, int, int, int, int]:
    """Name, CRC, size and start of the member of a directory entry, and where the next entry begins."""
    if at + _ENTRY.size > len(data):
        raise ModelFileError("zip", "a directory that is cut off", "one entry for each member")
    (signature, _, _, flags, method, _, _, crc, packed, size, length, extra, comment, disk, _, mode, start) = (
        _ENTRY.unpack_from(data, at)
    )
    name = bytes(data[at + _ENTRY.size : at + _ENTRY.size + length]).decode("utf-8", "replace")
    if signature != b"PK\1\2" or name not in MEMBERS:
        raise ModelFileError("zip", f"a member {shown(name)!r}", f"{', '.join(MEMBERS)}")
    if method != _STORED or packed != size:
        raise ModelFileError(name, "a compressed member", "stored ones, as Keras writes them: zip -0 packs it again")
    if flags & ~_UTF8 or extra or comment or disk or stat.S_IFMT(mode >> 16) not in (0, stat.S_IFREG) or mode & 0x10:
        raise ModelFileError(name, "an encrypted, linked or otherwise special member", "a plain file")
    if name != WEIGHTS and size > MOST_TEXT:
        raise ModelFileError(name, f"{size:,} bytes", f"at most {MOST_TEXT:,}")
    return name, crc, size, start, at + _ENTRY.size + length


def _checked_local(data: bytes, name: str, crc: int, size: int, start: int) -> int:
    """Where the bytes of a member begin; what stands before them must say the same as the directory."""
    if start + _LOCAL.size > len(data):
        raise ModelFileError(name, f"a member that begins at {start}", "one inside the file")
    signature, _, flags, method, _, _, own_crc, packed, own_size, length, extra = _LOCAL.unpack_from(data, start)
    begin = start + _LOCAL.size + length
    said = (signature, flags & ~_UTF8, method, own_crc, packed, own_size, extra, data[begin - length : begin])
    if said != (SIGNATURE, 0, _STORED, crc, size, size, 0, name.encode()):
        raise ModelFileError(name, "a header that differs from the directory", "the same in both")
    return begin
