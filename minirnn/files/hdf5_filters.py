"""What a chunk of an HDF5 file went through before it was stored: shuffle, deflate and a checksum, as h5py offers them.

A filter is undone only where its result has a size that is known before: zlib is never asked for more bytes than a
chunk has, whatever the compressed ones stand for.

Format: "HDF5 File Format Specification Version 3.0", The HDF Group, IV.A.2.l; the checksum is Fletcher's of 32 bits
(J. G. Fletcher, IEEE Transactions on Communications 30, 1982) over big-endian words of 16 bits.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from minirnn.files.hdf5_bytes import Hdf5Bytes

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
CHECKSUM_BYTES = 4
_NAMES = {DEFLATE: "gzip", SHUFFLE: "shuffle", FLETCHER32: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset",
          32000: "lzf"}  # fmt: skip
_WORDS = 2**15  # of 16 bits that are summed at a time: their weighted sum stays below 2**63


def filters_of(file: Hdf5Bytes, at: int, length: int, itemsize: int, path: str) -> tuple[int, ...]:
    """The filters of a pipeline message in the order of writing. ModelFileError for any that is not undone here."""
    version, count = file.take(at, "BB", path)
    if version != 1 or not 1 <= count <= len((DEFLATE, SHUFFLE, FLETCHER32)):
        raise file.wrong(path, f"{count} filters, version {version}", "one to three, version 1")
    found: list[int] = []
    end, at = at + length, at + 8
    for _ in range(count):
        kind, name, _, values = file.take(at, "4H", path)
        start = at + 8 + name
        at = start + 4 * (values + values % 2)
        if kind not in (DEFLATE, SHUFFLE, FLETCHER32) or kind in found or at > end:
            found_filter = f"the filter {_NAMES.get(kind, kind)}" if kind not in found else "a filter twice"
            raise file.wrong(path, found_filter, "gzip, shuffle and fletcher32, once each")
        if kind == SHUFFLE and (values != 1 or file.take(start, "I", path) != (itemsize,)):
            raise file.wrong(path, "a shuffle of other elements", f"elements of {itemsize} bytes")
        found.append(kind)
    return tuple(found)


def undone(data: memoryview, filters: tuple[int, ...], skipped: int, size: int, itemsize: int) -> bytes:
    """The `size` bytes of a chunk out of those that were stored; bit n of `skipped` tells that filter n was left out.

    Raises ValueError for bytes that do not give exactly as many.
    """
    applied = [kind for place, kind in enumerate(filters) if not skipped >> place & 1]
    sizes = [size]  # of what goes into each filter; deflate is the only one whose result has a size of its own
    for kind in applied:
        sizes.append(sizes[-1] + CHECKSUM_BYTES * (kind == FLETCHER32))
    found = bytes(data)
    for kind, expected in zip(reversed(applied), reversed(sizes[:-1]), strict=True):
        if kind == DEFLATE:
            found = _inflated(found, expected)
        elif kind == SHUFFLE:
            found = _in_order(found, itemsize)
        else:
            found = _checked(found)
    if len(found) != size:
        raise ValueError(f"{len(found)} bytes of a chunk of {size}")
    return found


def _inflated(data: bytes, size: int) -> bytes:
    """Exactly `size` bytes out of a whole zlib stream, and no more memory than they take."""
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, size)
        more = stream.decompress(stream.unconsumed_tail, 1)  # of a stream that is through there is nothing
    except zlib.error as error:
        raise ValueError(f"what is no gzip ({error})") from None
    if len(found) != size or more or not stream.eof or stream.unused_data:
        raise ValueError(f"gzip that does not give {size} bytes")
    return found


def _in_order(data: bytes, itemsize: int) -> bytes:
    """Elements out of all their first bytes, all their second ones, and so on; a rest that is no element stays."""
    whole = len(data) - len(data) % itemsize
    planes = np.frombuffer(data, np.uint8, whole).reshape(itemsize, -1)
    return planes.T.tobytes() + data[whole:]


def _checked(data: bytes) -> bytes:
    """The bytes before a checksum, which has to be right."""
    content, checksum = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    if len(checksum) < CHECKSUM_BYTES or struct.unpack("<I", checksum)[0] != fletcher32(content):
        raise ValueError("other bytes than were written (checksum)")
    return content


def fletcher32(data: bytes) -> int:
    """Two sums of words modulo 65535, the second of the first's progress; 65535 stands for 0 unless all words are 0."""
    words = np.frombuffer(data + bytes(len(data) % 2), ">u2").astype(np.int64)
    first = second = 0
    for start in range(0, len(words), _WORDS):
        part = words[start : start + _WORDS]
        second += len(part) * first + int(part @ np.arange(len(part), 0, -1))
        first += int(part.sum())
        first, second = _reduced(first), _reduced(second)
    return second << 16 | first


def _reduced(total: int) -> int:
    return total % 65535 or (65535 if total else 0)
