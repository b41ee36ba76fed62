"""Metrics of margins. Labels are -1 or 1; in a batch of nothing but 0 and 1, 0 is read as -1."""

from __future__ import annotations

from typing import Any

from minirnn import losses
from minirnn.metrics.reduction import MeanLoss


class Hinge(MeanLoss):
    """mean(max(1 - y_true y_pred, 0))"""

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.Hinge(), name, dtype)


class SquaredHinge(MeanLoss):
    """mean(max(1 - y_true y_pred, 0)^2)"""

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.SquaredHinge(), name, dtype)


class CategoricalHinge(MeanLoss):
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0), averaged"""

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.CategoricalHinge(), name, dtype)
