"""Metrics of classes: how often the predictions are right."""

from __future__ import annotations

from typing import Any

from minirnn.boundary import whole
from minirnn.metrics import functions
from minirnn.metrics.reduction import MeanMetricWrapper


class Accuracy(MeanMetricWrapper):
    """How often y_pred equals y_true exactly."""

    direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(functions.accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often y_pred > threshold where y_true is 1, and not where it is 0."""

    direction = "up"

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(functions.binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest entry of y_pred is that of y_true, one-hot."""

    direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(functions.categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest entry of y_pred is number y_true."""

    direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(functions.sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often y_true's class, one-hot, is among the k largest entries of y_pred."""

    direction = "up"

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(functions.top_k_categorical_accuracy, name, dtype, k=whole(k, "k"))


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often entry number y_true is among the k largest of y_pred; `from_sorted_ids`: among its first k entries."""

    direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        function = functions.sparse_top_k_categorical_accuracy
        super().__init__(function, name, dtype, k=whole(k, "k"), from_sorted_ids=bool(from_sorted_ids))
