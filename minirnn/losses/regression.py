"""Losses of numbers, each as a class and as a function of two arrays that gives one value for each row."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from minirnn.losses.rule_loss import RuleLoss, check_axis


class MeanSquaredError(RuleLoss):
    """mean of (y_pred - y_true)**2"""

    rule = "mean_squared_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanAbsoluteError(RuleLoss):
    """mean of |y_pred - y_true|"""

    rule = "mean_absolute_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanAbsolutePercentageError(RuleLoss):
    """100 times the mean of |y_pred - y_true| / |y_true|, with |y_true| at least 1e-7"""

    rule = "mean_absolute_percentage_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanSquaredLogarithmicError(RuleLoss):
    """mean of (log(1 + y_pred) - log(1 + y_true))**2, both at least 1e-7"""

    rule = "mean_squared_logarithmic_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class Huber(RuleLoss):
    """mean of e**2 / 2 for errors within `delta`, delta |e| - delta**2 / 2 beyond (Huber 1964)"""

    rule = "huber"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        if not delta > 0:
            raise ValueError(f"delta must be above 0, got {delta!r}")
        self.delta = self.option = float(delta)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"delta": self.delta}


class LogCosh(RuleLoss):
    """mean of log(cosh(y_pred - y_true)): half the square for small errors, |error| - log(2) for large ones"""

    rule = "log_cosh"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class CosineSimilarity(RuleLoss):
    """minus the cosine of the angle between y_true and y_pred along `axis`: -1 is the same direction"""

    rule = "cosine_similarity"

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = check_axis(axis)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean((y_pred - y_true)**2): (.., N), (.., N) -> (..)"""
    return MeanSquaredError().call(y_true, y_pred)


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean(|y_pred - y_true|): (.., N), (.., N) -> (..)"""
    return MeanAbsoluteError().call(y_true, y_pred)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """100 mean(|y_pred - y_true| / |y_true|), |y_true| at least 1e-7: (.., N), (.., N) -> (..)"""
    return MeanAbsolutePercentageError().call(y_true, y_pred)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean((log(1 + y_pred) - log(1 + y_true))**2), both at least 1e-7: (.., N), (.., N) -> (..)"""
    return MeanSquaredLogarithmicError().call(y_true, y_pred)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> NDArray[Any]:
    """mean(e**2 / 2) where |e| <= delta, mean(delta |e| - delta**2 / 2) elsewhere: (.., N), (.., N) -> (..)"""
    return Huber(delta).call(y_true, y_pred)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean(log(cosh(y_pred - y_true))): (.., N), (.., N) -> (..)"""
    return LogCosh().call(y_true, y_pred)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[Any]:
    """-sum(y_true y_pred) / (|y_true| |y_pred|): (.., N), (.., N) -> (..), N being the length of `axis`"""
    return CosineSimilarity(axis).call(y_true, y_pred)
