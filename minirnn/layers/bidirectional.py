"""Bidirectional: one recurrent layer forward through time, one backward, and their outputs merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input, as_mask
from minirnn.choices import one_of
from minirnn.layers.inner import InnerCall
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.nesting import deserialize_layer, serialize_layer
from minirnn.layers.regularized import Penalty, of_outputs_alone
from minirnn.layers.symbolic import Shape
from minirnn.layers.unchanged import unchanged
from minirnn.utils.nested import flatten, pack_like

Array = NDArray[Any]

MERGE_MODES = ("sum", "mul", "concat", "ave", None)
_ALIKE = ("stateful", "return_sequences", "return_state")


class Bidirectional(Layer):
    """`layer` over the sequence and `backward_layer` over the reversed one (Schuster & Paliwal 1997).

    Both are copies with weights of their own, the backward one of `layer` with `go_backwards` turned on, unless
    `backward_layer` is given, which is used as it is. `merge_mode` "concat" puts their outputs side by side; "sum",
    "mul" and "ave" join them number by number, at the same step of the input; None gives both. With `return_state` the
    states of both follow, those of the forward layer first; `initial_state` takes them in this order, nested as those
    of the layers are. Weights: those of the forward layer, then those of the backward one; `weights` sets them when
    they are made. With `return_sequences` the output of a masked step is zero, whatever the layers'
    `zero_output_for_mask`.

    Raises ValueError for what is no recurrent layer, an unknown `merge_mode`, layers of one direction, and layers that
    differ in `stateful`, `return_sequences` or `return_state`.

    >>> from minirnn.layers import LSTM
    >>> layer = Bidirectional(LSTM(8))
    >>> layer(np.zeros((2, 3, 1))).shape, layer.count_params()
    ((2, 16), 640)
    """

    input_rank = 3
    takes_mask = True
    holds_layers = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        for what, given in (("layer", layer), ("backward_layer", backward_layer)):
            if given is not None or what == "layer":
                _check_recurrent(given, what)
        one_of(merge_mode, "Bidirectional merge_mode", MERGE_MODES)
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, "forward_")
        self.backward_layer = backward_layer or _copy(layer, "backward_", go_backwards=True)
        self._check_alike()
        for each in (self.forward_layer, self.backward_layer):
            if hasattr(each, "zero_output_for_mask"):
                each.zero_output_for_mask = each.return_sequences
        self.merge_mode = merge_mode
        self.stateful, self.return_sequences, self.return_state = (getattr(layer, name) for name in _ALIKE)
        self._initial_weights = list(weights or [])

    def _check_alike(self) -> None:
        ahead, back = self.forward_layer, self.backward_layer
        if ahead.go_backwards == back.go_backwards:
            raise ValueError(
                f"Bidirectional: both layers have go_backwards={ahead.go_backwards}; give the backward one the other"
            )
        for name in _ALIKE:
            values = getattr(ahead, name), getattr(back, name)
            if values[0] != values[1]:
                raise ValueError(
                    f"Bidirectional: {name} is {values[0]} in the forward layer and {values[1]} in the backward one; "
                    "give both the same"
                )

    def sublayers(self) -> list[Layer]:
        return [self.forward_layer, self.backward_layer]

    # --- weights, shapes, masks ---

    def build(self, input_shape: Shape) -> None:
        """Make the weights of both layers for inputs of this batch shape."""
        for layer in self.sublayers():
            if not layer.built:
                layer.build(input_shape)
        self.input_shape, self.built = tuple(input_shape), True
        if self._initial_weights:
            self.set_weights(self._initial_weights)
            self._initial_weights = []

    def check_input(self, shape: Shape) -> None:
        for layer in self.sublayers():
            layer.check_input(shape)

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """The output's batch shape; with several outputs a tuple of shapes."""
        outputs, states = self._shapes([tuple(input_shape)])
        return (*outputs, *states) if states or len(outputs) > 1 else outputs[0]

    def _shapes(self, shapes: list[Shape]) -> tuple[list[Shape], list[Shape]]:
        (ahead, *states), (back, *back_states) = (
            layer.output_shapes(part) for layer, part in zip(self.sublayers(), self._halves(shapes), strict=True)
        )
        if self.merge_mode is None:
            return [ahead, back], [*states, *back_states]
        if self.merge_mode == "concat":
            return [(*ahead[:-1], ahead[-1] + back[-1])], [*states, *back_states]  # type: ignore[operator]
        if ahead[-1] != back[-1]:
            raise ValueError(
                f"{self.name}: merge_mode {self.merge_mode!r} needs equally many units, got {ahead[-1]} and {back[-1]}"
            )
        return [ahead], [*states, *back_states]

    def compute_mask(self, x: Array, mask: Array | None) -> Any:
        found = mask if self.return_sequences else None
        return (found, found) if self.merge_mode is None else found

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return masks[0] if self.return_sequences else None

    # --- as a step of a graph ---

    def _halves(self, inputs: list[Any]) -> tuple[list[Any], list[Any]]:
        """What the two layers take: x, and their initial states. ValueError for another number of them."""
        x, *states = inputs
        ahead, back = map(_state_count, self.sublayers())
        if len(states) not in (0, ahead + back):
            raise ValueError(
                f"{self.name}: initial_state holds {len(states)} states; give the {ahead} of the forward layer "
                f"and the {back} of the backward one"
            )
        return [x, *states[:ahead]], [x, *states[ahead:]]

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        outputs, states = self._shapes(shapes)
        return [*outputs, *states]

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        t = Tape()
        pairs = zip(self.sublayers(), self._halves(shapes), strict=True)
        t.calls = [InnerCall(layer, part, training) for layer, part in pairs]
        (shape, *_), _ = self._shapes([*shapes])
        t.y = None if self.merge_mode is None else np.empty(shape, self.dtype)  # type: ignore[arg-type]
        return t

    def run(self, xs: list[Array], masks: list[Any], tape: Tape, training: bool) -> list[Array]:
        results = []
        for call, part in zip(tape.calls, self._halves(xs), strict=True):
            given = [masks[0], *[None] * (len(part) - 1)]
            results.append([y.astype(self.dtype, copy=False) for y in call.run(part, given, training)])
        (ahead, *states), (back, *back_states) = results
        tape.ahead, tape.back, tape.states_ahead = ahead, self._turned(back), len(states)
        return [*self._merged(tape), *states, *back_states]

    def _turned(self, y: Array) -> Array:
        """The backward layer's output, or its gradient, in the other order of steps; a view."""
        return y[:, ::-1] if self.return_sequences else y

    def _merged(self, tape: Tape) -> list[Array]:
        ahead, back, y = tape.ahead, tape.back, tape.y
        if self.merge_mode is None:
            return [ahead, np.ascontiguousarray(back)]
        if self.merge_mode == "concat":
            np.concatenate((ahead, back), axis=-1, out=y)
        elif self.merge_mode == "mul":
            np.multiply(ahead, back, out=y)
        else:
            np.add(ahead, back, out=y)
            if self.merge_mode == "ave":
                y *= 0.5
        return [y]

    def _parted(self, dys: Sequence[Array | None], tape: Tape) -> tuple[Any, Any]:
        """The gradients of the two layers' outputs, at the steps of the input; None where nothing depends on one."""
        if self.merge_mode is None:
            return dys[0], dys[1]
        dy = dys[0]
        if dy is None:
            return None, None
        if self.merge_mode == "concat":
            units = tape.ahead.shape[-1]
            return dy[..., :units], dy[..., units:]
        if self.merge_mode == "mul":
            return dy * tape.back, dy * tape.ahead
        if self.merge_mode == "ave":
            dy = dy * dy.dtype.type(0.5)
        return dy, dy

    def run_back(self, dys: list[Array | None], tape: Tape, needs: list[bool]) -> list[Array | None]:
        outputs = 2 if self.merge_mode is None else 1
        d_ahead, d_back = self._parted(dys[:outputs], tape)
        d_outputs = [d_ahead, None if d_back is None else self._turned(d_back)]
        d_states = dys[outputs:]
        ahead, found = tape.states_ahead, []
        for number, (call, need) in enumerate(zip(tape.calls, self._halves(needs), strict=True)):
            given = [d_outputs[number], *(d_states[ahead:] if number else d_states[:ahead])]
            found.append(call.run_back(given, need))
        (dx, *d_initial), (dx_back, *d_initial_back) = found
        return [dx + dx_back if needs[0] else None, *d_initial, *d_initial_back]  # type: ignore[operator]

    def activities(self, tape: Tape) -> Iterable[Penalty]:
        return [penalty for call in tape.calls for penalty in call.activities()]

    def run_masks(self, xs: list[Array], masks: list[Any]) -> list[Any]:
        found = self.compute_mask(xs[0], masks[0])
        states = len(self._shapes([x.shape for x in xs])[1])
        return [*(found if self.merge_mode is None else [found]), *[None] * states]

    def new_tape(self, shape: tuple[int, ...], training: bool) -> Tape:
        return self.run_tape([shape], training)

    def forward(self, x: Array, mask: Array | None, tape: Tape, training: bool) -> Array:
        return self.run([x], [mask], tape, training)[0]

    def backward(self, dy: Array, tape: Tape, need_dx: bool) -> Array | None:
        return self.run_back([dy], tape, [need_dx])[0]

    # --- calls on arrays ---

    def call(self, x: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Compute on an array (batch, time, features): the output, or with several of them a list.

        `mask` is boolean (batch, time); `initial_state` a list of the states of both layers, (batch, units) each.
        """
        x, mask, states = self._checked(x, mask, initial_state)
        tape = self.run_tape([x.shape, *(state.shape for state in states)], training)
        results = self.run([x, *states], [mask], tape, training)
        self.record_within(tape)
        return results[0] if len(results) == 1 else self._nested(results)

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        made = super().connect(inputs, *args, **kwargs)
        return self._nested(made) if isinstance(made, list) else made

    def _nested(self, results: list[Any]) -> list[Any]:
        """Outputs, and the states in the nesting of the layers'."""
        outputs, sizes = 2 if self.merge_mode is None else 1, [s for layer in self.sublayers() for s in _sizes(layer)]
        return results if len(results) == outputs else [*results[:outputs], *pack_like(sizes, results[outputs:])]

    def vjp(self, x: Any, dy: Any = None, mask: Any = None, initial_state: Any = None, d_states: Any = None) -> tuple:
        """Gradients of sum(output * dy) + sum(last state * d_state): (dx, of each weight, of each initial state).

        With merge_mode None `dy` is a list of two.
        """
        x, mask, states = self._checked(x, mask, initial_state)
        tape = self.run_tape([x.shape, *(state.shape for state in states)], True)
        with unchanged(self):
            results = self.run([x, *states], [mask], tape, True)
        dys = list(dy) if self.merge_mode is None and dy is not None else [dy]
        dys += [None] * ((2 if self.merge_mode is None else 1) - len(dys))
        dys += flatten(d_states) if d_states is not None else [None] * (len(results) - len(dys))
        clean = [None if d is None else as_input(d, "dy", self.dtype) for d in dys]
        with of_outputs_alone():
            dx, *d_initial = self.run_back(clean, tape, [True] * (1 + len(states)))
        return dx, [w.gradient_numpy() for w in self.weights], d_initial

    def _checked(self, x: Any, mask: Any, initial_state: Any) -> tuple[Array, Array | None, list[Array]]:
        x = self.prepare(x)
        mask = None if mask is None else as_mask(mask, x.shape[:2], self.name)
        if initial_state is not None and not isinstance(initial_state, (list, tuple)):
            raise ValueError(f"{self.name}: initial_state must be a list of both directions' states, got an array")
        states = [as_input(s, f"{self.name} initial_state", self.dtype) for s in flatten(initial_state or ())]
        self._shapes([x.shape, *(state.shape for state in states)])
        return x, mask, states

    # --- states ---

    @property
    def states(self) -> Any:
        """The states that a stateful layer keeps, the forward layer's first; None if there are none."""
        ahead, back = self.forward_layer.states, self.backward_layer.states
        return (*ahead, *back) if ahead and back else None

    def reset_state(self) -> None:
        """Forget the states of stateful layers."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "merge_mode": self.merge_mode,
            "layer": serialize_layer(self.forward_layer),
            "backward_layer": serialize_layer(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Layer:
        """The layer of a configuration, of minirnn or of Keras, with new weights."""
        inner = {
            name: deserialize_layer(config[name], custom_objects)
            for name in ("layer", "backward_layer")
            if config.get(name) is not None
        }
        return cls(**config | inner)


def _check_recurrent(layer: Any, what: str) -> None:
    known = isinstance(layer, Layer) and all(hasattr(layer, name) for name in ("go_backwards", *_ALIKE))
    if not known:
        raise ValueError(f"Bidirectional: {what} must be a recurrent layer, got {type(layer).__name__}: {layer!r:.60}")


def _sizes(layer: Any) -> list[Any]:
    """Sizes of a recurrent layer's states, nested as they are."""
    return list(getattr(layer, "state_size", ()))


def _state_count(layer: Any) -> int:
    return len(flatten(_sizes(layer)))


def _copy(layer: Any, prefix: str, **changes: Any) -> Any:
    """A layer like it, with weights of its own, named after it."""
    name = prefix + layer.name.removeprefix(prefix)
    return type(layer).from_config({**layer.get_config(), **changes, "name": name})
