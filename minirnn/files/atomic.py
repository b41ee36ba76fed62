"""Files that are replaced as a whole: whoever reads the path finds the old file or the new one, whatever happens.

The new file is written and flushed to the disk beside the old one, takes its name in one step, and the folder is
flushed. Where the system has files without a name (Linux), the new one has none until it is whole, so that a killed
process leaves nothing behind but in the moment between its two last steps; what is left by that moment, or on other
systems, is removed by the next saving under that name, once nobody holds the lock on it.
"""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

from minirnn.files.errors import shown

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".saving"
_PIECE = 16 * 2**20  # bytes written at a time


def replace_file(path: Any, pieces: Iterable[Any]) -> None:
    """Let the file at `path` hold these bytes-like pieces one after another, or be as it was.

    A link at `path` stays, and what it leads to is replaced. Raises OSError if that fails: the folder is missing, the
    disk is full; then nothing has changed and nothing is left.
    """
    target = os.path.realpath(os.fspath(path))
    folder, name = os.path.split(target)
    if os.path.isdir(target):
        raise IsADirectoryError(f"{shown(os.fsdecode(path))} is a folder, not a file to save to")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{shown(os.fsdecode(path))}: there is no directory {shown(folder)}; make it first")
    try:
        _replace(target, folder, name, pieces)
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None  # not those beside it, which nobody has named
        raise


def _replace(target: str, folder: str, name: str, pieces: Iterable[Any]) -> None:
    _remove_left_overs(folder, name)
    with _new_file(folder, name, _mode_of(target)) as (number, give_name):
        for piece in pieces:
            view = memoryview(piece).cast("B")
            while view:
                view = view[os.write(number, view[:_PIECE]) :]
        os.fsync(number)
        os.replace(give_name(), target)
    _flush_folder(folder)


def _mode_of(target: str) -> int | None:
    with contextlib.suppress(OSError):
        return stat.S_IMODE(os.stat(target).st_mode)
    return None


@contextlib.contextmanager
def _new_file(folder: str, name: str, mode: int | None) -> Iterator[tuple[int, Any]]:
    """An open file in a folder, and a function that gives its path; an error closes and removes it."""
    temporary = os.path.join(folder, f".{name}.{os.urandom(8).hex()}{_SUFFIX}")
    number = _nameless(folder)
    nameless = number is not None
    if number is None:
        number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)

    def give_name() -> str:
        if nameless:
            here = os.open(folder, os.O_RDONLY)  # with a folder Python calls linkat, which follows the link in /proc
            try:
                os.link(f"/proc/self/fd/{number}", temporary, src_dir_fd=here, follow_symlinks=True)
            finally:
                os.close(here)
        elif os.name == "nt":
            close()  # which moves no open file
        return temporary

    def close() -> None:
        with contextlib.suppress(OSError):
            os.close(number)

    try:
        if fcntl is not None:
            fcntl.flock(number, fcntl.LOCK_EX)
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(number, mode)
        yield number, give_name
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        close()


def _nameless(folder: str) -> int | None:
    """A file without a name in a folder, or None where there is no such thing."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError:
        return None  # a file system that cannot


def _remove_left_overs(folder: str, name: str) -> None:
    """Remove what killed savings of this name left: what nobody has a lock on any more."""
    if fcntl is None:
        return
    for path in glob.glob(os.path.join(glob.escape(folder), f".{glob.escape(name)}.*{_SUFFIX}")):
        with contextlib.suppress(OSError):
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(path)
            finally:
                os.close(number)


def _flush_folder(folder: str) -> None:
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
