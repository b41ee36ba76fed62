"""Machine code kept on disk, in a private folder that no stale or foreign file can spoil.

One file for each kernel and signature, named by a hash of both. The folder is salted with everything that the code was
made from: the package's sources, Python, Numba, LLVM, the CPU, the compiler's switches. A file carries its own digest,
so a truncated or altered one is noticed, compiled anew and replaced; a file is written under another name and renamed,
so processes never see half of one. Where no folder can be used, kernels compile in memory, with one warning.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import stat
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import numba
from numba import config
from numba.core.compiler import CompileResult

_MAGIC = b"minirnn kernel 1\n"
_lock = threading.Lock()
_folder: Path | None = None
_settled = False


def _renew_lock() -> None:
    # As in `compiler`: a lock that another thread held does not survive a fork.
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _salt() -> str:
    """A hash of all that machine code depends on."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for source in sorted(p for floor in ("jit", "gates", "kernels") for p in (package / floor).rglob("*.py")):
        digest.update(source.relative_to(package).as_posix().encode() + source.read_bytes())
    facts = (
        sys.version, numba.__version__, llvmlite.__version__, platform.machine(), llvm.get_host_cpu_name(),
        sorted(llvm.get_host_cpu_features().items()), config.CPU_NAME, config.CPU_FEATURES, config.BOUNDSCHECK,
        config.OPT, config.ENABLE_AVX, config.DEBUGINFO_DEFAULT,
    )  # fmt: skip
    digest.update(repr(facts).encode())
    return digest.hexdigest()[:24]


def base_folder() -> Path:
    """Where cache folders live: $MINIRNN_CACHE_DIR, else the user's cache folder."""
    chosen = os.environ.get("MINIRNN_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "minirnn" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "minirnn"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minirnn"


def folder() -> Path | None:
    """This process's cache folder, made private on first use; None (after one warning) if there can be none."""
    global _folder, _settled
    with _lock:
        if not _settled:
            _settled = True
            try:
                place = base_folder() / _salt()
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
                _refuse_shared(place)
                with tempfile.TemporaryFile(dir=place):
                    _folder = place
            except (OSError, RuntimeError) as error:
                _warn(f"kernels are compiled anew in this process: no usable cache folder ({error})")
        return _folder


def _refuse_shared(place: Path) -> None:
    """Code is loaded from here: the folder must be ours alone."""
    if hasattr(os, "getuid"):
        info = place.stat()
        if info.st_uid != os.getuid():
            raise OSError(f"{place} belongs to another user")
        if stat.S_IMODE(info.st_mode) & 0o077:
            place.chmod(0o700)


def _warn(message: str) -> None:
    advice = "set MINIRNN_CACHE_DIR to a private, writable folder"
    warnings.warn(f"minirnn: {message}; {advice}", RuntimeWarning, stacklevel=2)


class KernelCache:
    """The disk cache of one kernel, in the form that Numba's dispatcher asks for."""

    cache_path = None

    def __init__(self, function) -> None:
        self._name = f"{function.__module__}.{function.__qualname__}"

    def _path(self, signature) -> Path | None:
        place = folder()
        if place is None:
            return None
        name = hashlib.sha256(f"{self._name}{signature}".encode()).hexdigest()[:32]
        return place / f"{self._name.rpartition('.')[2]}-{name}.bin"

    def is_kept(self, signature) -> bool:
        """Whether there is a file for it, whatever is in it."""
        path = self._path(signature)
        return path is not None and path.exists()

    def load_overload(self, signature, target_context):
        """The compiled kernel, or None if there is none that can be trusted."""
        # No target_context.refresh(), which Numba's own cache begins with: it imports and registers all that Numba can
        # compile, and SciPy where there is one, and so takes several times as long as a model's kernels. All that
        # machine code needs of it is Numba's memory manager, and kernels have no use for that (`_nrt=False`).
        path = self._path(signature)
        try:
            content = path.read_bytes() if path else b""
        except OSError:
            return None
        head, digest, payload = content[: len(_MAGIC)], content[len(_MAGIC) :][:32], content[len(_MAGIC) + 32 :]
        if head != _MAGIC or digest != hashlib.sha256(self._identity(signature) + payload).digest():
            return None
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(payload))
        except Exception:  # whatever a foreign pickle does, the answer is to compile again
            return None

    def save_overload(self, signature, compiled) -> None:
        """Keep a compiled kernel; failing to is no error, the next process compiles it again."""
        path = self._path(signature)
        if path is None:
            return
        payload = numba.core.serialize.dumps(compiled._reduce())
        digest = hashlib.sha256(self._identity(signature) + payload).digest()
        temporary = None
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + digest + payload)
            os.replace(temporary, path)
        except OSError:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)

    def _identity(self, signature) -> bytes:
        return f"{self._name}{signature}\n".encode()

    def enable(self) -> None:
        """Part of Numba's interface; this cache is always on."""

    def disable(self) -> None:
        """Part of Numba's interface; this cache is always on."""

    def flush(self) -> None:
        """Part of Numba's interface; stale files are never read, so none needs flushing."""
