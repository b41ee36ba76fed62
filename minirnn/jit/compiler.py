"""The two decorators, `inline` and `kernel`, and every compiler option there is."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numba import config, njit, types
from numba.extending import register_jitable

from minirnn.jit.arrays import ArrayType
from minirnn.jit.cache import KernelCache
from minirnn.jit.inlining import InlineCompiler
from minirnn.jit.lowering import KernelCompiler, SharedKernelCompiler
from minirnn.jit.static import Static, StaticType

JIT_ENABLED = not config.DISABLE_JIT

# `contract` lets a*b + c become one fused multiply-add. The rest of fastmath is off: it gains nothing here and
# makes isnan(nan) false. Kernels allocate nothing, so they need no reference counting (_nrt).
_OPTIONS = dict(nogil=True, fastmath={"contract"}, error_model="numpy", _nrt=False, no_cfunc_wrapper=True)

# How Numba compiles what other compiled functions call: also an option of its `overload`.
INLINE_OPTIONS = dict(forceinline=True, no_cpython_wrapper=True, pipeline_class=InlineCompiler, **_OPTIONS)

inline = register_jitable(**INLINE_OPTIONS)


class _Collecting(threading.local):
    """Whether this thread only looks which kernels must be compiled (`jit.together`): those, and the arguments."""

    wanted: dict[tuple[Kernel, tuple], tuple] | None = None


collecting = _Collecting()

_compiling = threading.RLock()
_collection_waits = False  # whether the search for garbage is off until a kernel is compiled


@contextmanager
def _no_collection() -> Iterator[None]:
    """Numba makes millions of small objects that live until it is done: looking for garbage among them is a tenth of
    the time to compile."""
    global _collection_waits
    if not gc.isenabled():
        yield
        return
    _collection_waits = True
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        _collection_waits = False


def _forget_compiling() -> None:
    # A thread that was compiling does not live on in a forked child: it neither gives its lock back nor ends the wait.
    global _compiling, _collection_waits
    _compiling = threading.RLock()
    if _collection_waits:
        gc.enable()
        _collection_waits = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_compiling)


class Kernel:
    """An entry point. Call it like the function it wraps, or `specialise` it once and call what comes back.

    Every array argument must be C-contiguous, aligned and in native byte order: layers see to that before they call.
    """

    def __init__(self, function: Callable, shared: bool = False) -> None:
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._compiled: dict[tuple, Callable] = {}
        if JIT_ENABLED:
            compiler = SharedKernelCompiler if shared else KernelCompiler
            self._dispatcher = njit(pipeline_class=compiler, **_OPTIONS)(function)
            self._dispatcher._cache = KernelCache(function)

    def specialise(self, *arguments: Any) -> Callable:
        """The machine code for arguments of these types: a callable that trusts its arguments to be of these types."""
        if not JIT_ENABLED:
            return self.function
        key = tuple([_kind(a) for a in arguments])
        compiled = self._compiled.get(key)
        if compiled is None:
            signature = tuple(_numba_type(a) for a in arguments)
            if collecting.wanted is not None and not self._is_kept(signature):
                collecting.wanted[self, signature] = arguments
                return _not_yet
            compiled = self._compiled[key] = self.compile(signature)
        return compiled

    def compile(self, signature: tuple) -> Callable:
        """The machine code for arguments of these Numba types."""
        with _compiling, _no_collection():
            return self._dispatcher.compile(signature)

    def _is_kept(self, signature: tuple) -> bool:
        """Whether there is machine code for them, here or on disk."""
        return signature in self._dispatcher.overloads or self._dispatcher._cache.is_kept(signature)

    def address(self, *arguments: Any) -> int:
        """Where the machine code of `specialise` begins: for other kernels, which call it by `kernels.calling.call_at`.

        It stays there as long as the process; 0 if it cannot be found. There is none without the JIT.
        """
        self.specialise(*arguments)
        compiled = self._dispatcher.overloads[tuple(_numba_type(a) for a in arguments)]
        return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)

    def __call__(self, *arguments: Any) -> Any:
        return self.specialise(*arguments)(*arguments)


def _not_yet(*arguments: Any) -> Any:
    raise RuntimeError("a kernel was called while kernels are only looked for: make memory, run nothing")


def kernel(function: Callable) -> Kernel:
    """Mark an entry point: compiled for the types it is called with, without the GIL, and kept on disk."""
    return Kernel(function)


def shared_kernel(function: Callable) -> Kernel:
    """Mark an entry point whose last two arguments are a range that threads may share (`kernels.threads.share`)."""
    return Kernel(function, shared=True)


_SCALARS = {bool: types.boolean, int: types.intp, float: types.float64}
_DTYPES = {np.dtype(t): getattr(types, t) for t in ("float32", "float64", "int64")} | {np.dtype(bool): types.boolean}


def _kind(value: Any) -> Any:
    """What `_numba_type` depends on, cheap to compare."""
    if isinstance(value, np.ndarray):
        return value.dtype.char, value.ndim
    if isinstance(value, Static):
        return value
    if isinstance(value, tuple):
        return len(value) if _is_size(value) else tuple([_kind(entry) for entry in value])
    return type(value)


def _is_size(value: tuple) -> bool:
    """Whether a tuple is of numbers (only its length counts, as of `COLUMNS_4`) or empty; others hold arrays."""
    return not value or isinstance(value[0], int)


def _numba_type(value: Any) -> types.Type:
    if isinstance(value, np.ndarray):
        return ArrayType(_DTYPES[value.dtype], value.ndim)
    if isinstance(value, Static):
        return StaticType(value.key)
    if isinstance(value, tuple):
        return types.UniTuple(types.intp, len(value)) if _is_size(value) else types.Tuple([*map(_numba_type, value)])
    return _SCALARS[type(value)]
