"""Losses: Keras's names and numbers; value and gradient come from one pass of `minirnn.kernels.losses`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.boundary import as_target
from minirnn.kernels.losses import RULES
from minirnn.kernels.losses import loss as loss_kernel
from minirnn.utils import registry

NO_WEIGHTS = np.zeros(0)
_REDUCTIONS = ("sum_over_batch_size", "mean_with_sample_weight", "mean", "sum", "none", None)


class Loss:
    """Base class: `reduction` is 'sum_over_batch_size' (the mean), 'sum', 'mean_with_sample_weight' or None.

    Call it with (y_true, y_pred, sample_weight=None) for the value; with reduction None, for an array of one value a
    row, in the shape of y_pred without its last axis. `dtype` changes nothing: that of the predictions counts.
    """

    rule: str
    sparse = False
    option = 0.0

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None
    ) -> None:
        if reduction not in _REDUCTIONS:
            raise ValueError(f"reduction must be one of {', '.join(map(str, _REDUCTIONS))}, got {reduction!r}")
        self.reduction = None if reduction == "none" else reduction
        self.name = name or registry.snake_case(type(self).__name__)

    def compute(self, y: NDArray[Any], p: NDArray[Any], weights: NDArray[Any], dp: NDArray[Any]) -> float:
        """The loss of rows (R, N), its gradient into dp; `weights` (R,) float64 or empty."""
        if self.reduction is None:
            raise ValueError(f"{self.name} has reduction None: training needs one number, use 'sum_over_batch_size'")
        rows = len(p)
        if self.reduction == "sum":
            scale = 1.0
        elif self.reduction == "mean_with_sample_weight" and weights.size:
            scale = 1.0 / max(float(weights.sum()), 1e-7)
        else:
            scale = 1.0 / rows
        rule = RULES[self.rule]
        key = (rule, y.dtype, p.dtype)
        kernel = _kernels.get(key)
        if kernel is None:
            kernel = _kernels[key] = loss_kernel.specialise(rule, y, p, weights, dp, scale, self.option)
        return kernel(rule, y, p, weights, dp, scale, self.option)

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        p = np.asarray(y_pred)
        p = np.ascontiguousarray(p if p.dtype == np.float64 else p.astype(np.float32))
        y = as_target(y_true, p.shape, p.dtype, self.sparse)
        shape = p.shape[:-1]
        p, y = p.reshape(-1, p.shape[-1]), y.reshape(-1, y.shape[-1])
        weights = NO_WEIGHTS if sample_weight is None else _row_weights(sample_weight, len(p))
        if self.reduction is None:
            unit = type(self).from_config(self.get_config() | {"reduction": "sum"})
            rows = [unit.compute(y[r : r + 1], p[r : r + 1], NO_WEIGHTS, np.empty_like(p[:1])) for r in range(len(p))]
            return (np.array(rows, p.dtype) * (weights if weights.size else 1)).reshape(shape)
        return self.compute(y, p, weights, np.empty_like(p))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)


_kernels: dict[tuple, Callable] = {}


def _row_weights(sample_weight: ArrayLike, rows: int) -> NDArray[Any]:
    weights = np.asarray(sample_weight, np.float64).reshape(-1)
    if rows % max(len(weights), 1):
        raise ValueError(f"sample_weight has {len(weights)} entries for {rows} rows; give one for each sample")
    return np.repeat(weights, rows // len(weights))


class MeanSquaredError(Loss):
    """mean of (y_pred - y_true)**2"""

    rule = "mean_squared_error"


class MeanAbsoluteError(Loss):
    """mean of |y_pred - y_true|"""

    rule = "mean_absolute_error"


class Huber(Loss):
    """e**2 / 2 for errors within `delta`, delta |e| - delta**2 / 2 beyond (Huber 1964)."""

    rule = "huber"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        if not delta > 0:
            raise ValueError(f"delta must be above 0, got {delta!r}")
        self.delta = self.option = float(delta)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"delta": self.delta}


class _Crossentropy(Loss):
    """Shared by the crossentropies: from_logits, label_smoothing; `axis` is the last one."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        if axis != -1:
            raise NotImplementedError(f"{self.name}: axis {axis!r} is not supported; move the classes to the last axis")
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing must lie between 0 and 1, got {label_smoothing!r}")
        self.from_logits, self.label_smoothing = bool(from_logits), float(label_smoothing)
        self.option = self.label_smoothing
        self.rule = registry.snake_case(type(self).__name__) + ("_from_logits" if from_logits else "")

    def get_config(self) -> dict[str, Any]:
        own = {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": -1}
        return super().get_config() | own


class BinaryCrossentropy(_Crossentropy):
    """-y log p - (1 - y) log(1 - p), averaged over outputs; from_logits takes a, p = sigmoid(a)."""


class CategoricalCrossentropy(_Crossentropy):
    """-sum of y log p for one-hot (or soft) targets; from_logits takes a, p = softmax(a)."""


class SparseCategoricalCrossentropy(_Crossentropy):
    """-log p[label] for whole-number labels."""

    sparse = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, 0.0, axis, reduction, name, dtype)
        if ignore_class is not None:
            raise NotImplementedError(f"{self.name}: ignore_class is not supported yet; use a sample_weight of 0")

    def get_config(self) -> dict[str, Any]:
        own = {"from_logits": self.from_logits, "ignore_class": None}
        return {"name": self.name, "reduction": self.reduction} | own


