"""What SimpleRNN, LSTM and GRU share: Keras's arguments, packed weights, states, and the calls of the kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from numpy.typing import NDArray

from minirnn import constraints, initializers, regularizers
from minirnn.boundary import as_input, as_mask
from minirnn.jit import Static
from minirnn.kernels.activations import ACTIVATIONS
from minirnn.kernels.plans import with_input_product_before
from minirnn.kernels.recurrence import backward, forward, input_gradient, multiply_input, transpose
from minirnn.kernels.threads import repeat
from minirnn.kernels.tiles import COLUMNS_1, COLUMNS_2, COLUMNS_4, TALL_ROWS
from minirnn.kernels.vec import lanes
from minirnn.kernels.weight_gradients import gradients
from minirnn.layers.affine import Affine
from minirnn.layers.dropping import RecurrentDropout
from minirnn.layers.layer import NO_MASK, Tape
from minirnn.layers.symbolic import Shape
from minirnn.layers.tape import lasting
from minirnn.layers.unchanged import unchanged
from minirnn.layers.weight import TileLayout, Weight, zeros

# x W is computed before the time loop, for a chunk of steps at once, where a panel of W (its columns of one unit tile)
# would have to come from memory at every step: if it is larger than this, or if few rows share it.
WIDE_PANEL_BYTES, WIDE_FEATURES_OF_FEW_ROWS = 768 * 1024, 64
CHUNK_ROWS = 256  # rows (batch x steps) of a chunk


def tile_for(size: int, dtype: Any) -> tuple[int, ...]:
    """Columns of the tiles that cover rows of `size` elements."""
    registers = -(-size // lanes(dtype))
    return COLUMNS_1 if registers == 1 else COLUMNS_2 if registers == 2 else COLUMNS_4


def transposed_shape(packed: tuple[int, ...], tile: tuple[int, ...], dtype: Any) -> tuple[int, int, int]:
    """Shape of the transposed copy of packed weights (NT, K, D)."""
    tiles, size, columns = packed
    length = len(tile) * lanes(dtype)
    return -(-size // length), tiles * columns, length


def _forward_in_chunks(tape: Tape) -> Callable:
    """`forward` for wide inputs: a chunk of steps at a time, x W first."""

    def run(x, mask, plan, h, c, s, w, u, b, y, drop, reverse, zero_output, from_zero, t0, t1, r0, r1):
        for start in range(t0, t1, tape.chunk):
            stop = min(start + tape.chunk, t1)
            tape.multiply_input(x, plan, s, w, reverse, start, stop, r0, r1)
            first = from_zero and start == t0
            tape.forward(x, mask, plan, h, c, s, w, u, b, y, drop, reverse, zero_output, first, start, stop, r0, r1)

    return run


def activation_of_a_gate(name: str) -> str:
    """`name`, if it works on each unit by itself; NotImplementedError if it does not."""
    if name not in ACTIVATIONS:
        raise NotImplementedError(f"activation {name!r} mixes units and is not for gates; use it in a Dense layer")
    return name


def another_batch_size(name: str, kept: int, got: int) -> ValueError:
    """What to raise where a layer's kept states are those of another batch size."""
    return ValueError(
        f"stateful {name} keeps states for a batch of {kept}, got {got} rows; "
        "use one batch size, or call reset_state() first"
    )


