"""Keras's operations on arrays, for metrics and callbacks of one's own: NumPy under Keras's names.

What trains is written as layers and losses: a symbolic tensor here is a TypeError. Arrays keep their dtype; lists and
numbers with a fraction are of `config.floatx()`, and so are fractions that come of whole numbers, as in Keras.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minirnn import config
from minirnn.compat.modules import names_of

__all__ = [
    "abs", "absolute", "add", "all", "any", "argmax", "argmin", "cast", "ceil", "clip", "concatenate",
    "convert_to_numpy", "convert_to_tensor", "cumsum", "divide", "divide_no_nan", "equal", "exp", "expand_dims",
    "floor", "greater", "greater_equal", "isfinite", "isnan", "less", "less_equal", "log", "logical_and", "logical_not",
    "logical_or", "max", "maximum", "mean", "min", "minimum", "mod", "multiply", "not_equal", "ones_like", "power",
    "prod", "reshape", "round", "shape", "sign", "sqrt", "square", "squeeze", "stack", "std", "subtract", "sum",
    "transpose", "var", "where", "zeros_like",
]  # fmt: skip

if not TYPE_CHECKING:  # for which every name would be there
    __getattr__ = names_of(__name__)

Axis = int | Sequence[int] | None


# --- arrays ---


def convert_to_tensor(x: Any, dtype: Any = None) -> NDArray[Any]:
    """An array; lists and numbers with a fraction become `config.floatx()`. TypeError for a symbolic tensor."""
    array = np.asarray(x)
    if dtype is None and array.dtype == np.float64 and not hasattr(x, "dtype"):
        dtype = config.floatx()
    return array if dtype is None else array.astype(dtype, copy=False)


def convert_to_numpy(x: Any) -> NDArray[Any]:
    """An array; one of NumPy's is not copied."""
    return np.asarray(x)


def cast(x: Any, dtype: Any) -> NDArray[Any]:
    """The same numbers as an array of another dtype."""
    return convert_to_tensor(x).astype(dtype)


def shape(x: Any) -> tuple[int, ...]:
    """The shape of an array or of nested lists."""
    return np.shape(x)


def zeros_like(x: Any, dtype: Any = None) -> NDArray[Any]:
    """Zeros of the shape of x, and of its dtype unless another is given."""
    return np.zeros_like(convert_to_tensor(x), dtype)


def ones_like(x: Any, dtype: Any = None) -> NDArray[Any]:
    """Ones of the shape of x, and of its dtype unless another is given."""
    return np.ones_like(convert_to_tensor(x), dtype)


def _fraction(x: Any) -> NDArray[Any]:
    """As an array of numbers with a fraction."""
    array = convert_to_tensor(x)
    return array if array.dtype.kind == "f" else array.astype(config.floatx())


