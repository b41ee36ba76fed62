"""The boundary of training: targets, class numbers and sample weights become clean arrays, or one line says why not.

`minirnn.boundary` says what clean is, and which errors there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minirnn.boundary import (
    as_input,
    as_numbers,
    check_finite,
    first_where,
    fits,
    readable,
    shown,
)


def as_target(
    value: Any,
    output_shape: tuple[int | None, ...],
    dtype: DTypeLike = "float32",
    sparse: bool = False,
    name: str = "y",
    one_hot: bool = False,
) -> NDArray[Any]:
    """Return the targets of predictions of `output_shape` (batch, .., outputs), as a clean array of that shape.

    A last axis of length 1 may be missing, (n,) for (n, 1), or be one too many, (n, 1, 1) for (n, 1), as in Keras.
    Nothing else is stretched. With `sparse` the targets are class numbers, whole and from 0 to outputs - 1: of shape
    (batch, ..) or (batch, .., 1), and returned as int64 of the latter. `one_hot` says that the loss is one of classes.

    Raises as `as_input` does, and ValueError for another shape or a label out of range.
    """
    if type(value) is np.ndarray and value.shape == output_shape and not sparse:
        return as_input(value, name, dtype)
    array = as_numbers(value, name)
    expected = (*output_shape[:-1], 1) if sparse else tuple(output_shape)
    if expected[-1] == 1 and array.ndim == len(expected) - 1:
        array = array[..., None]
    elif array.ndim == len(expected) + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    if not fits(array.shape, expected):
        what = "class numbers" if sparse else "the model's outputs"
        hint = _other_labels(array, tuple(output_shape), sparse, one_hot)
        raise ValueError(f"{name}: got shape {np.shape(value)}, expected {readable(expected)} as {what} have{hint}")
    return _as_labels(array, output_shape[-1], name) if sparse else as_input(array, name, dtype)


def as_sample_weight(
    value: Any, shape: tuple[int, ...], dtype: DTypeLike = "float64", name: str = "sample_weight"
) -> NDArray[Any]:
    """Return weights as a clean array of `dtype`; `shape` is the outputs' without their last axis: (batch, ..).

    One weight a sample, (batch,) or (batch, 1), or one for each entry of `shape`. Raises as `as_input` does, and
    ValueError for a negative weight.
    """
    array = as_input(value, name, dtype)
    if array.ndim == 2 and array.shape[1] == 1 and len(shape) == 1:
        array = array[:, 0]
    if array.shape not in (shape[:1], shape):
        allowed = " or ".join(dict.fromkeys(str(tuple(s)) for s in (shape[:1], shape)))
        raise ValueError(f"{name}: got shape {array.shape}, expected {allowed}, one weight for each sample")
    if array.min() < 0:
        where = first_where(array < 0)
        raise ValueError(f"{name}: got {array[where]} at index {shown(where)}, expected weights of at least 0")
    return array


def as_labels(value: Any, classes: int | None = None, name: str = "y") -> NDArray[Any]:
    """Return class numbers, whole and from 0 to `classes` - 1, as int64 in their own shape.

    Raises as `as_input` does, and ValueError for a label that is not whole or out of range.
    """
    return _as_labels(as_numbers(value, name), classes, name)


def _as_labels(array: NDArray[Any], classes: int | None, name: str) -> NDArray[Any]:
    if array.size == 0:
        raise ValueError(f"{name}: got an empty array of shape {array.shape}, expected at least one label")
    check_finite(array, name)
    labels = array.astype(np.int64)
    wrong = (labels != array) | (labels < 0)
    if classes is not None:
        wrong |= labels >= classes
    if wrong.any():
        where = first_where(wrong)
        top = "" if classes is None else f" to {classes - 1}"
        raise ValueError(
            f"{name}: got the label {array[where]} at index {shown(where)}, expected whole numbers from 0{top}"
        )
    return np.ascontiguousarray(labels)


def _other_labels(array: NDArray[Any], output_shape: tuple[int | None, ...], sparse: bool, one_hot: bool) -> str:
    """A word on the other kind of labels, if the array seems to hold them."""
    if sparse and array.ndim > 1 and fits(array.shape, output_shape):
        return "; for one-hot y take categorical_crossentropy, or pass y.argmax(-1)"
    if one_hot and (fits(array.shape, output_shape[:-1]) or fits(array.shape, (*output_shape[:-1], 1))):
        return "; for class numbers take sparse_categorical_crossentropy, or pass utils.to_categorical(y)"
    return ""
