"""Files that a command reads and writes: asked for before it begins to work."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def check_there(path: Path, what: str) -> None:
    """Raise ValueError where there is no such file, with what was expected, in the words of `ModelFileError`."""
    if not path.exists():
        raise ValueError(f"{path}: found no such file, expected {what}")


def check_writable(path: Path) -> None:
    """Raise OSError or ValueError now for a path that could not be written after minutes of training."""
    if path.is_dir():
        raise ValueError(f"{path}: a directory, expected the name of a file")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no directory {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"{path}: no permission to write into {path.parent}")


def check_apart(path: Path, read: Iterable[Path]) -> None:
    """Raise ValueError for a path that is one of those read, by whatever name or link."""
    for other in read:
        if path.exists() and other.exists() and path.samefile(other):
            raise ValueError(f"{path}: is read as {other}, and would be written over; choose another name")


def reason(error: OSError) -> str:
    """What went wrong with a file."""
    missing = isinstance(error, FileNotFoundError) and error.filename
    why = "no such file" if missing else error.strerror or str(error)
    return f"{error.filename}: {why}" if error.filename else why
