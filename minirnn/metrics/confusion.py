"""Metrics that count hits and misses at thresholds: true and false positives and negatives, precision, recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.boundary import whole
from minirnn.losses.shapes import aligned, spread
from minirnn.metrics.metric import Metric
from minirnn.metrics.thresholds import BELOW_ALL, Thresholds, checked, keep_top, ratio


class ConfusionMetric(Metric):
    """The base of all: counts at each threshold, summed over batches in float64.

    Arrays of any equal shape; y_true counts as true where it is not 0, y_pred as positive where it exceeds a threshold.
    Predictions are compared in `dtype`.
    """

    top_k: int | None = None
    class_id: int | None = None
    true_positives: NDArray[np.float64]
    false_positives: NDArray[np.float64]
    true_negatives: NDArray[np.float64]
    false_negatives: NDArray[np.float64]

    def __init__(self, thresholds: Thresholds, name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        self._thresholds = thresholds
        self.reset_state()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        y, p = aligned(y_true, np.asarray(y_pred, self.dtype))
        if self.top_k is not None:
            p = keep_top(p, self.top_k)
        if self.class_id is not None:
            y, p = _one_class(y, self.class_id), _one_class(p, self.class_id)
        self._count(y, p, np.ones(p.shape) if sample_weight is None else spread(sample_weight, p.shape))

    def _count(self, y: NDArray[Any], p: NDArray[Any], weights: NDArray[Any], by_label: bool = False) -> None:
        counts = self._thresholds.confusion(y, p, weights, by_label)
        self.true_positives = self.true_positives + counts.true_positives
        self.false_positives = self.false_positives + counts.false_positives
        self.true_negatives = self.true_negatives + counts.true_negatives
        self.false_negatives = self.false_negatives + counts.false_negatives

    def reset_state(self) -> None:
        shape = len(self._thresholds)
        self.true_positives, self.false_positives = np.zeros(shape), np.zeros(shape)
        self.true_negatives, self.false_negatives = np.zeros(shape), np.zeros(shape)

    def _precisions(self) -> NDArray[Any]:
        return ratio(self.true_positives, self.true_positives + self.false_positives)

    def _recalls(self) -> NDArray[Any]:
        return ratio(self.true_positives, self.true_positives + self.false_negatives)

    def _specificities(self) -> NDArray[Any]:
        return ratio(self.true_negatives, self.true_negatives + self.false_positives)


class _AtThresholds(ConfusionMetric):
    """One number for one threshold, an array for several."""

    def __init__(
        self, thresholds: float | Sequence[float] | None, name: str | None, dtype: Any, default: float = 0.5
    ) -> None:
        self.thresholds = checked(thresholds, default)
        self._given = None if thresholds is None else self.thresholds if np.ndim(thresholds) else self.thresholds[0]
        super().__init__(Thresholds(self.thresholds), name, dtype)

    def _values(self) -> NDArray[Any]:
        raise NotImplementedError

    def result(self) -> Any:
        values = self._values()
        return float(values[0]) if len(values) == 1 else values.copy()

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"thresholds": self._given}


class _Count(_AtThresholds):
    """One of the four counts."""

    counted: ClassVar[str]

    def __init__(
        self, thresholds: float | Sequence[float] | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(thresholds, name, dtype)

    def _values(self) -> NDArray[Any]:
        return getattr(self, self.counted)


class TruePositives(_Count):
    """How many predictions above the threshold (0.5) are true, by weight."""

    counted = "true_positives"


class FalsePositives(_Count):
    """How many predictions above the threshold (0.5) are false, by weight."""

    counted = "false_positives"


class TrueNegatives(_Count):
    """How many predictions not above the threshold (0.5) are false, by weight."""

    counted = "true_negatives"


class FalseNegatives(_Count):
    """How many predictions not above the threshold (0.5) are true, by weight."""

    counted = "false_negatives"


class _OfClasses(_AtThresholds):
    """With `top_k` a prediction must be among the k largest of its row; with `class_id` one class alone is counted."""

    direction = "up"

    def __init__(
        self,
        thresholds: float | Sequence[float] | None,
        top_k: int | None,
        class_id: int | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        self.top_k = None if top_k is None else whole(top_k, "top_k")
        self.class_id = None if class_id is None else whole(class_id, "class_id", 0)
        super().__init__(thresholds, name, dtype, 0.5 if top_k is None else BELOW_ALL)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"top_k": self.top_k, "class_id": self.class_id}


class Precision(_OfClasses):
    """The share of the true among the predictions above the threshold (0.5, or none with `top_k`)."""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def _values(self) -> NDArray[Any]:
        return self._precisions()


class Recall(_OfClasses):
    """The share of the predictions above the threshold (0.5, or none with `top_k`) among the true."""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def _values(self) -> NDArray[Any]:
        return self._recalls()


def _one_class(array: NDArray[Any], class_id: int) -> NDArray[Any]:
    if array.ndim < 2 or class_id >= array.shape[-1]:
        raise ValueError(f"class_id is {class_id}, but the predictions have shape {array.shape}: (.., classes)")
    return array[..., class_id, None]
