"""Streaming metrics: totals in float64 that are updated batch by batch and read at the end of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.metrics import functions
from minirnn.metrics.functions import same_rank
from minirnn.utils import registry


class Metric:
    """What every metric is: `update_state` for each batch, `result`, and `reset_state` for the next epoch.

    `direction` says what an improvement is: "down", "up", or None where it cannot be known. A metric of your own
    defines `update_state(y_true, y_pred, sample_weight=None)`, `result()` and `reset_state()`.
    """

    direction: Literal["up", "down"] | None = None

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        self.name = name or registry.snake_case(type(self).__name__)
        self.dtype = np.dtype(dtype or np.float32).name

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define update_state(y_true, y_pred, sample_weight=None)")

    def result(self) -> float:
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def reset_state(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define reset_state()")

    def __call__(self, *args: Any, **kwargs: Any) -> float:
        """Update, and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Sum(Metric):
    """The (weighted) sum of all values seen."""

    def __init__(self, name: str | None = "sum", dtype: str | None = None) -> None:
        super().__init__(name, dtype)
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

    def __init__(self, name: str | None = "mean", dtype: str | None = None) -> None:
        super().__init__(name, dtype)
        self.reset_state()

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        values, weights = _per_sample(values, sample_weight, np.mean)
        self.total += float(values.sum())
        self.count += float(values.size if weights is None else weights.sum())

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0


class MeanMetricWrapper(Mean):
    """The mean of a function `fn(y_true, y_pred, **kwargs)` that returns one value per sample."""

    def __init__(
        self, fn: Callable[..., ArrayLike], name: str | None = None, dtype: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(name or registry.snake_case(getattr(fn, "__name__", type(fn).__name__)), dtype)
        self._fn = fn
        self._kwargs = kwargs

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
