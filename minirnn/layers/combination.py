"""`Merge`, the base of the layers that take several inputs in one list and give one output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.symbolic import KerasTensor, Shape

Array = NDArray[Any]


class Merge(Layer):
    """Base of the layers that take a list of inputs and have no weights.

    Calls raise ValueError, symbolic ones too, unless they get a list of as many inputs as the layer takes, of shapes
    that fit together. Subclasses implement `check_shapes`, `new_tape` (which leaves the output's memory in `y`, the
    inputs' shapes in `shapes`), `forward`, and `d_input`, the gradient of one input.
    """

    takes_list = True
    exactly: ClassVar[int | None] = None  # how many inputs; None: one or more

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    # --- shapes ---

    def check_shapes(self, shapes: list[Shape]) -> None:
        """Raise ValueError unless inputs of these batch shapes fit together."""
        raise NotImplementedError

    def check_input(self, shapes: Any) -> None:
        if not isinstance(shapes, (list, tuple)) or not all(isinstance(shape, (list, tuple)) for shape in shapes):
            raise ValueError(f"{self.name} needs a list of shapes, one for each input, got {shapes!r:.60}")
        if len(shapes) != self.exactly if self.exactly else not shapes:
            wanted = f"exactly {self.exactly} inputs" if self.exactly else "at least one input"
            raise ValueError(f"{self.name} takes {wanted}, got {len(shapes)}; pass them in one list")
        self.check_shapes([tuple(shape) for shape in shapes])

    def build(self, input_shape: Any) -> None:
        """Remember the inputs' batch shapes; there are no weights."""
        self.check_input(input_shape)
        self.input_shape = [tuple(shape) for shape in input_shape]
        self.built = True

    def one_batch(self, shapes: list[Shape]) -> int | None:
        """The batch size that all inputs share, None if none names it. Raises ValueError for several."""
        sizes = {shape[0] for shape in shapes} - {None}
        if len(sizes) > 1:
            raise ValueError(f"{self.name} got batches of different sizes, {listed(shapes)}; pass equally many rows")
        return sizes.pop() if sizes else None

    # --- calls ---

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        self._check_list(inputs)
        if any(isinstance(entry, (list, tuple, dict)) for entry in inputs):
            raise ValueError(f"{self.name} takes a flat list of inputs, got nested ones; unpack them")
        return super().connect(inputs, *args, **kwargs)

    def call(self, xs: Any, *, mask: Any = None, training: bool = False) -> Any:
        """Compute on a list of arrays: a new array. `mask` is a list, too, None for an input that has none."""
        xs = self.prepare(xs)
        masks = self._check_masks(xs, mask) or [None] * len(xs)
        return self.forward(xs, masks, self.new_tape([x.shape for x in xs], False), training)

    def vjp(self, xs: Any, dy: Any, mask: Any = None) -> tuple:
        """Gradients of sum(layer(xs) * dy): ([dx of each input], [])."""
        xs = self.prepare(xs)
        tape = self.new_tape([x.shape for x in xs], True)
        self.forward(xs, self._check_masks(xs, mask) or [None] * len(xs), tape, True)
        dxs = self.backward(as_input(dy, "dy", self.dtype, tape.y.shape), tape, True)
        return [dx.copy() for dx in dxs], []

    def prepare(self, xs: Any) -> Any:
        """Clean input arrays, whose shapes fit together."""
        self._check_list(xs)
        xs = [as_input(x, f"{self.name}, input {number}", self.dtype) for number, x in enumerate(xs)]
        shapes = [x.shape for x in xs]
        self.check_input(shapes)
        if not self.built:
            self.build([(None, *shape[1:]) for shape in shapes])
        return xs

    def _check_list(self, inputs: Any) -> None:
        if not isinstance(inputs, (list, tuple)):
            got = "one tensor" if isinstance(inputs, (KerasTensor, np.ndarray)) else f"a {type(inputs).__name__}"
            raise ValueError(f"{self.name} takes a list of inputs, got {got}; write layer([a, b])")

    def _check_masks(self, xs: Any, mask: Any) -> list[Any] | None:
        """The masks of the inputs, None if no input has one. Raises ValueError unless there is one entry an input."""
        if mask is None:
            return None
        self._check_list(xs)
        if not isinstance(mask, (list, tuple)) or len(mask) != len(xs):
            got = f"{len(mask)} entries" if isinstance(mask, (list, tuple)) else f"a {type(mask).__name__}"
            raise ValueError(f"{self.name} needs a list of {len(xs)} masks, None where an input has none, got {got}")
        masks = [m if m is None else np.asarray(m, bool) for m in mask]
        return masks if any(m is not None for m in masks) else None

    def compute_mask(self, xs: Any, mask: Any = None) -> Array | None:
        """The mask of the output for a list of inputs and a list of their masks: where any counts, if all have one."""
        masks = self._check_masks(xs, mask)
        if masks is None or any(m is None for m in masks):
            return None
        return any_of(masks)

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return None if None in masks else reduce(step, masks)

    # --- the two passes ---

    def new_tape(self, shapes: Any, training: bool) -> Tape:
        """Memory for inputs of these shapes."""
        raise NotImplementedError

    def forward(self, xs: Any, masks: Any, tape: Tape, training: bool) -> Array:
        """The output for a list of inputs and a list of their masks."""
        raise NotImplementedError

    def d_input(self, dy: Array, tape: Tape, number: int) -> Array:
        """The gradient of one input, C-contiguous."""
        raise NotImplementedError

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Any:
        """The gradients of all inputs as a list, of Nones unless asked."""
        return self.run_back([dy], tape, [need_dx] * len(tape.shapes))

    def run_back(self, dys: list[Array | None], tape: Tape, needs: list[bool]) -> list[Array | None]:
        dy: Any = dys[0]
        return [self.d_input(dy, tape, number) if need else None for number, need in enumerate(needs)]


def any_of(masks: Sequence[Array]) -> Array:
    """Where any of the masks counts."""
    joined = masks[0]
    for mask in masks[1:]:
        joined = joined | mask
    return joined


def listed(shapes: Sequence[Shape]) -> str:
    """Shapes as an error names them."""
    return " and ".join(str(tuple(shape)) for shape in shapes)
