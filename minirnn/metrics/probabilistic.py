"""Metrics of probabilities: how much of it the truth was given."""

from __future__ import annotations

from typing import Any

from minirnn import losses
from minirnn.metrics.reduction import MeanLoss


class KLDivergence(MeanLoss):
    """sum(y_true log(y_true / y_pred)), averaged; both are clipped to 1e-7 .. 1"""

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.KLDivergence(), name, dtype)


class Poisson(MeanLoss):
    """mean(y_pred - y_true log(y_pred))"""

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.Poisson(), name, dtype)


class BinaryCrossentropy(MeanLoss):
    """Crossentropy of independent yes-or-no answers; y_true is 0 or 1, y_pred a probability or a logit."""

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(losses.BinaryCrossentropy(from_logits, label_smoothing), name, dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | _options(self._loss, "from_logits", "label_smoothing")


class CategoricalCrossentropy(MeanLoss):
    """Crossentropy of one class among several along `axis`; y_true is one-hot, y_pred probabilities or logits."""

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(losses.CategoricalCrossentropy(from_logits, label_smoothing, axis), name, dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | _options(self._loss, "from_logits", "label_smoothing", "axis")


class SparseCategoricalCrossentropy(MeanLoss):
    """Crossentropy of one class among several along `axis`; y_true is its number, y_pred probabilities or logits.

    Predictions whose label is `ignore_class` cost nothing. As in Keras, they still count in the mean, unless there are
    sample weights.
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis), name, dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | _options(self._loss, "from_logits", "ignore_class", "axis")


def _options(loss: losses.Loss, *names: str) -> dict[str, Any]:
    return {name: getattr(loss, name) for name in names}
