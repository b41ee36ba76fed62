"""Sums and means of values, of functions, and of losses."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn import losses
from minirnn.losses.rule_loss import RuleLoss
from minirnn.losses.shapes import same_rank
from minirnn.metrics import functions
from minirnn.metrics.metric import Metric
from minirnn.utils import registry


class Sum(Metric):
    """The (weighted) sum of all values seen."""

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        values, _ = _per_sample(values, sample_weight, np.sum)
        self.total += float(values.sum())

    def result(self) -> float:
        return self.total

    def reset_state(self) -> None:
        self.total = 0.0


class Mean(Metric):
    """The (weighted) mean of all values seen, 0 before the first.

    Values of a sample are averaged first, and every sample counts alike, or by its weight. A weight may be given for
    each sample, or for each entry of the leading axes of `values`.
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        values, weights = _per_sample(values, sample_weight, np.mean)
        self.total += float(values.sum())
        self.count += float(values.size if weights is None else weights.sum())

    def _add_rows(self, total: float, shape: tuple[int, ...]) -> None:
        """Add the sum over the rows of predictions of `shape`: all samples have equally many, whose mean counts."""
        samples = shape[0] if len(shape) > 1 else 1
        rows = math.prod(shape[:-1])
        self.total += total * samples / rows if rows else 0.0
        self.count += samples

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0


class MeanMetricWrapper(Mean):
    """The mean of a function `fn(y_true, y_pred, **kwargs)` that returns one value per sample."""

    def __init__(self, fn: Callable[..., ArrayLike], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or registry.snake_case(getattr(fn, "__name__", type(fn).__name__)), dtype)
        self._fn = fn
        self._kwargs = kwargs
        if inspect.isfunction(fn) and getattr(losses, fn.__name__, None) is fn:
            self.direction = "down"

    def update_state(  # type: ignore[override]
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        super().update_state(self._fn(y_true, y_pred, **self._kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), **self._kwargs}
        if type(self) is MeanMetricWrapper:
            config["fn"] = registry.serialize(self._fn, vars(functions), "keras.metrics")
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        if "fn" in config:
            config = {**config, "fn": registry.get(config["fn"], vars(functions), "metric function")}
        return cls(**config)


class MeanLoss(MeanMetricWrapper):
    """The mean of a loss of `minirnn.losses` over all rows, by the kernel that trains with it, times `sign`."""

    direction: Literal["up", "down"] | None = "down"
    sign = 1.0

    def __init__(self, loss: RuleLoss, name: str | None, dtype: Any) -> None:
        super().__init__(loss.call, name, dtype)
        self._loss = loss

    def update_state(  # type: ignore[override]
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        y, p = self._loss.prepared(y_true, y_pred)
        if sample_weight is not None:
            values = self.sign * self._loss.row_values(y, p)
            Mean.update_state(self, values, self._loss.counted_weights(y, sample_weight))
            return
        self._add_rows(self.sign * self._loss.total(y, p), p.shape)


def _per_sample(
    values: ArrayLike, sample_weight: ArrayLike | None, reduce: Callable[..., Any]
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Reduce `values` to one (weighted) value per sample, and the weights alongside."""
    array = np.asarray(values, np.float64)
    if sample_weight is None:
        return _reduced(array, 1, reduce), None
    array, weights = same_rank(array, np.asarray(sample_weight, np.float64))
    array = _reduced(array, weights.ndim, reduce)
    try:
        weights = np.broadcast_to(weights, array.shape)
    except ValueError:
        raise ValueError(
            f"sample_weight has shape {weights.shape}, the weighed values {array.shape}: give one per sample"
        ) from None
    return _reduced(array * weights, 1, reduce), _reduced(weights, 1, reduce)


def _reduced(values: NDArray[Any], ndim: int, reduce: Callable[..., Any]) -> NDArray[Any]:
    """Reduce the axes of `values` from `ndim` on."""
    return reduce(values, axis=tuple(range(ndim, values.ndim))) if values.ndim > ndim else values
