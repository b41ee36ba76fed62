"""Classes as one-hot rows, and vectors of length 1."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_numbers, whole
from minirnn.compat import spelling
from minirnn.targets import as_labels


@spelling.accepts_older(spelling.CATEGORIES)
def to_categorical(x: Any, num_classes: int | None = None) -> NDArray[np.float64]:
    """Return class numbers as rows of zeros with a one at the place of the class.

    >>> print(to_categorical([0, 2, 1]))
    [[1. 0. 0.]
     [0. 0. 1.]
     [0. 1. 0.]]

    Args:
        x: whole numbers from 0, of any shape; a last axis of length 1 is dropped, (n, 1) is taken as (n,).
        num_classes: length of the rows, by default the highest class + 1.

    Returns:
        (.., num_classes), float64.

    Better than Keras: -1 and 1.5 are refused (Keras makes them the last class and 1).

    Raises:
        TypeError: what holds no numbers, `num_classes` that is no whole number.
        ValueError: a label that is not whole or not from 0 to `num_classes` - 1, no label, `num_classes` below 1.
    """
    single = isinstance(x, (numbers.Number, np.bool_))
    if num_classes is not None:
        num_classes = whole(num_classes, "num_classes")
    labels = as_labels([x] if single else x, num_classes, "x")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = int(labels.max()) + 1 if num_classes is None else num_classes
    rows = np.zeros((labels.size, classes))
    rows[np.arange(labels.size), labels.reshape(-1)] = 1.0
    return rows[0] if single else rows.reshape(*labels.shape, classes)


@spelling.names_nearest
def normalize(x: Any, axis: int = -1, order: float = 2) -> NDArray[Any]:
    """Return vectors divided by their norm; zeros stay zeros.

    >>> print(normalize([[3.0, 4.0], [0.0, 0.0]]))
    [[0.6 0.8]
     [0.  0. ]]

    Args:
        x: array of numbers with at least one axis.
        axis: the axis along which a vector lies.
        order: of the norm: 2 is the length, 1 the sum of absolute values, `np.inf` the greatest of them.

    Returns:
        A new array of the shape of x: float32 of float32, float64 of whole numbers.

    Better than Keras, which takes axis=0 for -1 when it divides: an error, or of a square array wrong numbers.

    Raises:
        TypeError: what holds no numbers, an `axis` that is no whole number.
        ValueError: an axis that x does not have, an order that is no number above 0.
    """
    array = as_numbers(x, "x")
    place = whole(axis, "axis", -array.ndim)
    if place >= array.ndim:
        raise ValueError(f"axis must be below {array.ndim}, the number of axes of x, got {axis}")
    if isinstance(order, bool) or not isinstance(order, numbers.Real) or not order > 0:
        raise ValueError(f"order must be a number above 0, got {order!r:.60}")
    if array.dtype.kind == "b":
        array = array.astype(np.float64)
    norm = np.linalg.norm(array, float(order), place, keepdims=True)
    return array / np.where(norm == 0, norm.dtype.type(1), norm)
