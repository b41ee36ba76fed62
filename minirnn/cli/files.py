"""Files that are there to be read, and files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def check_there(path: Path, what: str) -> None:
    """Raise ValueError where there is no such file, with what was expected."""
    if not path.exists():
        raise ValueError(f"{path}: no such file; expected {what}")


def check_writable(path: Path) -> None:
    """Raise OSError or ValueError now for a path that could not be written after minutes of training."""
    if path.is_dir():
        raise ValueError(f"{path}: a directory, expected the name of a file")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no directory {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"{path}: no permission to write into {path.parent}")


def check_apart(path: Path, read: Iterable[Path]) -> None:
    """Raise ValueError for a path that is one of those read, by whatever name or link."""
    for other in read:
        if path.exists() and other.exists() and path.samefile(other):
            raise ValueError(f"{path}: is read as {other}, and would be written over; choose another name")


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the path, then move into place: a reader never sees half a file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        error.filename = str(path)  # and not the one beside it, which no user has named
        raise
    finally:
        beside.unlink(missing_ok=True)
