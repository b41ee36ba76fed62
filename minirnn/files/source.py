"""A file's bytes, read once and whole: from then on nobody can change what was checked."""

from __future__ import annotations

import os
import stat
from typing import Any

from minirnn.files.errors import ModelFileError
from minirnn.files.limits import MOST_BYTES


def read_file(path: Any, max_bytes: int | None = None) -> bytes:
    """The bytes of a regular file. Raises ModelFileError for none, for anything else, and for too many bytes.

    A pipe or a device is never waited for.
    """
    most = MOST_BYTES if max_bytes is None else max_bytes
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError, TypeError) as error:
        missing = isinstance(error, FileNotFoundError)
        what = "no such file" if missing else getattr(error, "strerror", None) or str(error)
        raise ModelFileError("", what.lower(), "a model file", str(path)) from None
    with os.fdopen(number, "rb", closefd=True) if _is_file(number) else _closed(number, path) as file:
        size = os.fstat(number).st_size
        if size > most:
            raise ModelFileError("", f"{size:,} bytes", f"at most {most:,}; a larger max_bytes allows more", str(path))
        data = file.read(size)
    if len(data) != size:
        raise ModelFileError("", f"{len(data):,} bytes of {size:,}", "a file that nobody is changing", str(path))
    return data


def _is_file(number: int) -> bool:
    return stat.S_ISREG(os.fstat(number).st_mode)


def _closed(number: int, path: Any) -> Any:
    os.close(number)
    raise ModelFileError("", "a folder, pipe or device", "a regular file", str(path))
