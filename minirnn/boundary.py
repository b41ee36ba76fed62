"""The boundary: what a caller passes becomes clean arrays here, or one line says why not.

Clean means C-contiguous, native byte order, aligned, writable, finite and of the layer's dtype: the one kind of array
that the kernels know. An array that is clean already passes as it is, uncopied, for little more than the price of
looking at each number once. Errors are a TypeError for what holds no real numbers, a ValueError for everything else.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minirnn.jit import JIT_ENABLED
from minirnn.kernels.finite import all_finite, find_not_finite
from minirnn.kernels.threads import WORTH_SHARING, share

# Looking a dtype up is faster than making one.
_DTYPES: dict[Any, np.dtype[Any]] = {name: np.dtype(name) for name in ("float32", "float64", "int32", "int64")}
_FLOATS = (np.dtype("float32"), np.dtype("float64"))
_finite_kernels: dict[tuple[np.dtype[Any], int, bool], Callable[[NDArray[Any]], bool]] = {}
_AXES = {1: ("batch",), 2: ("batch", "features"), 3: ("batch", "time", "features")}


def as_input(
    value: Any, name: str = "x", dtype: DTypeLike = "float32", shape: tuple[int | None, ...] | None = None
) -> NDArray[Any]:
    """Return `value` as a clean array of `dtype`, with at least one sample and one step.

    Lists, tensors with `__array__`, and every kind of NumPy array of numbers are taken: integers, booleans, float16,
    big-endian, strided, Fortran-ordered, read-only. `shape` is the expected batch shape, None where any length does.

    Raises TypeError for None, strings, objects and complex numbers; ValueError for ragged or empty input, NaN,
    infinity, and another shape than expected. With an integer `dtype` the numbers must be whole and within its range:
    floats that are pass, exactly, and all others raise ValueError.
    """
    wanted = _DTYPES.get(dtype) or np.dtype(dtype)
    if type(value) is np.ndarray and value.dtype is wanted and value.flags.carray:
        array = value
    else:
        array = _clean(_numbers(value, name), name, wanted)
    if array.size == 0:
        raise ValueError(f"{name}: got an empty array of shape {array.shape}, expected at least one sample and step")
    if shape is not None and not fits(array.shape, shape):
        hint = missing_axis(array.shape, shape)
        raise ValueError(f"{name}: got shape {array.shape}, expected {readable(shape)}{hint}")
    if wanted in _FLOATS and not finite_kernel(array)(array):
        check_finite(array, name)
    return array


def finite_kernel(like: NDArray[Any]) -> Callable[[NDArray[Any]], bool]:
    """What tells whether a C-contiguous array of the dtype and shape of `like` holds finite floats only.

    Of integers it says no, and leaves them to `as_input`.
    """
    key = like.dtype, like.ndim, like.size >= WORTH_SHARING
    kernel = _finite_kernels.get(key)
    if kernel is None:
        if like.dtype not in _FLOATS:
            kernel = lambda array: False  # noqa: E731
        elif not JIT_ENABLED:  # NumPy would warn of 0 times infinity
            kernel = lambda array: bool(np.isfinite(array).all())  # noqa: E731
        else:
            kernel = _all_finite_shared if key[-1] else all_finite.specialise(like)
        _finite_kernels[key] = kernel
    return kernel


def _all_finite_shared(array: NDArray[Any]) -> bool:
    """Whether all numbers of a large array are finite, by several threads."""
    found = np.zeros(1, np.int64)
    share(find_not_finite, (array, found), array.size, array.size)  # a number takes about as long as a multiply-add
    return not found[0]


def as_mask(value: Any, shape: tuple[int, int], name: str = "mask") -> NDArray[Any]:
    """Return a mask as a clean boolean array of `shape` (batch, time), True where a step counts.

    Raises TypeError unless `value` is boolean, ValueError for another shape.
    """
    if isinstance(value, np.ndarray) and value.dtype != np.bool_:
        raise TypeError(f"{name}: got a mask of dtype {value.dtype}, expected bool; pass mask.astype(bool)")
    array = _numbers(value, name)
    if array.dtype != np.bool_:
        raise TypeError(f"{name}: got a mask of {array.dtype} numbers, expected True and False")
    if array.shape != tuple(shape):
        raise ValueError(f"{name}: got a mask of shape {array.shape}, expected {tuple(shape)} (batch, time)")
    return np.require(array, requirements=["C", "A", "W"])


def as_numbers(value: Any, name: str = "x") -> NDArray[Any]:
    """Return `value` as an array of real numbers or booleans, in its own dtype, uncopied if it is an array.

    For what moves numbers and does not compute: NaN and an empty array pass. Raises as `as_input` does otherwise.
    """
    return _numbers(value, name)


def check_finite(array: NDArray[Any], name: str) -> None:
    """Raise ValueError at the first NaN or infinity."""
    wrong = ~np.isfinite(array)
    if wrong.any():
        where = first_where(wrong)
        raise ValueError(f"{name}: got {array[where]} at index {shown(where)}, expected finite numbers; clean it")


def check_lengths(**arrays: Any) -> int:
    """Return the number of samples that all arrays share, None being no array; ValueError if they differ."""
    lengths = {name: len(array) for name, array in arrays.items() if array is not None}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"all arrays must hold equally many samples, but {listed}; drop the surplus")
    return next(iter(lengths.values()))


def check_batch_size(value: Any, name: str = "batch_size") -> int:
    """Return a whole number of at least 1, 32 for None. TypeError or ValueError otherwise."""
    return 32 if value is None else whole(value, name, 1)


def check_frequency(value: Any, name: str) -> Callable[[int], bool]:
    """Return which epochs, counted from 1, a frequency names: every so many, or the ones of a list."""
    if isinstance(value, (list, tuple, set)):
        epochs = {whole(epoch, f"an epoch in {name}", 1) for epoch in value}
        return epochs.__contains__
    every = whole(value, name, 1)
    return lambda epoch: epoch % every == 0


def check_epochs(epochs: Any, initial_epoch: Any = 0) -> None:
    """Raise unless `epochs` is a whole number of at least 0 and `initial_epoch` one from 0 to `epochs`."""
    whole(epochs, "epochs", 0)
    if whole(initial_epoch, "initial_epoch", 0) > epochs:
        raise ValueError(f"initial_epoch must not exceed epochs, got initial_epoch={initial_epoch}, epochs={epochs}")


def check_verbose(verbose: Any) -> int:
    """Return a verbosity of 0, 1, 2, ..; "auto" is 1. TypeError or ValueError otherwise."""
    if isinstance(verbose, str):
        if verbose != "auto":
            raise ValueError(f"verbose must be 'auto', 0, 1, 2 or more, got {verbose!r}")
        return 1
    return int(verbose) if isinstance(verbose, bool) else whole(verbose, "verbose", 0)


def whole(value: Any, name: str, least: int = 1) -> int:
    """Return a whole number of at least `least`; TypeError for what is none (True is none), ValueError if less."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number of at least {least}, got {value!r:.60}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def number(value: Any, name: str, least: float = -math.inf, most: float = math.inf) -> Any:
    """Return a finite number from `least` to `most`, an int as int, all others as float.

    Raises TypeError for what is no real number (True is none), ValueError for NaN, infinity and one out of the range.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number, got {value!r:.60}")
    if not (math.isfinite(value) and least <= value <= most):
        limits = [f"at {word} {limit:g}" for word, limit in (("least", least), ("most", most)) if math.isfinite(limit)]
        raise ValueError(f"{name} must be a finite number{' of ' if limits else ''}{' and '.join(limits)}, got {value}")
    return value if isinstance(value, int) else float(value)


def _numbers(value: Any, name: str) -> NDArray[Any]:
    """Return `value` as an array of real numbers or booleans of whatever dtype."""
    if value is None:
        raise TypeError(f"{name}: got None, expected an array of numbers")
    if inspect.isroutine(value):
        called = f"{getattr(value, '__name__', 'it')}()"
        raise TypeError(f"{name}: got a function, expected an array or batches of them; call it: {called}")
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: got rows of different lengths; pad them to one length first") from None
    except (TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise TypeError(f"{name}: got {type(value).__name__}, which gives no array: {reason:.100}") from None
    if array.dtype.kind == "c":
        raise TypeError(f"{name}: got complex numbers, expected real ones; pass .real or .imag")
    if array.dtype.kind not in "fiub":
        for column, dtype in zip(getattr(value, "columns", ()), getattr(value, "dtypes", ()), strict=False):
            if dtype.kind not in "fiub":
                what = f"column {column!r:.40} of dtype {dtype!s:.20}"
                raise TypeError(f"{name}: got {what}, expected numbers; leave the column out, or turn it into numbers")
        raise TypeError(f"{name}: got {type(value).__name__} of dtype {str(array.dtype):.40}, expected numbers")
    if array.ndim == 0:
        raise ValueError(f"{name}: got the single number {array}, expected an array with a batch axis")
    # There are no masked arrays before somebody imports them: this does not, as reading a file imports nothing.
    if type(value) is not np.ndarray and "numpy.ma" in sys.modules and np.ma.is_masked(value):
        raise ValueError(f"{name}: got a masked array with masked values; fill them first")
    return array


def check_indices(array: NDArray[Any], size: int, name: str) -> None:
    """Raise ValueError at the first entry that is no whole number from 0 to `size` - 1."""
    if array.dtype.kind in "iu":
        if array.size == 0 or (array.min() >= 0 and array.max() < size):
            return
        wrong = (array < 0) | (array >= size)
    else:
        wrong = ~((array >= 0) & (array < size) & (array == np.floor(array)))
        if not wrong.any():
            return
    where = first_where(wrong)
    raise ValueError(
        f"{name}: got the index {array[where]} at {shown(where)}, expected whole numbers from 0 to {size - 1}"
    )


def _as_whole(array: NDArray[Any], name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A clean array of the integer `dtype`; ValueError for a number that it cannot hold."""
    with np.errstate(invalid="ignore"):
        clean = np.require(array, dtype, ["C", "A", "W"])
    if array.dtype.kind == "f" or not np.can_cast(array.dtype, dtype):
        wrong = clean != array
        if dtype.kind != array.dtype.kind != "b":
            # What rounding hides at the ends of the range: 2.0**63 == 2**63 - 1, compared as float64.
            wrong |= array >= 2.0 ** (8 * dtype.itemsize - 1)
        if wrong.any():
            where = first_where(wrong)
            raise ValueError(f"{name}: got {array[where]} at index {shown(where)}, expected whole numbers ({dtype})")
    return clean


