"""What SimpleRNN, LSTM and GRU share: Keras's arguments, packed weights, and the two passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from numpy.typing import NDArray

from minirnn import constraints, initializers, regularizers
from minirnn.boundary import as_input, as_mask
from minirnn.kernels.activations import ACTIVATIONS
from minirnn.kernels.threads import repeat
from minirnn.layers.affine import Affine
from minirnn.layers.dropping import RecurrentDropout
from minirnn.layers.layer import NO_MASK, Tape
from minirnn.layers.recurrent_states import RecurrentStates
from minirnn.layers.recurrent_tape import RecurrentTapes
from minirnn.layers.symbolic import Shape
from minirnn.layers.tape import lasting
from minirnn.layers.unchanged import unchanged
from minirnn.layers.weight import TileLayout, Weight, zeros


def activation_of_a_gate(name: str) -> str:
    """`name`, if it works on each unit by itself; NotImplementedError if it does not."""
    if name not in ACTIVATIONS:
        raise NotImplementedError(f"activation {name!r} mixes units and is not for gates; use it in a Dense layer")
    return name


class Recurrent(RecurrentTapes, RecurrentStates, Affine):
    """Base of the recurrent layers; the arguments are Keras's, the signatures of the layers hold their defaults.

    `return_sequences`: the output has every step, not the last alone; `return_state`: a call also gives the last
    state(s); `go_backwards`: the last step comes first, also in the output; `stateful`: a batch begins with the states
    that the one before it ended with; `zero_output_for_mask`: the output of a masked step is zero, not the one before
    it. In training a share `dropout` of the features and a share `recurrent_dropout` of the states that enter the
    recurrent product is zero, by choices that `seed` repeats (`RecurrentDropout`). `implementation` and `unroll` are
    accepted and change nothing: there is one implementation.

    Subclasses name their gates and the kernels' cell.
    """

    input_rank = 3
    takes_mask = True
    gates: ClassVar[int]
    state_count: ClassVar[int] = 1
    # Gate (in Keras's order) of each column, of the input's weights and of the recurrent ones.
    input_order: ClassVar[list[int]]
    recurrent_order: ClassVar[list[int]]

    def __init__(
        self,
        *,
        recurrent_initializer: Any,
        recurrent_regularizer: Any,
        recurrent_constraint: Any,
        return_sequences: bool,
        return_state: bool,
        go_backwards: bool,
        stateful: bool,
        unroll: bool,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        zero_output_for_mask: bool = False,
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activation = activation_of_a_gate(self.activation)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful, self.unroll = bool(go_backwards), bool(stateful), bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self._dropping = RecurrentDropout(type(self).__name__, dropout, recurrent_dropout, seed)
        self.states: list[NDArray[Any]] | None = None
        self._were_reset = True

    @property
    def dropout(self) -> float:
        return self._dropping.dropout

    @property
    def recurrent_dropout(self) -> float:
        return self._dropping.recurrent_dropout

    @property
    def seed(self) -> int | None:
        return self._dropping.seed

    def generators(self) -> list[Any]:
        return [self._dropping] if self._dropping.draws_at_all else []

    # --- to be named by each cell ---

    @property
    def registers(self) -> int:
        """Registers of units in a tile."""
        return 1

    bias_rows: int = 1
    first_panel: int | None = None  # how many recurrent columns have a panel of their own (`TileLayout`); None: all

    # --- weights ---

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.check_rank(input_shape)
        features = input_shape[-1]
        if features is None:
            raise ValueError(f"{self.name} needs a known number of features, got shape {tuple(input_shape)}")
        super().build(input_shape)
        width = self.gates * self.units
        input_layout = TileLayout(self.units, [self.input_order], self.registers, self.dtype)
        recurrent_layout = TileLayout(
            self.units, [self.recurrent_order], self.registers, self.dtype, self.first_panel
        )
        orders = [self.input_order, self.recurrent_order][: self.bias_rows]
        bias_layout = TileLayout(self.units, orders, self.registers, self.dtype)
        rules = {"regularizer": self.kernel_regularizer, "constraint": self.kernel_constraint}
        self._kernel = self.add_weight("kernel", (features, width), self.kernel_initializer, input_layout, **rules)
        rules = {"regularizer": self.recurrent_regularizer, "constraint": self.recurrent_constraint}
        self._recurrent_kernel = self.add_weight(
            "recurrent_kernel", (self.units, width), self.recurrent_initializer, recurrent_layout, **rules
        )
        shape = (width,) if self.bias_rows == 1 else (self.bias_rows, width)
        if self.use_bias:
            rules = {"regularizer": self.bias_regularizer, "constraint": self.bias_constraint}
            self._bias: Weight | None = self.add_weight("bias", shape, self.initial_bias, bias_layout, **rules)
        else:
            self._bias = None
            self._no_bias = zeros(bias_layout.packed_shape(shape), self.dtype)
        if self.stateful and input_shape[0] is not None:
            self.states = self.get_initial_state(input_shape[0])

    def initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> NDArray[Any]:
        return self.bias_initializer(shape, dtype=dtype)

    # --- shapes ---

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        batch, time = input_shape[:2]
        output = (batch, time, self.units) if self.return_sequences else (batch, self.units)
        return (output, *[(batch, self.units)] * self.state_count) if self.return_state else output

    def compute_mask(self, x: NDArray[Any], mask: NDArray[Any] | None) -> NDArray[Any] | None:
        return mask if self.return_sequences else None

    def draw_mask(self, xs: list[Any], masks: list[Any], step: Callable[..., Any]) -> Any:
        return masks[0] if self.return_sequences else None

    # --- the two passes ---

    def forward(
        self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool, initial_state: Any = None
    ) -> NDArray[Any]:
        if self.stateful:
            self._check_kept_states(x.shape[0])
            initial_state = self.states if initial_state is None else initial_state
        if initial_state is not None:
            for slots, state in zip((tape.h, tape.c), initial_state, strict=False):
                slots[0, : len(x), : self.units] = state
        if tape.drops:
            x = self._dropping.apply(x, tape, training)
        mask, from_zero = NO_MASK if mask is None else mask, initial_state is None
        if x is not tape.x or mask is not tape.mask or from_zero is not tape.from_zero:
            tape.x, tape.mask, tape.from_zero = x, mask, from_zero
            tape.forward_call = (x, mask, *tape.forward_arguments, from_zero, 0, x.shape[1], 0, x.shape[0])
        repeat(tape.run, tape.forward_call, tape.work, columns=tape.columns)
        if self.stateful:
            self.states, self._were_reset = self.last_states(tape), False
        return tape.out

    def backward(
        self, dy: NDArray[Any] | None, tape: Tape, need_dx: bool, d_states: Any = None, to_initial: bool = False
    ) -> NDArray[Any] | None:
        """`d_states`: gradients of the last states; `to_initial`: leave those of the initial ones in the tape."""
        t = tape
        if d_states is not None:
            for at, d_state in zip((t.dh, t.dc[: t.shape[0]]), d_states, strict=False):
                at[...] = 0.0
                at[:, : self.units] = 0.0 if d_state is None else d_state
        repeat(t.transpose, t.transpose_u, t.ut.size)
        t.d_last = d_states  # for `minirnn.study`
        key = (d_states is None, to_initial)
        if dy is not t.dy or t.mask is not t.backward_mask or key != t.backward_key:
            t.dy, t.backward_mask, t.backward_key = lasting(dy), t.mask, key
            rows = t.y[:0] if dy is None else dy.reshape(t.y.shape)
            t.backward_call = self._backward_call(t, t.mask, rows, *key)
        repeat(t.backward, t.backward_call, t.work, columns=len(t.h_tile))
        if need_dx:
            if t.dx is None:
                self._add_dx(t)
            repeat(t.transpose, t.transpose_w, t.wt.size)
            repeat(t.input_gradient, t.input_gradient_call, t.s.size * t.shape[2])
        if self.trainable:
            if t.x is not t.gradient_call[0]:
                t.gradient_call = (t.x, *t.gradient_arguments, 0, t.s.shape[1])
            repeat(t.gradients, t.gradient_call, t.work)
        if need_dx and t.drops:
            self._dropping.apply_backward(t)
        return t.dx if need_dx else None

    # --- as a step of a graph: initial states are inputs, last states are outputs ---

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        self.check_state_shapes(shapes[1:], shapes[0][0])
        output = self.compute_output_shape(shapes[0])
        return list(output) if self.return_state else [output]

    def run(self, xs: list[NDArray[Any]], masks: list[Any], tape: Tape, training: bool) -> list[NDArray[Any]]:
        y = self.forward(xs[0], masks[0], tape, training, xs[1:] or None)
        return [y, *self.last_states(tape)] if self.return_state else [y]

    def run_back(self, dys: list[NDArray[Any] | None], tape: Tape, needs: list[bool]) -> list[NDArray[Any] | None]:
        d_states = dys[1:] if any(d is not None for d in dys[1:]) else None
        dx = self.backward(dys[0], tape, needs[0], d_states, to_initial=any(needs[1:]))
        states = (tape.dh, tape.dc)[: len(needs) - 1]
        return [dx, *(at[: len(tape.x), : self.units].copy() for at in states)]

    def run_masks(self, xs: list[NDArray[Any]], masks: list[Any]) -> list[Any]:
        return [self.compute_mask(xs[0], masks[0])] + [None] * (self.state_count if self.return_state else 0)

    def call(self, x: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Compute on an array (batch, time, features).

        Returns (batch, units), or (batch, time, units) with return_sequences; with return_state a list of that and the
        last state(s). `mask` is boolean (batch, time); `initial_state` one array (batch, units), LSTM: two.
        """
        x = self.prepare(x)
        mask = None if mask is None else as_mask(mask, x.shape[:2], self.name)
        states = self.check_states(initial_state, x.shape[0])
        tape = self.new_tape(x.shape, False, dropping=bool(training))
        y = self.forward(x, mask, tape, bool(training), states)
        return [y, *self.last_states(tape)] if self.return_state else y

    def vjp(self, x: Any, dy: Any = None, mask: Any = None, initial_state: Any = None, d_states: Any = None) -> tuple:
        """Gradients of sum(output * dy) + sum(last state * d_state): (dx, of each weight, of each initial state)."""
        x = self.prepare(x)
        mask = None if mask is None else as_mask(mask, x.shape[:2], self.name)
        tape = self.new_tape(x.shape, True)
        states = self.check_states(initial_state, x.shape[0])
        with unchanged(self):
            self.forward(x, mask, tape, True, states)
        dy = None if dy is None else as_input(dy, "dy", self.dtype)
        dx = self.backward(dy, tape, True, self.check_states(d_states, x.shape[0]), to_initial=True)
        d_initial = [at[: x.shape[0], : self.units].copy() for at in (tape.dh, tape.dc)[: self.state_count]]
        return dx, [w.gradient_numpy() for w in self.weights], d_initial

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }
