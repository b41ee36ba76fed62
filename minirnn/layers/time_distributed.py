"""TimeDistributed: a layer for single steps, applied to each step of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_mask
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.regularized import Penalty, regularized_within, with_sublayers
from minirnn.layers.symbolic import Shape
from minirnn.layers.wrapper import Wrapper

Array = NDArray[Any]

# Layers whose rows meet in training: what a step gives depends on which rows it comes with.
_ROWS_MEET = ("BatchNormalization",)


class TimeDistributed(Wrapper):
    """(batch, time, ..) to (batch, time, ..): `layer`, or a model of one input and one output, at each step by itself.

    The steps share its weights. Where rows do not depend on each other all steps are computed at once, as a batch of
    batch x time rows. Layers that keep states, layers whose rows meet (BatchNormalization) and layers of the user's own
    see one step after the other, as in Keras. A mask (batch, time, ..) that is longer than the two reaches the layer.

    An activity regularizer of `layer` itself is not asked, as in Keras: give it to this layer. Those of layers within
    `layer` penalise each step.

    Raises ValueError for anything but a layer, for fewer than three axes, and for a layer of several outputs.

    >>> from minirnn.layers import Dense
    >>> TimeDistributed(Dense(4))(np.zeros((2, 3, 5))).shape
    (2, 3, 4)
    """

    takes_mask = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.autocast = layer.autocast

    @property
    def index_limit(self) -> int:
        """That of an Embedding inside; AttributeError otherwise."""
        if "index_limit" not in dir(self.layer):
            raise AttributeError("index_limit")
        return self.layer.index_limit

    # --- shapes and masks ---

    def _step_shape(self, shape: Any) -> Shape:
        if not isinstance(shape, (tuple, list)) or len(shape) < 3 or isinstance(shape[0], (tuple, list)):
            got = tuple(shape) if isinstance(shape, (tuple, list)) else shape
            raise ValueError(f"{self.name} expects one input (batch, time, ..) of at least 3 axes, got shape {got}")
        return (shape[0], *shape[2:])

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for one step of inputs of this batch shape."""
        super().build(self._step_shape(input_shape))
        self.input_shape = tuple(input_shape)

    def check_input(self, shape: Shape) -> None:
        self.layer.check_input(self._step_shape(shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        made = self.layer.output_shapes([self._step_shape(input_shape)])
        if len(made) != 1:
            raise ValueError(f"{self.name}: {self.layer.name} has {len(made)} outputs; it must have one")
        return (made[0][0], input_shape[1], *made[0][1:])

    def compute_mask(self, x: Array, mask: Array | None) -> Array | None:
        """The input's mask; where it has more axes than the output can use, a step counts if any of it does."""
        if mask is None or mask.ndim <= 2 or self._keeps_time():
            return mask
        return np.any(mask, axis=tuple(range(2, mask.ndim)), keepdims=False)

    def _keeps_time(self) -> bool:
        """Whether the layer's output still has the axes that a mask of more than two is about."""
        return len(self.output_shape) > 3

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return masks[0]

    # --- the two passes ---

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        t, layer = Tape(), self.layer
        B, T, *rest = shape
        t.shape, t.at_once = shape, not (any(map(_steps_matter, with_sublayers(layer))) or regularized_within(layer))
        count, rows = (1, B * T) if t.at_once else (T, B)
        t.tapes = [layer.run_tape([(rows, *rest)], training) for _ in range(count)]
        t.out_shape = self.compute_output_shape(shape)
        t.moved = (T, B, *t.out_shape[2:])
        return t

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        layer = self.layer
        if layer.autocast:
            x = x.astype(layer.dtype, copy=False)
        if tape.at_once:
            rows = x.reshape(-1, *x.shape[2:])
            inner = self._inner_mask(mask)
            inner = None if inner is None else inner.reshape(-1, *inner.shape[2:])
            (y,) = layer.run([rows], [inner], tape.tapes[0], training)
        else:
            steps = self._inner_mask(mask)
            y = np.empty(tape.moved, layer.dtype)
            for t, inner_tape in enumerate(tape.tapes):
                inner = None if steps is None else np.ascontiguousarray(steps[:, t])
                (y[t],) = layer.run([np.ascontiguousarray(x[:, t])], [inner], inner_tape, training)
            y = np.ascontiguousarray(y.swapaxes(0, 1))
        return y.astype(self.dtype, copy=False).reshape(tape.out_shape)

    def _inner_mask(self, mask: Array | None) -> Array | None:
        """What of a mask is about the layer's own input: (batch, time, ..), if it has more axes than these two."""
        return mask if mask is not None and mask.ndim > 2 and self.layer.takes_mask else None

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        layer, (B, T, *rest) = self.layer, tape.shape
        dy = dy.astype(layer.dtype, copy=False)
        if tape.at_once:
            rows = np.ascontiguousarray(dy).reshape(-1, *dy.shape[2:])
            (dx,) = layer.run_back([rows], tape.tapes[0], [need_dx])
            return None if dx is None else dx.reshape(tape.shape).astype(self.dtype, copy=False)
        dxs: Any = np.zeros((T, B, *rest), self.dtype) if need_dx else None
        totals = [np.zeros_like(w.gradient) for w in layer.weights]
        for t in reversed(range(T)):
            (dx,) = layer.run_back([np.ascontiguousarray(dy[:, t])], tape.tapes[t], [need_dx])
            for weight, total in zip(layer.weights, totals, strict=True):
                total += weight.gradient
            if dx is not None:
                dxs[t] = dx
        for weight, total in zip(layer.weights, totals, strict=True):
            weight.gradient[...] = total
        return np.ascontiguousarray(dxs.swapaxes(0, 1)) if need_dx else None

    def activities(self, tape: Tape) -> Iterable[Penalty]:
        return [penalty for inner in tape.tapes for penalty in self.layer.activities(inner)]

    def call(self, x: Any, training: bool = False, mask: Any = None) -> Any:
        """Compute on an array (batch, time, ..): new array. `mask` is boolean (batch, time) or longer."""
        x = self.prepare(x)
        tape = self.new_tape(x.shape, training)
        y = self.forward(x, self._checked_mask(mask, x.shape), tape, training)
        self.record_within(tape)
        return y

    def vjp(self, x: Any, dy: Any, mask: Any = None) -> tuple:
        """Gradients of sum(layer(x) * dy): (dx, [gradient of each weight that training may change])."""
        x = self.prepare(x)
        return super().vjp(x, dy, self._checked_mask(mask, x.shape))

    def _checked_mask(self, mask: Any, shape: tuple[int, ...]) -> Array | None:
        return None if mask is None else as_mask(mask, (*shape[:2], *np.shape(mask)[2:]), self.name)  # type: ignore[arg-type]

    def prepare(self, x: Any) -> Array:
        if not self.autocast:  # an Embedding's numbers
            x = np.asarray(x)
            self.layer.prepare(x)
            self.build((None, *x.shape[1:]))
            return x
        return super().prepare(x)

    def reset_state(self) -> None:
        """Forget the states of a stateful layer inside."""
        for name in ("reset_states", "reset_state"):
            if hasattr(self.layer, name):
                getattr(self.layer, name)()
                return


def _steps_matter(layer: Layer) -> bool:
    """Whether a layer may give something else for a step by itself than for that step among others."""
    own = type(layer).__module__.startswith("minirnn.")
    return not own or type(layer).__name__ in _ROWS_MEET or getattr(layer, "stateful", False)
