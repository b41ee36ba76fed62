"""Correlations: how far predictions rise and fall with the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn import config
from minirnn.losses.shapes import aligned
from minirnn.metrics.reduction import MeanMetricWrapper


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[Any]:
    """mean((y - mean(y)) (p - mean(p))) / (std(y) std(p)) along `axis`; NaN where either does not vary"""
    y, p = aligned(y_true, y_pred)
    y, p = (array - array.mean(axis=axis, keepdims=True) for array in (y, p))
    with np.errstate(invalid="ignore", divide="ignore"):
        y, p = (array / array.std(axis=axis, keepdims=True) for array in (y, p))
    return (y * p).mean(axis=axis)


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[Any]:
    """2 cov(y, p) / (var(y) + var(p) + (mean(y) - mean(p))^2 + 1e-7) along `axis`: 1 only if both are the same"""
    y, p = aligned(y_true, y_pred)
    y_mean, p_mean = (array.mean(axis=axis, keepdims=True) for array in (y, p))
    spread = y.var(axis=axis, keepdims=True) + p.var(axis=axis, keepdims=True) + np.square(y_mean - p_mean)
    return (2 * (y - y_mean) * (p - p_mean) / (spread + config.epsilon())).mean(axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """The mean over samples of Pearson's correlation of y_true and y_pred along `axis`, from -1 to 1."""

    direction = "up"

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean over samples of the concordance correlation (Lin 1989) of y_true and y_pred along `axis`."""

    direction = "up"

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
