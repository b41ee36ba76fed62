"""The area under a curve that is drawn by the thresholds: ROC, precision-recall, or precision-recall gain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.boundary import whole
from minirnn.choices import one_of
from minirnn.kernels.losses import EPSILON
from minirnn.losses.shapes import aligned, spread
from minirnn.metrics.confusion import ConfusionMetric
from minirnn.metrics.thresholds import Thresholds, checked, grid, is_even, ratio

_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


class AUC(ConfusionMetric):
    """Area under a curve through the points of all thresholds, of probabilities (or logits, with `from_logits`).

    `curve` is "ROC" (recall over false positive rate), "PR" (precision over recall) or "PRGAIN" (Flach & Kull 2015).
    `summation_method` joins the points: "interpolation" (trapezoids; for PR the exact curve between points of Davis &
    Goadrich 2006), "minoring" (the lower of two) or "majoring" (the higher). `thresholds` replaces the grid of
    `num_thresholds`. With `multi_label`, arrays are (samples, labels), each label has its own area, and the result is
    their mean weighted by `label_weights`; without, those weigh predictions by their last axis.
    """

    direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: ArrayLike | None = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = one_of(str(curve).upper(), "curve", _CURVES)
        self.summation_method = one_of(str(summation_method).lower(), "summation_method", _METHODS)
        self._given = None if thresholds is None else sorted(checked(thresholds, 0.5))
        inner = grid(whole(num_thresholds, "num_thresholds", 2))[1:-1] if self._given is None else self._given
        self.num_thresholds = len(inner) + 2
        if num_labels is not None and not multi_label:
            raise ValueError(f"num_labels={num_labels} is for multi_label=True only: leave it out")
        self.multi_label, self.num_labels, self.from_logits = bool(multi_label), num_labels, bool(from_logits)
        self.label_weights = None if label_weights is None else np.asarray(label_weights, np.float64)
        even = self._given is None or is_even(np.array([0.0, *inner, 1.0]))
        # The outermost thresholds lie beyond 0 and 1: the curve reaches both ends.
        super().__init__(Thresholds([-EPSILON, *inner, 1.0 + EPSILON], even), name, dtype)

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, the outermost beyond 0 and 1."""
        return self._thresholds.values.tolist()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        y, p = aligned(y_true, np.asarray(y_pred, self.dtype))
        labels = self.num_labels or p.shape[-1]
        if self.multi_label and (p.ndim != 2 or p.shape[1] != labels):
            raise ValueError(f"{self.name} of several labels needs (samples, {labels}), got shape {p.shape}")
        if self.label_weights is not None and self.label_weights.shape != p.shape[-1:]:
            raise ValueError(f"label_weights have shape {self.label_weights.shape}, the predictions {p.shape}")
        if self.from_logits:
            p = _sigmoid(p)
        weights = np.ones(p.shape) if sample_weight is None else spread(sample_weight, p.shape)
        if self.label_weights is not None and not self.multi_label:
            weights = weights * self.label_weights
        self._count(y, p, weights, self.multi_label)

    def reset_state(self) -> None:
        super().reset_state()
        if self.multi_label:
            shape = (self.num_thresholds, self.num_labels or 1)
            self.true_positives, self.false_positives = np.zeros(shape), np.zeros(shape)
            self.true_negatives, self.false_negatives = np.zeros(shape), np.zeros(shape)

    def result(self) -> float:
        if self.curve == "PR" and self.summation_method == "interpolation":
            parts = self._interpolated_pr()
        else:
            x, y = self._points()
            parts = (x[:-1] - x[1:]) * self._heights(y[:-1], y[1:])
        areas = parts.sum(axis=0)
        if self.label_weights is None or not self.multi_label:
            return float(areas.mean())
        return float(ratio((areas * self.label_weights).sum(), self.label_weights.sum()))

    def _points(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The curve, (thresholds, ..) each, from the lowest threshold to the highest."""
        if self.curve == "ROC":
            return ratio(self.false_positives, self.false_positives + self.true_negatives), self._recalls()
        if self.curve == "PR":
            return self._recalls(), self._precisions()
        hits = self.true_positives
        odds = ratio(hits + self.false_negatives, self.true_negatives + self.false_positives)
        recall_gain = np.where(hits == 0, 0.0, 1.0 - odds * ratio(self.false_negatives, hits))
        precision_gain = np.where(hits == 0, 1.0, 1.0 - odds * ratio(self.false_positives, hits))
        return np.maximum(recall_gain, 0.0), precision_gain

    def _heights(self, left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        if self.summation_method == "interpolation":
            return (left + right) / 2.0
        return np.minimum(left, right) if self.summation_method == "minoring" else np.maximum(left, right)

    def _interpolated_pr(self) -> NDArray[Any]:
        """Between two thresholds TP grows by a constant slope with P = TP + FP: TP = intercept + slope P.

        The integral of TP / P over dTP is then slope (dTP + intercept log(P_left / P_right)), in units of all true.
        """
        hits, calls = self.true_positives, self.true_positives + self.false_positives
        d_hits, d_calls = hits[:-1] - hits[1:], calls[:-1] - calls[1:]
        slope = ratio(d_hits, np.maximum(d_calls, 0))
        intercept = hits[1:] - slope * calls[1:]
        growth = np.where((calls[:-1] > 0) & (calls[1:] > 0), ratio(calls[:-1], np.maximum(calls[1:], 0)), 1.0)
        return ratio(slope * (d_hits + intercept * np.log(growth)), hits[1:] + self.false_negatives[1:])

    def get_config(self) -> dict[str, Any]:
        weights = self.label_weights
        config = super().get_config() | {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.tolist(),
            "from_logits": self.from_logits,
        }
        return config if self._given is None else config | {"thresholds": self._given}


def _sigmoid(a: NDArray[Any]) -> NDArray[Any]:
    small = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + small), small / (1 + small))
