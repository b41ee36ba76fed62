"""F scores: the weighted harmonic mean of precision and recall of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.choices import one_of
from minirnn.kernels.losses import EPSILON
from minirnn.losses.shapes import aligned, spread
from minirnn.metrics.metric import Metric

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall), for arrays (samples, classes) of 0 and 1 and scores.

    A class is predicted where its score exceeds `threshold`, or without one where it is the largest of its row. The
    result is an array of one score for each class, or their average: "macro" (plain), "weighted" (by how often a class
    is true) or "micro" (of all classes counted together). (van Rijsbergen 1979)
    """

    direction = "up"
    true_positives: NDArray[np.float64]
    false_positives: NDArray[np.float64]
    false_negatives: NDArray[np.float64]

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if not beta > 0:
            raise ValueError(f"beta must be above 0, got {beta!r}")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(f"threshold must lie above 0 and not above 1, got {threshold!r}")
        self.average, self.beta = one_of(average, "average", _AVERAGES), float(beta)
        self.threshold = None if threshold is None else float(threshold)
        self.reset_state()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        y, p = aligned(y_true, np.asarray(y_pred, self.dtype))
        if p.ndim != 2:
            raise ValueError(f"{self.name} needs y_true and y_pred of shape (samples, classes), got {p.shape}")
        weights = np.ones(p.shape) if sample_weight is None else spread(sample_weight, p.shape)
        predicted = self._predicted(p).astype(np.float64)
        axis = None if self.average == "micro" else 0
        self.true_positives = self.true_positives + (weights * predicted * y).sum(axis)
        self.false_positives = self.false_positives + (weights * predicted * (1 - y)).sum(axis)
        self.false_negatives = self.false_negatives + (weights * (1 - predicted) * y).sum(axis)

    def _predicted(self, p: NDArray[Any]) -> NDArray[np.bool_]:
        if self.threshold is not None:
            return p > p.dtype.type(self.threshold)
        return (p >= p.max(axis=-1, keepdims=True)) & (np.abs(p) > 1e-9)

    def result(self) -> Any:
        hits = self.true_positives
        precision = hits / (hits + self.false_positives + EPSILON)
        recall = hits / (hits + self.false_negatives + EPSILON)
        scores = precision * recall / (self.beta**2 * precision + recall + EPSILON) * (1 + self.beta**2)
        if self.average is None:
            return scores
        if self.average == "weighted":
            true = hits + self.false_negatives
            return float((scores * true / (true.sum() + EPSILON)).sum())
        return float(scores.mean())

    def reset_state(self) -> None:
        # One number for each class, once the first batch has shown how many there are.
        self.true_positives = self.false_positives = self.false_negatives = np.zeros(())

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """2 precision recall / (precision + recall): FBetaScore with a beta of 1."""

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
