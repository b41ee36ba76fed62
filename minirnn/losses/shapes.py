"""How targets, predictions, weights and masks are brought to the shapes that belong together, by Keras's rules.

Where one of two arrays has one axis more, a last one of length 1, it is added to the other or dropped. Nothing else is
stretched, but weights and masks, which may be given for each sample or for each entry of more leading axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn import config

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)  # of which there is usually one object each


def floating(values: ArrayLike) -> NDArray[Any]:
    """Return an array of float32 or float64: as it is, or converted to the default dtype."""
    if type(values) is np.ndarray and (values.dtype is _FLOAT32 or values.dtype is _FLOAT64):
        return values
    array = np.asarray(values)
    kept = hasattr(values, "dtype") and array.dtype.kind == "f" and array.dtype.itemsize in (4, 8)
    return array.astype(array.dtype.newbyteorder("=") if kept else config.floatx(), copy=False)


def same_rank(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where one array has one axis more, a last one of length 1, add it to the other (of rank 1) or drop it."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[..., None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[..., None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def aligned(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both as arrays of one shape and of y_pred's dtype; ValueError if they do not belong together."""
    p = floating(y_pred)
    y = np.asarray(y_true, p.dtype)
    if y.ndim != p.ndim:
        y, p = same_rank(y, p)
    if y.shape != p.shape:
        raise ValueError(f"y_true has shape {y.shape} but y_pred {p.shape}: give one true value for each predicted one")
    if p.ndim == 0:
        raise ValueError(f"y_pred is the single number {p}, expected an array with an axis of outputs")
    return y, p


def rows(array: NDArray[Any]) -> NDArray[Any]:
    """Return (.., N) as (R, N), laid out as kernels want it."""
    array = np.ascontiguousarray(array)
    if not array.flags.aligned:
        array = array.copy()
    return array if array.ndim == 2 else array.reshape(-1, array.shape[-1])


def spread(value: ArrayLike, shape: tuple[int, ...], name: str = "sample_weight") -> NDArray[Any]:
    """Return weights or a mask of the leading axes of `shape` as a float64 array of all of it; ValueError otherwise."""
    given = np.asarray(value, np.float64)
    array = given
    if array.ndim == len(shape) + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    array = array.reshape(array.shape + (1,) * (len(shape) - array.ndim))
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name} has shape {given.shape}, the values {shape}: give one for each sample") from None
