"""Metrics of numbers: how far the predictions are from the truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minirnn import losses
from minirnn.losses.shapes import aligned
from minirnn.metrics.reduction import Mean, MeanLoss


class MeanSquaredError(MeanLoss):
    """mean((y_true - y_pred)^2)"""

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.MeanSquaredError(), name, dtype)


class MeanAbsoluteError(MeanLoss):
    """mean(|y_true - y_pred|)"""

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.MeanAbsoluteError(), name, dtype)


class MeanAbsolutePercentageError(MeanLoss):
    """100 mean(|y_true - y_pred| / |y_true|), with a y_true of 0 taken as 1e-7"""

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.MeanAbsolutePercentageError(), name, dtype)


class MeanSquaredLogarithmicError(MeanLoss):
    """mean((log(1 + y_true) - log(1 + y_pred))^2)"""

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.MeanSquaredLogarithmicError(), name, dtype)


class LogCoshError(MeanLoss):
    """mean(log(cosh(y_pred - y_true)))"""

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.LogCosh(), name, dtype)


class CosineSimilarity(MeanLoss):
    """The mean cosine of the angle between y_true and y_pred along `axis`; the loss of this name has the other sign."""

    direction = "up"
    sign = -1.0

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(losses.CosineSimilarity(axis), name, dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self._loss.axis}


class RootMeanSquaredError(Mean):
    """sqrt(mean((y_true - y_pred)^2)), the root taken over everything seen, not batch by batch"""

    direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self._loss = losses.MeanSquaredError()

    def update_state(  # type: ignore[override]
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        y, p = aligned(y_true, y_pred)
        if sample_weight is None and p.ndim > 1:
            self._add_rows(self._loss.total(y, p), p.shape)
        else:
            super().update_state(np.square(y - p), sample_weight)

    def result(self) -> float:
        return math.sqrt(super().result())
