"""Layers that merge several inputs into one, number by number: Add, Subtract, Multiply, Average, Maximum, Minimum.

Inputs are stretched as Keras does it. Axes of length 1 fit any length; an input of fewer axes gets axes of length 1
after the batch, (batch, features) becomes (batch, 1, features); the batch itself is never stretched. The gradient of a
stretched input is the sum over the axes along which it was.

Masks of inputs are joined by "or", and the output has none if one input has none. An input's masked steps do not count
in Multiply (they are ones), Maximum and Minimum (the other inputs decide). So it is in Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from minirnn.layers.combination import Array, Merge, any_of, listed
from minirnn.layers.layer import Tape
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import zeros

Masks = Sequence["Array | None"]


class _Elementwise(Merge):
    """A merge of numbers that stand at the same place: `merge` writes it to `tape.y`, `d_merge` reverses it.

    Both work on inputs of one rank, `tape.xs`, and `merge` on masks that stretch as these do.
    """

    def check_shapes(self, shapes: list[Shape]) -> None:
        self.compute_output_shape(shapes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = [tuple(shape) for shape in input_shape]
        batch, merged = self.one_batch(shapes), shapes[0][1:]
        for shape in shapes[1:]:
            merged = self._stretched(merged, shape[1:], shapes)
        return (batch, *merged)

    def _stretched(self, a: Shape, b: Shape, shapes: list[Shape]) -> Shape:
        """The shape that two inputs have together, their batch left out."""
        if len(a) < len(b):
            a, b = b, a
        head, tail = a[: len(a) - len(b)], a[len(a) - len(b) :]
        if any(m not in (n, 1, None) and n not in (1, None) for m, n in zip(tail, b, strict=True)):
            raise ValueError(
                f"{self.name} got inputs of shapes {listed(shapes)}, which do not fit; axes must be equal, or 1"
            )
        return (*head, *(None if None in (m, n) else n if m == 1 else m for m, n in zip(tail, b, strict=True)))

    def new_tape(self, shapes: Any, training: bool) -> Tape:
        tape = Tape()
        tape.shapes = shapes
        tape.y = zeros(self.compute_output_shape(shapes), self.dtype)
        tape.stretched = [(s[0], *[1] * (tape.y.ndim - len(s)), *s[1:]) for s in shapes]
        return tape

    def forward(self, xs: Any, masks: Any, tape: Tape, training: bool) -> Array:
        # As in Keras, the mask of an input of fewer axes counts for the output's mask only.
        masks = [None if m is None or x.ndim < tape.y.ndim else m[..., None] for x, m in zip(xs, masks, strict=True)]
        tape.xs = [x.reshape(shape) for x, shape in zip(xs, tape.stretched, strict=True)]
        self.merge(tape.xs, masks, tape)
        return tape.y

    def d_input(self, dy: Array, tape: Tape, number: int) -> Array:
        dx, shape = self.d_merge(dy, tape, number), tape.stretched[number]
        axes = tuple([axis for axis, (n, m) in enumerate(zip(shape, dx.shape, strict=True)) if n != m])
        if axes:
            dx = np.ascontiguousarray(dx.sum(axis=axes))
        return dx.reshape(tape.shapes[number])

    def merge(self, xs: list[Array], masks: Masks, tape: Tape) -> None:
        raise NotImplementedError

    def d_merge(self, dy: Array, tape: Tape, number: int) -> Array:
        """The gradient of one input, not yet summed over the axes along which it was stretched."""
        raise NotImplementedError


class Add(_Elementwise):
    """y = x_0 + x_1 + .."""

    def merge(self, xs: list[Array], masks: Masks, tape: Tape) -> None:
        _accumulate(np.add, xs, tape.y)

    def d_merge(self, dy: Array, tape: Tape, number: int) -> Array:
        return dy


class Average(_Elementwise):
    """y = (x_0 + x_1 + ..) / n for n inputs."""

    def merge(self, xs: list[Array], masks: Masks, tape: Tape) -> None:
        _accumulate(np.add, xs, tape.y)
        tape.y /= len(xs)

    def d_merge(self, dy: Array, tape: Tape, number: int) -> Array:
        return dy / len(tape.xs)


class Subtract(_Elementwise):
    """y = x_0 - x_1."""

    exactly = 2

    def merge(self, xs: list[Array], masks: Masks, tape: Tape) -> None:
        np.subtract(xs[0], xs[1], out=tape.y)

    def d_merge(self, dy: Array, tape: Tape, number: int) -> Array:
        return -dy if number else dy


class Multiply(_Elementwise):
    """y = x_0 x_1 ..; a masked step of an input is a step of ones, and one that is masked in all inputs gives zeros."""

    def merge(self, xs: list[Array], masks: Masks, tape: Tape) -> None:
        tape.masks = masks
        tape.xs = [x if m is None else np.where(m, x, x.dtype.type(1)) for x, m in zip(xs, masks, strict=True)]
        _accumulate(np.multiply, tape.xs, tape.y)
        known = [m for m in masks if m is not None]
        if len(known) == len(masks):
            np.copyto(tape.y, 0, where=~any_of(known))

    def d_merge(self, dy: Array, tape: Tape, number: int) -> Array:
        for other, x in enumerate(tape.xs):
            if other != number:
                dy = dy * x
        mask = tape.masks[number]
        return dy if mask is None else np.where(mask, dy, dy.dtype.type(0))


class _Extreme(_Elementwise):
    """Maximum and Minimum: all of the gradient goes to the input that gave the number, the first of equal ones.

    That is the rule of TensorFlow; JAX splits it among equal inputs.
    """

    pick: ClassVar[Callable[..., Array]]
    beats: ClassVar[Callable[..., Array]]

    def new_tape(self, shapes: Any, training: bool) -> Tape:
        tape = super().new_tape(shapes, training)
        tape.winner = np.zeros(tape.y.shape, np.int32) if training else None  # which input gave each number
        return tape

    def merge(self, xs: list[Array], masks: Masks, tape: Tape) -> None:
        y, winner, counts = tape.y, tape.winner, masks[0]
        np.copyto(y, xs[0])
        if winner is not None:
            winner[...] = 0
        for number, (x, mask) in enumerate(zip(xs[1:], masks[1:], strict=True), 1):
            if mask is not None:
                x = np.where(mask, x, y)
            if counts is not None:
                absent = ~counts if mask is None else ~counts & mask
                np.copyto(y, x, where=absent)
                if winner is not None:
                    np.copyto(winner, number, where=absent)
            if winner is not None:
                np.copyto(winner, number, where=self.beats(x, y))
            self.pick(y, x, out=y)
            counts = None if mask is None or counts is None else counts | mask

    def d_merge(self, dy: Array, tape: Tape, number: int) -> Array:
        return np.where(tape.winner == number, dy, dy.dtype.type(0))


class Maximum(_Extreme):
    """y = max(x_0, x_1, ..). A masked step is left to the other inputs."""

    pick, beats = np.maximum, np.greater


class Minimum(_Extreme):
    """y = min(x_0, x_1, ..). A masked step is left to the other inputs."""

    pick, beats = np.minimum, np.less


def _accumulate(function: Callable[..., Any], xs: list[Array], y: Array) -> None:
    """`function` of all arrays, from left to right, in `y`."""
    if len(xs) == 1:
        np.copyto(y, xs[0])
        return
    function(xs[0], xs[1], out=y)
    for x in xs[2:]:
        function(y, x, out=y)


# --- as functions: a new layer, called at once ---


def add(inputs: Any, **kwargs: Any) -> Any:
    """`Add` of a list of arrays or symbolic tensors."""
    return Add(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """`Average` of a list of arrays or symbolic tensors."""
    return Average(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """`Subtract` of a list of two arrays or symbolic tensors."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """`Multiply` of a list of arrays or symbolic tensors."""
    return Multiply(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """`Maximum` of a list of arrays or symbolic tensors."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """`Minimum` of a list of arrays or symbolic tensors."""
    return Minimum(**kwargs)(inputs)
