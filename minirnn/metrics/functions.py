"""The metrics as functions of two arrays: one value per prediction, averaged over time and batch by the classes.

The losses among them are those of `minirnn.losses`: they map `(.., n), (.., n)` to `(..)`. So do the accuracies of
classes; those of single values (`accuracy`, `binary_accuracy`) map `(.., n), (.., n)` to `(.., n)`, and the sparse ones
take `y_true` of shape `(..)` or `(.., 1)`. Where an array lacks a last axis of length 1 it is added; any other
difference of shape is a ValueError.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from minirnn.losses.shapes import aligned, floating

__all__ = [
    "accuracy", "binary_accuracy", "binary_crossentropy", "binary_focal_crossentropy", "categorical_accuracy",
    "categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge", "hinge", "huber",
    "kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "poisson", "sparse_categorical_accuracy", "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy", "squared_hinge", "top_k_categorical_accuracy",
]  # fmt: skip


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """1 where y_true equals y_pred exactly, else 0"""
    y_true, y_pred = aligned(y_true, y_pred)
    return (y_true == y_pred).astype(np.float64)


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> NDArray[Any]:
    """1 where y_pred lies on y_true's side of the threshold, else 0; y_true is 0 or 1"""
    y_true, y_pred = aligned(y_true, y_pred)
    return (y_true == (y_pred > threshold)).astype(np.float64)


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """1 where the largest entry of y_pred (.., classes) is the largest of y_true (.., classes), else 0"""
    y_true, y_pred = aligned(y_true, y_pred)
    return (y_true.argmax(axis=-1) == y_pred.argmax(axis=-1)).astype(np.float64)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """1 where the largest entry of y_pred (.., classes) is number y_true (..) or (.., 1), else 0"""
    labels, y_pred = _labels(y_true, floating(y_pred))
    return (labels == y_pred.argmax(axis=-1)).astype(np.float64)


def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> NDArray[Any]:
    """1 where fewer than k entries of y_pred (.., classes) exceed that of y_true's class, one-hot, else 0"""
    y_true, y_pred = aligned(y_true, y_pred)
    return _in_top(y_true.argmax(axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> NDArray[Any]:
    """1 where fewer than k entries of y_pred (.., classes) exceed entry number y_true (..) or (.., 1), else 0

    With `from_sorted_ids`, y_pred (.., n) holds class numbers, best first: 1 where y_true is among the first k.
    """
    labels, y_pred = _labels(y_true, floating(y_pred))
    if from_sorted_ids:
        return (labels[..., None] == y_pred[..., :k]).any(axis=-1).astype(np.float64)
    return _in_top(labels, y_pred, k)


def _in_top(labels: NDArray[np.int64], p: NDArray[Any], k: int) -> NDArray[np.float64]:
    """As TensorFlow's in_top_k: equal entries all count as in; NaN, infinity and labels that are no class as out."""
    known = (labels >= 0) & (labels < p.shape[-1]) & np.isfinite(p).all(axis=-1)
    chosen = np.take_along_axis(p, np.where(known, labels, 0)[..., None], axis=-1)
    return (known & ((p > chosen).sum(axis=-1) < k)).astype(np.float64)


def _labels(y_true: ArrayLike, y_pred: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    labels = np.asarray(y_true).astype(np.int64)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != y_pred.shape[:-1]:
        raise ValueError(f"labels have shape {labels.shape} but y_pred {y_pred.shape}: give one label per prediction")
    return labels, y_pred