def _pair(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two operands. A plain number takes the dtype of the other; whole numbers become floats beside floats."""
    plain = [isinstance(x, (int, float)) and not isinstance(x, np.generic) for x in (x1, x2)]
    if builtins.all(plain):
        return convert_to_tensor(x1), convert_to_tensor(x2)
    a, b = (x if is_plain else convert_to_tensor(x) for x, is_plain in zip((x1, x2), plain, strict=True))
    kinds = {x.dtype.kind for x, is_plain in zip((a, b), plain, strict=True) if not is_plain}
    if "f" in kinds and kinds != {"f"}:
        dtype = next(x.dtype for x in (a, b) if not isinstance(x, (int, float)) and x.dtype.kind == "f")
        return a if isinstance(a, (int, float)) else a.astype(dtype), b if plain[1] else b.astype(dtype)
    return a, b


# --- of each number ---


def _of_one(function: Callable[..., Any], fraction: bool = False) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        return function(_fraction(x) if fraction else convert_to_tensor(x))

    return _named(apply, function)


def _of_two(function: Callable[..., Any], fraction: bool = False) -> Callable[[Any, Any], Any]:
    def apply(x1: Any, x2: Any) -> Any:
        a, b = _pair(x1, x2)
        return function(_fraction(a), b) if fraction else function(a, b)

    return _named(apply, function)


def _named(apply: Any, function: Any) -> Any:
    apply.__name__ = apply.__qualname__ = function.__name__
    apply.__doc__ = f"As `numpy.{function.__name__}`."
    return apply


abs = absolute = _of_one(np.absolute)
ceil = _of_one(np.ceil, True)
exp = _of_one(np.exp, True)
floor = _of_one(np.floor, True)
isfinite = _of_one(np.isfinite)
isnan = _of_one(np.isnan)
log = _of_one(np.log, True)
logical_not = _of_one(np.logical_not)
sign = _of_one(np.sign)
sqrt = _of_one(np.sqrt, True)
square = _of_one(np.square)

add = _of_two(np.add)
divide = _of_two(np.divide, True)
equal = _of_two(np.equal)
greater = _of_two(np.greater)
greater_equal = _of_two(np.greater_equal)
less = _of_two(np.less)
less_equal = _of_two(np.less_equal)
logical_and = _of_two(np.logical_and)
logical_or = _of_two(np.logical_or)
maximum = _of_two(np.maximum)
minimum = _of_two(np.minimum)
mod = _of_two(np.mod)
multiply = _of_two(np.multiply)
not_equal = _of_two(np.not_equal)
power = _of_two(np.power)
subtract = _of_two(np.subtract)


def divide_no_nan(x1: Any, x2: Any) -> Any:
    """The quotient, 0 where `x2` is."""
    a, b = np.broadcast_arrays(*_pair(_fraction(x1), x2))
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)[()]


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """The numbers of x, those below `x_min` or above `x_max` replaced by these."""
    return np.clip(convert_to_tensor(x), x_min, x_max)


def round(x: Any, decimals: int = 0) -> Any:
    """Each number to so many decimals; halves go to the even neighbour, as in NumPy."""
    return np.round(convert_to_tensor(x), decimals)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """`x1` where the condition holds, `x2` elsewhere; without them the indices where it holds, an array an axis."""
    return np.where(condition) if x1 is None and x2 is None else np.where(condition, *_pair(x1, x2))


# --- along axes ---


def _reduction(function: Callable[..., Any], fraction: bool = False) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        array = _fraction(x) if fraction else convert_to_tensor(x)
        axes = tuple(axis) if isinstance(axis, (list, tuple)) else axis
        return function(array, axis=axes, keepdims=keepdims)

    return _named(reduce, function)


all = _reduction(np.all)
any = _reduction(np.any)
argmax = _reduction(np.argmax)
argmin = _reduction(np.argmin)
max = _reduction(np.max)
mean = _reduction(np.mean, True)
min = _reduction(np.min)
prod = _reduction(np.prod)
std = _reduction(np.std, True)
sum = _reduction(np.sum)
var = _reduction(np.var, True)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Sums of all numbers up to each, along an axis, or of the flattened array."""
    return np.cumsum(convert_to_tensor(x), axis, dtype)


# --- of shapes ---


def reshape(x: Any, newshape: int | Sequence[int]) -> Any:
    """The same numbers in another shape; one of its sizes may be -1. ValueError if they do not fit."""
    return np.reshape(convert_to_tensor(x), newshape)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order; without `axes` the last one first."""
    return np.transpose(convert_to_tensor(x), axes)


def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """A new axis of length 1 in each of these places."""
    return np.expand_dims(convert_to_tensor(x), tuple(axis) if isinstance(axis, (list, tuple)) else axis)  # type: ignore[arg-type]


def squeeze(x: Any, axis: Axis = None) -> Any:
    """Without axes of length 1: all of them, or these. ValueError for an axis of another length."""
    return np.squeeze(convert_to_tensor(x), tuple(axis) if isinstance(axis, (list, tuple)) else axis)  # type: ignore[arg-type]


def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """Arrays joined along an axis that they have. ValueError if other axes differ."""
    return np.concatenate([convert_to_tensor(x) for x in xs], axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis."""
    return np.stack([convert_to_tensor(entry) for entry in x], axis)