class Recurrent(Affine):
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

    def cell(self) -> Static:
        """The kernels' cell for this layer's activations."""
        raise NotImplementedError

    @property
    def registers(self) -> int:
        """Registers of units in a tile."""
        return 1

    def slots_behind_c(self, slots: int, batch: int, padded: int) -> int:
        """How many slots (batch, padded units) c has behind its own, for what else the cell's kernels read."""
        return 0

    def blocks_of_dc(self) -> int:
        """How many blocks (batch, ..) dc has: the first is dc, what is behind it belongs to the cell's kernels."""
        return 2 if hasattr(self.cell(), "two_pass") else 1

    bias_rows: int = 1

    # --- weights ---

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.check_rank(input_shape)
        features = input_shape[-1]
        if features is None:
            raise ValueError(f"{self.name} needs a known number of features, got shape {tuple(input_shape)}")
        super().build(input_shape)
        width = self.gates * self.units
        input_layout = TileLayout(self.units, [self.input_order], self.registers, self.dtype)
        recurrent_layout = TileLayout(self.units, [self.recurrent_order], self.registers, self.dtype)
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

    def new_tape(self, shape: tuple[int, ...], training: bool, dropping: bool | None = None) -> Tape:
        """`dropping`: whether the forward pass may drop something, as it does in training."""
        B, T, F = shape
        dtype, U = self.dtype, self.units
        dropping = training if dropping is None else dropping
        t = Tape()
        cell = self._dropping.plan(self.cell(), dropping)
        layout = self._kernel.layout
        W, NT, P = lanes(dtype), layout.tiles, layout.padded
        two_pass = hasattr(cell, "two_pass")
        uses_c = self.state_count == 2 or two_pass
        slots = T + 1 if training else 2
        t.h = zeros((slots, B, P), dtype)
        t.c = zeros((slots + self.slots_behind_c(slots, B, P), B, P) if uses_c else (0, 0, 0), dtype)
        h_tile = tile_for(U, dtype)
        t.ut_shape = transposed_shape(self._recurrent_kernel.packed.shape, h_tile, dtype)
        t.row = max(t.ut_shape[0] * t.ut_shape[2], P)
        self._dropping.add_to(t, shape, t.row, dropping)
        wide = T > 1 and self._is_wide(B)
        t.chunk = min(T, max(1, CHUNK_ROWS // B)) if wide else T
        kept = (T, NT) if training else (t.chunk, NT) if wide else (1, NT if two_pass else 1)
        t.s = zeros((*kept, B, len(cell.columns) * W), dtype)
        t.y = zeros((B, T if self.return_sequences else 1, U), dtype)
        t.out = t.y if self.return_sequences else t.y.reshape(B, U)
        t.last = T % slots
        w, u = self._kernel.packed, self._recurrent_kernel.packed
        b = self._bias.packed if self._bias else self._no_bias
        plan = with_input_product_before(cell) if wide else cell
        flags = (self.go_backwards, self.zero_output_for_mask)
        t.forward_arguments = (plan, t.h, t.c, t.s, w, u, b, t.y, t.drop, *flags)
        t.forward = forward.specialise(t.y, NO_MASK, *t.forward_arguments, True, 0, T, 0, 0)
        t.run = t.forward
        if wide:
            t.multiply_input = multiply_input.specialise(t.y, plan, t.s, w, self.go_backwards, 0, 0, 0, 0)
            t.run = _forward_in_chunks(t)
        t.work = B * T * (F + U) * self.gates * U
        t.x = t.mask = t.from_zero = None  # those of `forward_call`
        if training:
            self._add_backward(t, cell, shape)
        return t

    def _is_wide(self, batch: int) -> bool:
        panel = self._kernel.packed[0]
        return panel.nbytes >= WIDE_PANEL_BYTES or (batch < TALL_ROWS and len(panel) >= WIDE_FEATURES_OF_FEW_ROWS)

    def _add_backward(self, t: Tape, cell: Static, shape: tuple[int, ...]) -> None:
        """The rest of a tape that training needs."""
        B = shape[0]
        dtype, U = self.dtype, self.units
        w, u = self._kernel, self._recurrent_kernel
        t.ut = zeros(t.ut_shape, dtype)
        t.dh = zeros((B, t.row), dtype)
        t.dc = zeros((B * self.blocks_of_dc(), t.row), dtype)
        t.dx = None
        t.shape = shape
        t.transpose = transpose.specialise(u.packed, t.ut, 0, 0)
        t.transpose_u = (u.packed, t.ut, 0, len(t.ut))
        t.h_tile = tile_for(U, dtype)
        t.cell = cell
        t.backward = backward.specialise(*self._backward_call(t, NO_MASK, t.y, True, True))
        t.dy = t.backward_mask = t.backward_key = None  # those of `backward_call`
        db = self._bias.gradient if self._bias else zeros(self._no_bias.shape, dtype)
        t.gradient_arguments = (cell, t.h_in, t.c, t.s, w.gradient, u.gradient, db, self.go_backwards)
        t.gradients = gradients.specialise(t.y, *t.gradient_arguments, 0, 0)
        t.gradient_call = (None,)

    def _backward_call(self, t: Tape, mask: NDArray[Any], dy: NDArray[Any], from_zero: bool, to_initial: bool) -> tuple:
        """All arguments of the kernel `backward`."""
        flags = (self.go_backwards, self.zero_output_for_mask, from_zero, to_initial)
        return (mask, dy, t.cell, t.h_tile, t.h, t.c, t.s, t.ut, t.dh, t.dc, t.drop, *flags, 0, t.shape[0])

    def forward(
        self, x: NDArray[Any], mask: NDArray[Any] | None, tape: Tape, training: bool, initial_state: Any = None
    ) -> NDArray[Any]:
        if self.stateful:
            self._check_kept_states(x.shape[0])
            initial_state = self.states if initial_state is None else initial_state
        if initial_state is not None:
            for slots, state in zip((tape.h, tape.c), initial_state, strict=False):
                slots[0, :, : self.units] = state
        if tape.drops:
            x = self._dropping.apply(x, self.units, tape, training)
        mask, from_zero = NO_MASK if mask is None else mask, initial_state is None
        if x is not tape.x or mask is not tape.mask or from_zero is not tape.from_zero:
            tape.x, tape.mask, tape.from_zero = x, mask, from_zero
            tape.forward_call = (x, mask, *tape.forward_arguments, from_zero, 0, x.shape[1], 0, x.shape[0])
        repeat(tape.run, tape.forward_call, tape.work)
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
        repeat(t.backward, t.backward_call, t.work)
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
            self._dropping.apply_backward(t.dx, t)
        return t.dx if need_dx else None

    def _add_dx(self, t: Tape) -> None:
        """The rest of a tape that the gradient of the input needs."""
        x_tile = tile_for(t.shape[2], self.dtype)
        t.dx = zeros(t.shape, self.dtype)
        t.wt = zeros(transposed_shape(self._kernel.packed.shape, x_tile, self.dtype), self.dtype)
        t.transpose_w = (self._kernel.packed, t.wt, 0, len(t.wt))
        t.input_gradient_call = (x_tile, t.s, t.wt, t.dx, self.go_backwards, 0, t.shape[0])
        t.input_gradient = input_gradient.specialise(*t.input_gradient_call)

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

    # --- states ---

    def check_state_shapes(self, shapes: list[Shape], batch: int | None) -> None:
        """Raise ValueError unless there are as many initial states as the cell has, (batch, units) each, or none."""
        if shapes and len(shapes) != self.state_count:
            raise ValueError(f"{self.name} has {self.state_count} state(s), got {len(shapes)} in initial_state")
        for shape in shapes:
            if len(shape) != 2 or shape[1] != self.units or (batch or shape[0]) != (shape[0] or batch):
                raise ValueError(f"{self.name}: got an initial_state of shape {shape}, expected {(batch, self.units)}")

    def last_states(self, tape: Tape) -> list[NDArray[Any]]:
        """New arrays (batch, units): h, and c of an LSTM."""
        return [slots[tape.last, :, : self.units].copy() for slots in (tape.h, tape.c)[: self.state_count]]

    @property
    def state_size(self) -> list[int]:
        """Units of each state."""
        return [self.units] * self.state_count

    def get_initial_state(self, batch_size: int) -> list[NDArray[Any]]:
        """The states that a sequence begins with unless told otherwise: zeros (batch_size, units)."""
        return [zeros((batch_size, size), self.dtype) for size in self.state_size]

    def _check_kept_states(self, batch: int) -> None:
        if self.states is None or len(self.states[0]) == batch:
            return
        if not self._were_reset:
            raise another_batch_size(self.name, len(self.states[0]), batch)
        self.states = self.get_initial_state(batch)

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero; the next batch may have another size."""
        if self.states is not None:
            self.states, self._were_reset = self.get_initial_state(len(self.states[0])), True

    reset_states = reset_state

    def check_states(self, initial_state: Any, batch: int) -> list[NDArray[Any]] | None:
        """Initial states as arrays (batch, units); ValueError for another number or shape."""
        if initial_state is None:
            return None
        if not isinstance(initial_state, (list, tuple)):
            initial_state = [initial_state]
        states = [as_input(s, f"{self.name} initial_state", self.dtype) for s in initial_state]
        if not states:
            raise ValueError(f"{self.name} has {self.state_count} state(s), got none in initial_state")
        self.check_state_shapes([state.shape for state in states], batch)
        return states

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
