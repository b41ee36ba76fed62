"""Metrics of a trade-off: the best of one rate where the other is at least a given one, over a grid of thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import whole
from minirnn.metrics.confusion import ConfusionMetric
from minirnn.metrics.thresholds import Thresholds, grid


class _TradeOff(ConfusionMetric):
    """The largest `_wanted` rate among thresholds whose `_bound` rate is at least the given one; 0 if there is none."""

    direction = "up"

    def __init__(
        self, bound: str, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any
    ) -> None:
        if not 0 <= value <= 1:
            raise ValueError(f"{bound} must lie between 0 and 1, got {value!r}")
        self._bound_name, self._bound_value = bound, value
        self.num_thresholds = whole(num_thresholds, "num_thresholds")
        self.class_id = None if class_id is None else whole(class_id, "class_id", 0)
        super().__init__(Thresholds(grid(num_thresholds), even=num_thresholds > 1), name, dtype)

    def _bound(self) -> NDArray[Any]:
        raise NotImplementedError

    def _wanted(self) -> NDArray[Any]:
        raise NotImplementedError

    def result(self) -> float:
        return float(np.where(self._bound() >= self._bound_value, self._wanted(), 0.0).max())

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, self._bound_name: self._bound_value, "class_id": self.class_id}
        return super().get_config() | own


class SensitivityAtSpecificity(_TradeOff):
    """The best TP / (TP + FN) where TN / (TN + FP) is at least `specificity`."""

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("specificity", specificity, num_thresholds, class_id, name, dtype)

    def _bound(self) -> NDArray[Any]:
        return self._specificities()

    def _wanted(self) -> NDArray[Any]:
        return self._recalls()


class SpecificityAtSensitivity(_TradeOff):
    """The best TN / (TN + FP) where TP / (TP + FN) is at least `sensitivity`."""

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("sensitivity", sensitivity, num_thresholds, class_id, name, dtype)

    def _bound(self) -> NDArray[Any]:
        return self._recalls()

    def _wanted(self) -> NDArray[Any]:
        return self._specificities()


class PrecisionAtRecall(_TradeOff):
    """The best TP / (TP + FP) where TP / (TP + FN) is at least `recall`."""

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("recall", recall, num_thresholds, class_id, name, dtype)

    def _bound(self) -> NDArray[Any]:
        return self._recalls()

    def _wanted(self) -> NDArray[Any]:
        return self._precisions()


class RecallAtPrecision(_TradeOff):
    """The best TP / (TP + FN) where TP / (TP + FP) is at least `precision`."""

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("precision", precision, num_thresholds, class_id, name, dtype)

    def _bound(self) -> NDArray[Any]:
        return self._precisions()

    def _wanted(self) -> NDArray[Any]:
        return self._recalls()