def _clean(array: NDArray[Any], name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "i":
        return _as_whole(array, name, dtype)
    with np.errstate(over="ignore"):
        clean = np.require(array, dtype, ["C", "A", "W"])
    if array.dtype.kind == "f" and array.dtype.itemsize > dtype.itemsize:
        lost = np.isinf(clean) & np.isfinite(array)
        if lost.any():
            where = first_where(lost)
            raise ValueError(f"{name}: got {array[where]} at index {shown(where)}, too large for {dtype}; scale it")
    return clean


def fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    if len(shape) != len(expected):
        return False
    for length, wanted in zip(shape, expected, strict=True):
        if length != wanted and wanted is not None:
            return False
    return True


def missing_axis(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> str:
    """A word on the axis that an array of this shape lacks, if that is all it lacks."""
    if fits((*shape, 1), expected):
        return "; add the features axis, x[..., None]"
    if fits((1, *shape), expected):
        return "; add the batch axis, x[None]"
    return ""


def readable(shape: tuple[int | None, ...]) -> str:
    names = _AXES.get(len(shape), ("any",) * len(shape))
    entries = [names[i] if n is None else str(n) for i, n in enumerate(shape)]
    return f"({', '.join(entries)}{',' if len(entries) == 1 else ''})"


def first_where(wrong: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(np.argmax(wrong), wrong.shape))


def shown(where: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, where))}]"
