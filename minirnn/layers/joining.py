"""Layers that join inputs along an axis: Concatenate puts them side by side, Dot sums their products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minirnn.config import epsilon
from minirnn.layers.combination import Array, Merge, listed
from minirnn.layers.layer import Tape
from minirnn.layers.symbolic import Shape
from minirnn.layers.weight import zeros


class Concatenate(Merge):
    """Inputs side by side along `axis`; all other axes must be equal.

    The output's mask is that of the inputs side by side, where any entry of a step counts; an input without a mask
    counts everywhere. Arrays may be joined along the batch (axis 0), too; in a model, whose rows belong to samples,
    that raises ValueError.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _axis(axis, "Concatenate axis")

    def _place(self, rank: int) -> int:
        """The axis, counted from the front. Raises ValueError if there is none."""
        if not -rank <= self.axis < rank:
            raise ValueError(f"{self.name} joins along axis {self.axis}, which inputs of {rank} axes do not have")
        return self.axis % rank

    def check_shapes(self, shapes: list[Shape]) -> None:
        place = self._place(len(shapes[0]))
        for shape in shapes[1:]:
            if len(shape) != len(shapes[0]) or any(
                m != n and axis != place and None not in (m, n)
                for axis, (m, n) in enumerate(zip(shape, shapes[0], strict=True))
            ):
                raise ValueError(
                    f"{self.name} got inputs of shapes {listed(shapes)}; all axes but {self.axis} must be equal"
                )

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(inputs, (list, tuple)) and any(self.axis in (0, -getattr(x, "ndim", 0)) for x in inputs):
            raise ValueError(f"{self.name} cannot join batches (axis {self.axis}) in a model; choose another axis")
        return super().connect(inputs, *args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = [tuple(shape) for shape in input_shape]
        place = self._place(len(shapes[0]))
        sizes = [shape[place] for shape in shapes]
        return (*shapes[0][:place], None if None in sizes else sum(sizes), *shapes[0][place + 1 :])

    def compute_mask(self, xs: Any, mask: Any = None) -> Array | None:
        masks = self._check_masks(xs, mask)
        if masks is None:
            return None
        steps = []
        for x, m in zip(xs, masks, strict=True):
            if m is None:
                m = np.ones((1,) * x.ndim, bool)
            m = m[..., None] if m.ndim < x.ndim else m.any(axis=-1, keepdims=True)
            steps.append(np.broadcast_to(m, (*x.shape[:-1], 1)))
        return np.any(np.concatenate(steps, axis=self.axis), axis=-1, keepdims=False)

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        # An input's mask is expanded, and stretched by an "or" with zeros of the input's shape; then any of all.
        wide = [step(x) if m is None else step(step(m), step(x)) for x, m in zip(xs, masks, strict=True)]
        return step(step(*wide))

    def new_tape(self, shapes: Any, training: bool) -> Tape:
        tape = Tape()
        tape.shapes, tape.y = shapes, zeros(self.compute_output_shape(shapes), self.dtype)
        place, start = self._place(tape.y.ndim), 0
        tape.parts = []
        for shape in shapes:
            tape.parts.append((slice(None),) * place + (slice(start, start + shape[place]),))
            start += shape[place]
        return tape

    def forward(self, xs: Any, masks: Any, tape: Tape, training: bool) -> Array:
        return np.concatenate(xs, axis=self.axis, out=tape.y)

    def d_input(self, dy: Array, tape: Tape, number: int) -> Array:
        return np.ascontiguousarray(dy[tape.parts[number]])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


class Dot(Merge):
    """Sums of products of two inputs along an axis of each, for each sample.

    `axes` is the axis of both, or a pair; never the batch. The output has the axes of the first that are left, then
    those of the second: (batch, 3, 5) and (batch, 10, 3) with axes=(1, 2) give (batch, 5, 10), and two rows of features
    give (batch, 1). With `normalize` the vectors along the axes are divided by their lengths first, and the output is
    their cosine; by at least 1e-7, so that a vector of zeros stays one. The output has no mask.

    Raises TypeError or ValueError for other `axes`.
    """

    exactly = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axes, (list, tuple)):
            if len(axes) != 2:
                raise ValueError(f"Dot axes must be one axis or a pair, got {axes!r:.60}")
            for axis in axes:
                _axis(axis, "an axis in Dot axes")
        else:
            _axis(axes, "Dot axes")
        self.axes, self.normalize = axes, bool(normalize)

    def _places(self, shapes: Any) -> list[int]:
        """The axis of each input, counted from the front. Raises ValueError where there is none."""
        axes = self.axes if isinstance(self.axes, (list, tuple)) else [self.axes] * 2
        for axis, shape in zip(axes, shapes, strict=True):
            if not -len(shape) <= axis < len(shape):
                raise ValueError(f"{self.name} sums along axis {axis}, which an input of shape {shape} does not have")
            if axis % len(shape) == 0:
                raise ValueError(f"{self.name} cannot sum along the batch (axis {axis}); choose another axis")
        return [axis % len(shape) for axis, shape in zip(axes, shapes, strict=True)]

    def check_shapes(self, shapes: list[Shape]) -> None:
        self.one_batch(shapes)
        m, n = (shape[place] for shape, place in zip(shapes, self._places(shapes), strict=True))
        if m != n and None not in (m, n):
            raise ValueError(
                f"{self.name} sums along axes of lengths {m} and {n} of inputs of shapes {listed(shapes)}; "
                "they must be equally long"
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = [tuple(shape) for shape in input_shape]
        left = [s[:place] + s[place + 1 :] for s, place in zip(shapes, self._places(shapes), strict=True)]
        shape = left[0] + left[1][1:]
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, xs: Any, mask: Any = None) -> None:
        return None

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> None:
        return None

    def new_tape(self, shapes: Any, training: bool) -> Tape:
        """Each input is worked on as a matrix a sample: (batch, rest, length), and (batch, length, rest)."""
        tape = Tape()
        tape.shapes, tape.places = shapes, self._places(shapes)
        tape.y = zeros(self.compute_output_shape(shapes), self.dtype)
        rest = [math.prod(s[1:]) // s[place] for s, place in zip(shapes, tape.places, strict=True)]
        tape.product = tape.y.reshape(len(tape.y), *rest)
        return tape

    def forward(self, xs: Any, masks: Any, tape: Tape, training: bool) -> Array:
        tape.scales = [None, None]
        if self.normalize:
            tape.scales = [_inverse_length(x, place) for x, place in zip(xs, tape.places, strict=True)]
            xs = [x * scale for x, scale in zip(xs, tape.scales, strict=True)]
        tape.xs = xs
        length = xs[0].shape[tape.places[0]]
        tape.a = np.moveaxis(xs[0], tape.places[0], -1).reshape(len(xs[0]), -1, length)
        tape.b = np.moveaxis(xs[1], tape.places[1], 1).reshape(len(xs[1]), length, -1)
        np.matmul(tape.a, tape.b, out=tape.product)
        return tape.y

    def d_input(self, dy: Array, tape: Tape, number: int) -> Array:
        d_product, shape, place = dy.reshape(tape.product.shape), tape.shapes[number], tape.places[number]
        if number == 0:
            d_matrix, moved_to = d_product @ tape.b.transpose(0, 2, 1), -1
        else:
            d_matrix, moved_to = tape.a.transpose(0, 2, 1) @ d_product, 1
        rest = shape[1:place] + shape[place + 1 :]
        moved = (shape[0], *rest, shape[place]) if moved_to == -1 else (shape[0], shape[place], *rest)
        dx = np.moveaxis(d_matrix.reshape(moved), moved_to, place)
        if self.normalize:
            dx = _normalize_backward(dx, tape.xs[number], tape.scales[number], place)
        return np.ascontiguousarray(dx)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axes": self.axes, "normalize": self.normalize}


def _axis(value: Any, name: str) -> int:
    """`value`, if it is a whole number; TypeError if not."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r:.60}")
    return int(value)


def _inverse_length(x: Array, axis: int) -> Array:
    """1 / |x| of the vectors along an axis, which stays with length 1; at most 1 / epsilon."""
    with np.errstate(divide="ignore"):
        return np.minimum(1 / np.sqrt(np.square(x).sum(axis=axis, keepdims=True)), x.dtype.type(1 / epsilon()))


def _normalize_backward(d_unit: Array, unit: Array, scale: Array, axis: int) -> Array:
    """Of unit = x scale with scale = min(1 / |x|, 1 / epsilon): dx from d_unit."""
    along = (d_unit * unit).sum(axis=axis, keepdims=True)  # a longer x is a shorter scale ..
    along[scale >= scale.dtype.type(1 / epsilon())] = 0  # .. unless it is held at 1 / epsilon
    return scale * (d_unit - unit * along)


# --- as functions: a new layer, called at once ---


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate` of a list of arrays or symbolic tensors."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot` of a list of two arrays or symbolic tensors."""
    return Dot(axes, **kwargs)(inputs)
