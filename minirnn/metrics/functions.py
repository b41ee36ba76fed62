"""The metrics as functions of two arrays: one value per prediction, averaged over time and batch by the classes.

`y_true` and `y_pred` are arrays of any rank >= 1, alike in shape; where one lacks the last axis of length 1, it is
added, as Keras does. Any other difference of shape is a ValueError: nothing is broadcast. The arithmetic is done in the
dtype of `y_pred`, sums in float64.

With `...` for the leading axes, all functions map `(..., n), (..., n)` to `(...)`, but the accuracies of single values
(`accuracy`, `binary_accuracy`) map `(..., n), (..., n)` to `(..., n)`, and the sparse ones take `y_true` of shape
`(...)` or `(..., 1)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Keras's "fuzz factor": probabilities are kept this far from 0 and 1, denominators from 0.
EPSILON = 1e-7


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean((y_true - y_pred)^2)"""
    y_true, y_pred = aligned(y_true, y_pred)
    return _mean(np.square(y_true - y_pred))


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean(|y_true - y_pred|)"""
    y_true, y_pred = aligned(y_true, y_pred)
    return _mean(np.abs(y_true - y_pred))


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """100 mean(|y_true - y_pred| / max(|y_true|, epsilon))"""
    y_true, y_pred = aligned(y_true, y_pred)
    floor = y_pred.dtype.type(EPSILON)
    return 100.0 * _mean(np.abs((y_true - y_pred) / np.maximum(np.abs(y_true), floor)))


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean((log(1 + y_true) - log(1 + y_pred))^2), both kept from falling below epsilon"""
    y_true, y_pred = aligned(y_true, y_pred)
    floor = y_pred.dtype.type(EPSILON)
    return _mean(np.square(np.log(np.maximum(y_pred, floor) + 1) - np.log(np.maximum(y_true, floor) + 1)))


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> NDArray[Any]:
    """mean(e^2 / 2) where |e| <= delta, mean(delta |e| - delta^2 / 2) elsewhere, e = y_true - y_pred (Huber 1964)"""
    y_true, y_pred = aligned(y_true, y_pred)
    error = np.abs(y_true - y_pred)
    return _mean(np.where(error <= delta, 0.5 * np.square(error), delta * error - 0.5 * delta**2))


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """1 where y_true equals y_pred exactly, else 0"""
    y_true, y_pred = aligned(y_true, y_pred)
    return (y_true == y_pred).astype(np.float64)


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> NDArray[Any]:
    """1 where y_pred lies on y_true's side of the threshold, else 0; y_true is 0 or 1"""
    y_true, y_pred = aligned(y_true, y_pred)
    return (y_true == (y_pred > threshold)).astype(np.float64)


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """1 where the largest entry of y_pred (..., classes) is the largest of y_true (..., classes), else 0"""
    y_true, y_pred = aligned(y_true, y_pred)
    return (y_true.argmax(axis=-1) == y_pred.argmax(axis=-1)).astype(np.float64)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """1 where the largest entry of y_pred (..., classes) is number y_true (...) or (..., 1), else 0"""
    labels, y_pred = _labels(y_true, y_pred)
    return (labels == y_pred.argmax(axis=-1)).astype(np.float64)


def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> NDArray[Any]:
    """-mean(y_true log p + (1 - y_true) log(1 - p)), p = y_pred, or its sigmoid if `from_logits`"""
    y_true, y_pred = aligned(y_true, y_pred)
    y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        # log p = -log(1 + exp(-a)), in the form that does not overflow.
        return _mean(np.maximum(y_pred, 0) - y_pred * y_true + np.log1p(np.exp(-np.abs(y_pred))))
    p = _clipped(y_pred)
    return -_mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))


def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> NDArray[Any]:
    """-sum(y_true log p), p = y_pred (..., classes) scaled to sum 1, or its softmax if `from_logits`"""
    y_true, y_pred = aligned(y_true, y_pred)
    y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    if from_logits:
        log_p = _log_softmax(y_pred)
    else:
        log_p = np.log(_clipped(y_pred / y_pred.sum(axis=-1, keepdims=True)))
    return -np.add.reduce(y_true * log_p, axis=-1, dtype=np.float64)


def sparse_categorical_crossentropy(y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False) -> NDArray[Any]:
    """-log p of class number y_true, p = y_pred (..., classes) scaled to sum 1, or its softmax if `from_logits`"""
    labels, y_pred = _labels(y_true, y_pred)
    classes = y_pred.shape[-1]
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        bad = labels[(labels < 0) | (labels >= classes)].flat[0]
        raise ValueError(f"y_true holds the label {bad}, but y_pred has {classes} classes: 0 .. {classes - 1}")
    log_p = _log_softmax(y_pred if from_logits else np.log(_clipped(y_pred)))
    return -np.take_along_axis(log_p, labels[..., None], axis=-1)[..., 0].astype(np.float64)


def aligned(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both as floating arrays of one shape, or raise ValueError if their shapes do not belong together."""
    y_pred = _floating(y_pred)
    y_true = np.asarray(y_true, y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"y_true has shape {y_true.shape} but y_pred {y_pred.shape}: give one true value for each predicted one"
        )
    return y_true, y_pred


def same_rank(a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where one array has one axis more, a last one of length 1, add it to the other (of rank 1) or drop it."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[..., None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[..., None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def _floating(values: ArrayLike) -> NDArray[Any]:
    values = np.asarray(values, None if hasattr(values, "dtype") else np.float32)
    return values if values.dtype.kind == "f" and values.itemsize >= 4 else values.astype(np.float32)


def _labels(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    y_pred = _floating(y_pred)
    labels = np.asarray(y_true).astype(np.int64)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != y_pred.shape[:-1]:
        raise ValueError(f"labels have shape {labels.shape} but y_pred {y_pred.shape}: give one label per prediction")
    return labels, y_pred


def _mean(values: NDArray[Any]) -> NDArray[Any]:
    return np.add.reduce(values, axis=-1, dtype=np.float64) / values.shape[-1]


def _clipped(p: NDArray[Any]) -> NDArray[Any]:
    return np.clip(p, p.dtype.type(EPSILON), p.dtype.type(1.0 - EPSILON))


def _log_softmax(a: NDArray[Any]) -> NDArray[Any]:
    a = a - a.max(axis=-1, keepdims=True)
    return a - np.log(np.exp(a).sum(axis=-1, keepdims=True))
