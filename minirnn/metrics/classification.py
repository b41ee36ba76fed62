"""Metrics of classes: how often the predictions are right, and how much probability the truth was given."""

from __future__ import annotations

from minirnn.metrics import functions
from minirnn.metrics.metric import MeanMetricWrapper


class Accuracy(MeanMetricWrapper):
    """How often y_pred equals y_true exactly."""

    direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: str | None = None) -> None:
        super().__init__(functions.accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often y_pred > threshold where y_true is 1, and not where it is 0."""

    direction = "up"

    def __init__(self, name: str | None = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(functions.binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest entry of y_pred is that of y_true, one-hot."""

    direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(functions.categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest entry of y_pred is number y_true."""

    direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(functions.sparse_categorical_accuracy, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """Crossentropy of independent yes-or-no answers; y_true is 0 or 1, y_pred a probability or a logit."""

    direction = "down"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            functions.binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """Crossentropy of one class among several; y_true is one-hot, y_pred probabilities or logits.

    Classes lie along the last axis: ValueError for another `axis`.
    """

    direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        _check_axis(axis)
        super().__init__(
            functions.categorical_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Crossentropy of one class among several; y_true is its number, y_pred probabilities or logits.

    Classes lie along the last axis, and none is ignored: ValueError for another `axis` or an `ignore_class`.
    """

    direction = "down"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        _check_axis(axis)
        if ignore_class is not None:
            raise ValueError(f"ignore_class={ignore_class!r} is not supported: give those labels a sample_weight of 0")
        super().__init__(functions.sparse_categorical_crossentropy, name, dtype, from_logits=from_logits)


def _check_axis(axis: int) -> None:
    if axis != -1:
        raise ValueError(f"axis must be -1, the classes last, got {axis!r}: move that axis to the end")
