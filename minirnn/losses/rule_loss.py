"""`RuleLoss`: a loss whose value and gradient are a rule of `minirnn.kernels.losses`, in one pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.boundary import check_finite
from minirnn.kernels.losses import RULES
from minirnn.kernels.losses import loss as loss_kernel
from minirnn.losses.loss import NO_WEIGHTS, Loss
from minirnn.losses.shapes import aligned, rows

_NO_VALUES = np.zeros(0)
_kernels: dict[tuple, Callable[..., float]] = {}


class RuleLoss(Loss):
    """A loss of this package: `rule` names its kernel, `option` is the number (or numbers) that it takes."""

    rule: str
    option: Any = 0.0

    def compute(
        self,
        y: NDArray[Any],
        p: NDArray[Any],
        weights: NDArray[Any],
        dp: NDArray[Any],
        mask: NDArray[Any] | None = None,
    ) -> float:
        if self.axis != -1:
            raise ValueError(f"{self.name} has axis {self.axis}: training needs the outputs on the last axis, -1")
        weights, scale = self._training_weights(y, weights, mask)
        return self._run(y, p, weights, dp, _NO_VALUES, scale)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
        y, p = self.prepared(y_true, y_pred)
        return self.row_values(y, p).astype(p.dtype)

    def gradient(self, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
        y, p = self.prepared(y_true, y_pred)
        dp = np.empty(p.shape, p.dtype)
        self._run(rows(y), rows(p), NO_WEIGHTS, rows(dp), _NO_VALUES, 1.0)
        return np.moveaxis(dp, -1, self.axis)

    def row_values(self, y: NDArray[Any], p: NDArray[Any]) -> NDArray[np.float64]:
        """The loss of each row of `prepared` arrays (.., N), in float64."""
        values = np.empty(p.shape[:-1])
        self._run(rows(y), rows(p), NO_WEIGHTS, _scratch(p), values.reshape(-1), 1.0)
        return values

    def total(self, y: NDArray[Any], p: NDArray[Any]) -> float:
        """The sum of the losses of all rows of `prepared` arrays (.., N), in float64."""
        return self._run(rows(y), rows(p), NO_WEIGHTS, _scratch(p), _NO_VALUES, 1.0)

    def counted_weights(self, y: NDArray[Any], sample_weight: ArrayLike) -> ArrayLike:
        """The weights of rows of `prepared` targets, without those that the loss leaves out."""
        return sample_weight

    def prepared(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        """Both as floating arrays of one shape, the outputs on the last axis. ValueError if that cannot be."""
        y, p = aligned(y_true, y_pred)
        return (y, p) if self.axis == -1 else (np.moveaxis(y, self.axis, -1), np.moveaxis(p, self.axis, -1))

    def _arrays(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        y, p = self.prepared(y_true, self._predictions(y_pred))
        check_finite(y, "y_true")
        return y, p

    def _values(self, y: NDArray[Any], p: NDArray[Any]) -> NDArray[Any]:
        return self.row_values(y, p)

    def _option_for(self, y: NDArray[Any]) -> Any:
        return self.option

    def _run(
        self,
        y: NDArray[Any],
        p: NDArray[Any],
        weights: NDArray[Any],
        dp: NDArray[Any],
        values: NDArray[Any],
        scale: float,
    ) -> float:
        rule, option = RULES[self.rule], self._option_for(y)
        key = (rule, y.dtype, p.dtype)
        kernel = _kernels.get(key)
        if kernel is None:
            arguments = (rule, y, p, weights, dp, values, scale, option)
            kernel = _kernels[key] = loss_kernel.specialise(*arguments)
        return float(kernel(rule, y, p, weights, dp, values, scale, option))


def _scratch(p: NDArray[Any]) -> NDArray[Any]:
    """Room for the gradient of one row, where nobody asks for it."""
    return np.empty((1, p.shape[-1]), p.dtype)


def check_axis(axis: Any) -> int:
    """Return a whole number; TypeError for what is none."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis must be a whole number, got {axis!r:.60}")
    return int(axis)