def _function(cls: type[Loss]) -> Callable[..., NDArray[Any]]:
    def function(y_true: ArrayLike, y_pred: ArrayLike, **options: Any) -> NDArray[Any]:
        return cls(reduction=None, **options)(y_true, y_pred)

    function.__name__ = registry.snake_case(cls.__name__)
    function.__doc__ = f"{cls.__name__} of each row: an array of the shape of y_pred without its last axis."
    function.loss_class = cls  # type: ignore[attr-defined]
    return function


mean_squared_error = _function(MeanSquaredError)
mean_absolute_error = _function(MeanAbsoluteError)
huber = _function(Huber)
binary_crossentropy = _function(BinaryCrossentropy)
categorical_crossentropy = _function(CategoricalCrossentropy)
sparse_categorical_crossentropy = _function(SparseCategoricalCrossentropy)

_CLASSES = [
    MeanSquaredError, MeanAbsoluteError, Huber,
    BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy,
]  # fmt: skip
_KNOWN: dict[str, Any] = {c.__name__: c for c in _CLASSES} | {registry.snake_case(c.__name__): c for c in _CLASSES}
_KNOWN |= {"mse": MeanSquaredError, "MSE": MeanSquaredError, "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError}
_KNOWN |= {"huber_loss": Huber, "bce": BinaryCrossentropy, "BCE": BinaryCrossentropy}


def get(identifier: Any) -> Loss:
    """The loss for a name, a function of this module, a configuration, a class or a Loss. One-line error otherwise."""
    if isinstance(identifier, Loss):
        return identifier
    cls = getattr(identifier, "loss_class", identifier)
    if isinstance(cls, str):
        cls = registry.find(cls, _KNOWN, "loss")
    if isinstance(cls, dict):
        return registry.deserialize(cls, _KNOWN, "loss")
    if isinstance(cls, type) and issubclass(cls, Loss):
        return cls()
    raise TypeError(f"loss must be a name, a Loss or a function of minirnn.losses, got {type(identifier).__name__}")


def serialize(loss: Loss) -> dict[str, Any]:
    """The configuration of a loss."""
    return registry.serialize(loss, _KNOWN, "keras.losses")


def deserialize(config: dict[str, Any]) -> Loss:
    """The loss of a configuration."""
    return registry.deserialize(config, _KNOWN, "loss")
