"""R2: the share of the variance of the truth that the predictions explain."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.boundary import whole
from minirnn.choices import one_of
from minirnn.losses.shapes import aligned, spread
from minirnn.metrics.metric import Metric

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """1 - sum((y_true - y_pred)^2) / sum((y_true - mean)^2) of each output, for arrays (samples, outputs).

    `class_aggregation` is "uniform_average" (their mean), "variance_weighted_average" or None (an array of all). With
    `num_regressors` p > 0 it is adjusted: 1 - (1 - R2) (n - 1) / (n - p - 1). As in Keras, n is the number of entries
    seen, an output that never varies but is missed scores 0, and one that is met exactly scores NaN.
    """

    direction = "up"
    sum: NDArray[np.float64]
    squared_sum: NDArray[np.float64]
    residual: NDArray[np.float64]
    count: NDArray[np.float64]

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self.class_aggregation = one_of(class_aggregation, "class_aggregation", _AGGREGATIONS)
        self.num_regressors = whole(num_regressors, "num_regressors", 0)
        self.reset_state()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        y, p = aligned(y_true, y_pred)
        if p.ndim != 2:
            raise ValueError(f"{self.name} needs y_true and y_pred of shape (samples, outputs), got {p.shape}")
        y, p = y.astype(np.float64), p.astype(np.float64)
        weights = np.ones(y.shape) if sample_weight is None else spread(sample_weight, y.shape)
        self.sum = self.sum + (weights * y).sum(axis=0)
        self.squared_sum = self.squared_sum + (weights * y * y).sum(axis=0)
        self.residual = self.residual + (weights * (y - p) ** 2).sum(axis=0)
        self.count = self.count + weights.sum(axis=0)
        self.num_samples += y.size

    def result(self) -> Any:
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = self.squared_sum - self.sum * (self.sum / self.count)
            scores: Any = 1.0 - self.residual / variance
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "variance_weighted_average":
                scores = (variance * scores).sum() / variance.sum()
            elif self.class_aggregation == "uniform_average":
                scores = scores.mean()
        if self.num_regressors:
            scores = self._adjusted(scores)
        return scores if self.class_aggregation is None else float(scores)

    def _adjusted(self, scores: Any) -> Any:
        free = self.num_samples - self.num_regressors - 1
        if free <= 0:
            seen = f"{self.num_samples} values for {self.num_regressors} regressors"
            warnings.warn(f"{self.name}: {seen} are too few to adjust R2; it stays as it is", stacklevel=3)
            return scores
        return 1.0 - (1.0 - scores) * (self.num_samples - 1) / free

    def reset_state(self) -> None:
        # One number for each output, once the first batch has shown how many there are.
        self.sum = self.squared_sum = self.residual = self.count = np.zeros(())
        self.num_samples = 0

    def get_config(self) -> dict[str, Any]:
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return super().get_config() | own
