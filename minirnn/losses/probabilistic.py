"""Losses of probabilities and rates, each as a class and as a function that gives one value for each row.

Probabilities are kept 1e-7 away from 0 and 1 (of p's dtype) before a logarithm; `from_logits` takes what a sigmoid or
softmax would be applied to, and needs no such care.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.losses.rule_loss import RuleLoss, check_axis
from minirnn.losses.shapes import floating, spread
from minirnn.utils import registry


class KLDivergence(RuleLoss):
    """sum of y_true log(y_true / y_pred), both clipped to 1e-7 .. 1 (Kullback & Leibler 1951)"""

    rule = "kl_divergence"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class Poisson(RuleLoss):
    """mean of y_pred - y_true log(y_pred), for counts y_true and rates y_pred of at least 0"""

    rule = "poisson"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class Crossentropy(RuleLoss):
    """What the crossentropies share: from_logits, label_smoothing, and the axis of outputs or classes.

    A smoothed target is moved by the share `label_smoothing` towards 1 / classes (1/2, for two).
    """

    def __init__(
        self,
        from_logits: bool,
        label_smoothing: float,
        axis: int,
        reduction: str | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        super().__init__(name, reduction, dtype)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing must lie between 0 and 1, got {label_smoothing!r}")
        self.from_logits, self.label_smoothing = bool(from_logits), float(label_smoothing)
        self.axis = check_axis(axis)
        self.option = self.label_smoothing
        self.rule = registry.snake_case(type(self).__name__) + ("_from_logits" if from_logits else "")

    def get_config(self) -> dict[str, Any]:
        own = {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": self.axis}
        return super().get_config() | own


class BinaryCrossentropy(Crossentropy):
    """mean of -y log p - (1 - y) log(1 - p); from_logits takes a, p = sigmoid(a)"""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)


class CategoricalCrossentropy(Crossentropy):
    """-sum of y log p for one-hot (or soft) targets, p scaled to sum 1; from_logits takes a, p = softmax(a)"""

    one_hot = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)


class BinaryFocalCrossentropy(Crossentropy):
    """mean of (1 - p_t)**gamma times the binary crossentropy, p_t the probability of the truth (Lin et al. 2018)

    With `apply_class_balancing`, targets of 1 weigh `alpha`, those of 0 weigh 1 - alpha.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.apply_class_balancing = bool(apply_class_balancing)
        self.alpha, self.gamma = float(alpha), _gamma(gamma)
        self.option = np.array([self.gamma, self.label_smoothing, self.alpha, self.apply_class_balancing])

    def get_config(self) -> dict[str, Any]:
        own = {"apply_class_balancing": self.apply_class_balancing, "alpha": self.alpha, "gamma": self.gamma}
        return super().get_config() | own


class CategoricalFocalCrossentropy(Crossentropy):
    """-sum of alpha (1 - p)**gamma y log p (Lin et al. 2018); `alpha` is one number, or one for each class"""

    one_hot = True

    def __init__(
        self,
        alpha: float | list[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.alpha, self.gamma = np.asarray(alpha, np.float64).tolist(), _gamma(gamma)
        self.option = np.array([self.gamma, self.label_smoothing, *np.atleast_1d(self.alpha)])

    def _option_for(self, y: NDArray[Any]) -> NDArray[np.float64]:
        given = len(self.option) - 2
        if given not in (1, y.shape[1]):
            raise ValueError(f"{self.name} has alpha for {given} classes, but the predictions have {y.shape[1]}")
        return self.option

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"alpha": self.alpha, "gamma": self.gamma}


class SparseCategoricalCrossentropy(Crossentropy):
    """-log p[label] for whole-number labels, of shape (..) or (.., 1) for predictions (.., classes)

    Rows of the label `ignore_class` (any whole number, such as -1) count for nothing; means are those of the others.
    """

    sparse = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, 0.0, axis, reduction, name, dtype)
        self.ignore_class = None if ignore_class is None else int(ignore_class)

    def as_target(self, y: Any, shape: tuple[int, ...], dtype: Any = "float32", name: str = "y") -> NDArray[Any]:
        if self.ignore_class is None:
            return super().as_target(y, shape, dtype, name)
        array = np.asarray(y)
        ignored = array == self.ignore_class
        labels = super().as_target(np.where(ignored, 0, array), shape, dtype, name)
        labels[ignored.reshape(labels.shape)] = self.ignore_class
        return labels

    def prepared(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        p = floating(y_pred)
        if self.axis not in (-1, p.ndim - 1):
            p = np.moveaxis(p, self.axis, -1)
        return self.as_target(y_true, p.shape, p.dtype, "y_true"), p

    def _run(
        self,
        y: NDArray[Any],
        p: NDArray[Any],
        weights: NDArray[Any],
        dp: NDArray[Any],
        values: NDArray[Any],
        scale: float,
    ) -> float:
        if self.ignore_class is None:
            return super()._run(y, p, weights, dp, values, scale)
        # What is ignored need not be a class: the kernel sees class 0 there, with a weight of 0.
        counts = y[:, 0] != self.ignore_class
        weights = weights * counts if weights.size else counts.astype(np.float64)
        total = super()._run(np.where(counts[:, None], y, 0), p, weights, dp, values, scale)
        values *= counts if values.size else 1
        return total

    def counted_weights(self, y: NDArray[Any], sample_weight: ArrayLike) -> ArrayLike:
        if self.ignore_class is None:
            return sample_weight
        return spread(sample_weight, y.shape[:-1]) * (y[..., 0] != self.ignore_class)

    def _counted(self, y: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any] | None:
        if self.ignore_class is None:
            return mask
        counts = y[..., 0] != self.ignore_class
        return counts if mask is None else counts & mask

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {"ignore_class": self.ignore_class}
        del config["label_smoothing"]
        return config


def _gamma(gamma: float) -> float:
    if not gamma >= 0:
        raise ValueError(f"gamma must be at least 0, got {gamma!r}")
    return float(gamma)


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """sum(y_true log(y_true / y_pred)): (.., N), (.., N) -> (..)"""
    return KLDivergence().call(y_true, y_pred)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean(y_pred - y_true log(y_pred)): (.., N), (.., N) -> (..)"""
    return Poisson().call(y_true, y_pred)


def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> NDArray[Any]:
    """mean(-y_true log p - (1 - y_true) log(1 - p)), p = y_pred, or its sigmoid: (.., N), (.., N) -> (..)"""
    return BinaryCrossentropy(from_logits, label_smoothing, axis).call(y_true, y_pred)


def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> NDArray[Any]:
    """-sum(y_true log p), p = y_pred scaled to sum 1, or its softmax: (.., N), (.., N) -> (..)"""
    return CategoricalCrossentropy(from_logits, label_smoothing, axis).call(y_true, y_pred)


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[Any]:
    """mean((1 - p_t)**gamma times the binary crossentropy): (.., N), (.., N) -> (..)"""
    loss = BinaryFocalCrossentropy(apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis)
    return loss.call(y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[Any]:
    """-sum(alpha (1 - p)**gamma y_true log p): (.., N), (.., N) -> (..)"""
    return CategoricalFocalCrossentropy(alpha, gamma, from_logits, label_smoothing, axis).call(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> NDArray[Any]:
    """-log p[y_true], 0 where y_true is `ignore_class`: (..) or (.., 1), (.., classes) -> (..)"""
    return SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis).call(y_true, y_pred)
