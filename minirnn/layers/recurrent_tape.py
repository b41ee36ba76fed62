"""What the kernels of a recurrent layer are called with: the arrays of a tape, made once for each shape of input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from numpy.typing import NDArray

from minirnn.jit import Static
from minirnn.kernels import threads
from minirnn.kernels.apart import ROOM
from minirnn.kernels.plans import with_input_product_before
from minirnn.kernels.recurrence import backward, forward, multiply_input
from minirnn.kernels.rows import heights
from minirnn.kernels.tiles import COLUMNS_1, COLUMNS_2, COLUMNS_3, COLUMNS_4, SUM_LENGTH
from minirnn.kernels.transposed import input_gradient, transpose
from minirnn.kernels.vec import VECTOR_BYTES, lanes
from minirnn.kernels.weight_gradients import BLOCK_ROWS, PACKED_COLUMNS, gradients
from minirnn.layers.dropping import RecurrentDropout
from minirnn.layers.layer import NO_MASK, Tape
from minirnn.layers.weight import Weight, zeros

# x W is computed before the time loop, for a chunk of steps at once, where a panel of W (its columns of one unit tile)
# would have to come from memory at every step: if it is larger than this, a part of the second-level cache, or if few
# rows share it.
WIDE_PANEL_BYTES, WIDE_FEATURES_OF_FEW_ROWS = (768 if VECTOR_BYTES >= 64 else 192) * 1024, 64
CHUNK_ROWS = 256  # rows (batch x steps) of a chunk
INPUT_COLUMNS = SUM_LENGTH + 8  # of copies of its rows: one sum, and some so that rows are no power of two apart


def tile_for(size: int, dtype: Any) -> tuple[int, ...]:
    """Columns of the tiles that cover rows of `size` elements: four, or three if these take a tenth fewer registers."""
    registers = -(-size // lanes(dtype))
    if registers <= 2:
        return COLUMNS_1 if registers == 1 else COLUMNS_2
    by_three, by_four = (-(-registers // n) * n for n in (3, 4))
    return COLUMNS_3 if 10 * by_three <= 9 * by_four else COLUMNS_4


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
            tape.multiply_input(x, plan, s, w, tape.packed, reverse, start, stop, r0, r1)
            first = from_zero and start == t0
            tape.forward(x, mask, plan, h, c, s, w, u, b, y, drop, reverse, zero_output, first, start, stop, r0, r1)

    return run


class RecurrentTapes:
    """A part of `Recurrent`: the tape of its two passes, with each kernel chosen and its arguments in place."""

    dtype: Any
    units: int
    gates: ClassVar[int]
    state_count: ClassVar[int]
    return_sequences: bool
    go_backwards: bool
    zero_output_for_mask: bool
    _dropping: RecurrentDropout
    _kernel: Weight
    _recurrent_kernel: Weight
    _bias: Weight | None
    _no_bias: NDArray[Any]

    def cell(self) -> Static:
        """The kernels' cell for the layer's activations."""
        raise NotImplementedError

    def slots_behind_c(self, slots: int, batch: int, padded: int) -> int:
        """How many slots (batch, padded units) c has behind its own, for what else the cell's kernels read."""
        return 0

    def blocks_of_dc(self) -> int:
        """How many blocks (batch, ..) dc has: the first is dc, what is behind it belongs to the cell's kernels."""
        return 2 if hasattr(self.cell(), "two_pass") else 1

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
        t.work = B * T * (F + U) * self.gates * U // (threads.CROSSING if training else 1)
        slots = T + 1 if training else 2
        behind = self.slots_behind_c(slots, B, P)
        rows = B if training or dropping or behind or t.work < threads.WORTH_SHARING else ROOM * B
        t.h = zeros((slots, rows, P), dtype)
        t.c = zeros((slots + behind, rows, P) if uses_c else (0, 0, 0), dtype)
        h_tile = tile_for(U, dtype)
        t.ut_shape = transposed_shape(self._recurrent_kernel.packed.shape, h_tile, dtype)
        t.row = max(t.ut_shape[0] * t.ut_shape[2], P)
        self._dropping.add_to(t, shape, U, t.row, dropping)
        t.columns = len(cell.h_columns)
        wide = T > 1 and self._is_wide(B)
        t.chunk = min(T, max(1, CHUNK_ROWS // B)) if wide else T
        kept = (T, NT) if training else (t.chunk, NT) if wide else (1, NT if two_pass else 1)
        t.s = zeros((*kept, rows, len(cell.columns) * W), dtype)
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
            t.packed = zeros((B, t.chunk, INPUT_COLUMNS), dtype)
            t.multiply_input = multiply_input.specialise(t.y, plan, t.s, w, t.packed, self.go_backwards, 0, 0, 0, 0)
            t.run = _forward_in_chunks(t)
        t.x = t.mask = t.from_zero = None  # those of `forward_call`
        if training:
            self._add_backward(t, cell, shape)
        return t

    def _is_wide(self, batch: int) -> bool:
        panel = self._kernel.packed[0]
        few_rows = batch < heights(len(self.cell().x_columns))[0]
        return panel.nbytes >= WIDE_PANEL_BYTES or (few_rows and len(panel) >= WIDE_FEATURES_OF_FEW_ROWS)

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
        t.transpose_u = (u.packed, t.ut, u.layout.first_panel * u.layout.width, 0, len(t.ut))
        t.transpose = transpose.specialise(*t.transpose_u)
        t.h_tile = tile_for(U, dtype)
        t.cell = cell
        t.backward = backward.specialise(*self._backward_call(t, NO_MASK, t.y, True, True))
        t.dy = t.backward_mask = t.backward_key = None  # those of `backward_call`
        db = self._bias.gradient if self._bias else zeros(self._no_bias.shape, dtype)
        packed = zeros((t.s.shape[1], max(1, BLOCK_ROWS // B) * B, PACKED_COLUMNS), dtype)
        t.gradient_arguments = (cell, t.h_in, t.c, t.s, w.gradient, u.gradient, db, packed, self.go_backwards)
        t.gradients = gradients.specialise(t.y, *t.gradient_arguments, 0, 0)
        t.gradient_call = (None,)

    def _backward_call(self, t: Tape, mask: NDArray[Any], dy: NDArray[Any], from_zero: bool, to_initial: bool) -> tuple:
        """All arguments of the kernel `backward`."""
        flags = (self.go_backwards, self.zero_output_for_mask, from_zero, to_initial)
        return (mask, dy, t.cell, t.h_tile, t.h, t.c, t.s, t.ut, t.dh, t.dc, t.drop, *flags, 0, t.shape[0])

    def _add_dx(self, t: Tape) -> None:
        """The rest of a tape that the gradient of the input needs."""
        x_tile = tile_for(t.shape[2], self.dtype)
        t.dx = zeros(t.shape, self.dtype)
        w = self._kernel.packed
        t.wt = zeros(transposed_shape(w.shape, x_tile, self.dtype), self.dtype)
        t.transpose_w = (w, t.wt, w.shape[2], 0, len(t.wt))
        t.input_gradient_call = (x_tile, t.s, t.wt, t.dx, self.go_backwards, 0, t.shape[0])
        t.input_gradient = input_gradient.specialise(*t.input_gradient_call)
        self._dropping.add_dx_to(t)
