"""Softmax over any axes, of what a mask leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_numbers
from minirnn.layers.layer import Layer, Tape

MASKED = -1e9  # what a masked number counts as


def softmax(x: NDArray[Any], axis: Any = -1) -> NDArray[Any]:
    """y = e**x / sum e**x along an axis or several, a new array."""
    y = np.exp(x - x.max(axis=axis, keepdims=True))
    y /= y.sum(axis=axis, keepdims=True)
    return y


def d_softmax(dy: NDArray[Any], y: NDArray[Any], axis: Any = -1) -> NDArray[Any]:
    """dx = y (dy - sum dy y) of y = softmax(x)."""
    d = dy * y
    return d - y * d.sum(axis=axis, keepdims=True)


class Softmax(Layer):
    """y = e**x / sum e**x along `axis`, a whole number or several.

    Called on arrays it takes `mask`, which stretches to the input's shape: True (or above 1/2) where a number counts.
    Others give 0, and so does a row without any that counts. In a model a mask of steps, (batch, time), is taken as
    Keras takes it: it must stretch to the input's shape, too.

    Raises TypeError for an axis that is no whole number, ValueError for one that the input does not have, and for a
    mask that does not stretch.
    """

    takes_mask = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for a in axis if isinstance(axis, (list, tuple)) else [axis]:
            if isinstance(a, (bool, np.bool_)) or not isinstance(a, (int, np.integer)):
                raise TypeError(f"Softmax axis must be a whole number or several, got {axis!r:.60}")
        self.axis = axis

    def check_rank(self, shape: tuple[int | None, ...]) -> None:
        for axis in self._axes():
            if not -len(shape) <= axis < len(shape):
                raise ValueError(f"{self.name} has no axis {axis} in an input of shape {tuple(shape)}")

    def _axes(self) -> tuple[int, ...]:
        return tuple(self.axis) if isinstance(self.axis, (list, tuple)) else (self.axis,)

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return masks[0]

    def call(self, x: Any, mask: Any = None, *, training: bool = False) -> Any:
        """Compute on an array: a new array of its shape."""
        x = self.prepare(x)
        return self.forward(x, None if mask is None else as_numbers(mask, "mask"), Tape(), training)

    def _stretched(self, mask: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        mask = mask if mask.dtype == np.bool_ else mask > 0.5
        try:
            return np.broadcast_to(mask, shape)
        except ValueError:
            raise ValueError(
                f"{self.name}: a mask of shape {mask.shape} does not stretch to the input's {shape}"
            ) from None

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return Tape()

    def forward(self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool) -> NDArray[Any]:
        tape.counts = None if mask is None else self._stretched(mask, x.shape)
        if tape.counts is None:
            tape.y = softmax(x, self._axes())
            return tape.y
        # Where nothing counts all numbers are equally unlikely; the gradient is that of these.
        tape.y = softmax(np.where(tape.counts, x, x.dtype.type(MASKED)), self._axes())
        return np.where(tape.counts, tape.y, x.dtype.type(0))

    def backward(self, dy: NDArray[Any], tape: Tape, need_dx: bool) -> NDArray[Any] | None:
        if tape.counts is None:
            return d_softmax(dy, tape.y, self._axes())
        zero = dy.dtype.type(0)
        dx = d_softmax(np.where(tape.counts, dy, zero), tape.y, self._axes())  # of the last line
        return np.where(tape.counts, dx, zero)  # of the first

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}
