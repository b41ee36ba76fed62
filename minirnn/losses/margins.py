"""Losses of margins. Labels are -1 or 1; where targets hold nothing but 0 and 1, 0 is read as -1, as Keras does."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from minirnn.losses.rule_loss import RuleLoss


class _OfSigns(RuleLoss):
    def _option_for(self, y: NDArray[Any]) -> float:
        return float(((y == 0) | (y == 1)).all())


class Hinge(_OfSigns):
    """mean of max(1 - y_true y_pred, 0)"""

    rule = "hinge"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class SquaredHinge(_OfSigns):
    """mean of max(1 - y_true y_pred, 0)**2"""

    rule = "squared_hinge"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class CategoricalHinge(RuleLoss):
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0) for one-hot targets"""

    rule = "categorical_hinge"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean(max(1 - y_true y_pred, 0)): (.., N), (.., N) -> (..)"""
    return Hinge().call(y_true, y_pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """mean(max(1 - y_true y_pred, 0)**2): (.., N), (.., N) -> (..)"""
    return SquaredHinge().call(y_true, y_pred)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0): (.., N), (.., N) -> (..)"""
    return CategoricalHinge().call(y_true, y_pred)
