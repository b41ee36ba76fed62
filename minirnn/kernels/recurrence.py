"""Forward and backward through time, for every cell.

Shapes: B batch, T steps, F features, U units, W lanes; a unit tile holds S*W units (S registers), NT tiles, P = NT*S*W
padded units; C, CX, CH: elements in a row of all columns, of the input's and of the recurrent ones.

    x     (B, T, F)            input
    mask  (B, T) or (0, 0)     True where a step counts; a masked step carries h and c over
    h, c  (T+1 or 2, B, P)     states by step, slot 0 = initial state; two slots take turns when nothing is to be kept;
                               zero in the units that pad the last tile
    s     (T or less, NT or 1, B, C)  scratch by step; with fewer slots than steps they are used in turn:
                               pre-activations, then what `cells` keeps, then the gradients da
    w, u  (NT, F, CX), (NT, U, CH)  input and recurrent weights (of `two_pass` each tile of u in two panels)
    b     (1 or 2, NT, CX)     bias of the input columns, and (GRU) of the recurrent columns
    drop  () or two arrays     of recurrent dropout (`dropout`): h_in, of h's shape, and masks (B, Q)
    h_in  as h                 the states as they enter the recurrent product: h itself, or h * mask
    y     (B, T or 1, U)       output: the whole sequence or the last step

Where a pass keeps two slots, h, c and s may have more rows than B (`apart`).

All arrays are C-contiguous, of one dtype (mask: bool), and none overlaps another. A call works on batch rows r0 .. r1-1
only: rows never meet, so threads share the batch without waiting for each other, and every sum has the same order
whatever their number.
"""

from __future__ import annotations

from minirnn.jit import inline, shared_kernel
from minirnn.kernels.apart import move_state, moved, rows_away
from minirnn.kernels.rows import for_gates, for_rows, tall
from minirnn.kernels.simd import copy_row, load, load_part, store, store_part, width, zeros
from minirnn.kernels.tiles import (
    COLUMNS_0,
    SUM_LENGTH,
    matmul,
    next_panel,
    tile_add,
    tile_load,
    tile_plus,
    tile_prefetch,
    tile_store,
    tile_zeros,
)

# Rows whose sums wait in the first-level cache for the gates, which then have nothing else between them.
ROWS_OF_SUMS = 48


@inline
def product_now(rows, i, r0, cell, x, xt, s, w, j, q):
    """x W of one tile, computed where it is needed."""
    T, F, CX = x.shape[1], x.shape[2], w.shape[2]
    a = tile_zeros(rows, cell.columns, s)
    ahead = next_panel(rows, i, r0, cell.x_columns, j, w.shape[0], F, w)
    return matmul(a, COLUMNS_0, cell.x_columns, x, (i * T + xt) * F, T * F, 1, w, j * F * CX, F, ahead)


@inline
def product_before(rows, i, r0, cell, x, xt, s, w, j, q):
    """x W of one tile, as `multiply_input` left it in s."""
    return tile_load(rows, cell.columns, s, q, s.shape[3])


@inline
def sums_tile(rows, i, r0, cell, x, xt, h_in, s, w, u, b, slot, src, j):
    """Pre-activations a = x W + h_in U + b of unit tile j for batch rows i, i+1, .., into s."""
    B, P, U, C = h_in.shape[1], h_in.shape[2], u.shape[1], s.shape[3]
    CX, CH = w.shape[2], u.shape[2]
    q = ((slot * s.shape[1] + min(j, s.shape[1] - 1)) * B + i) * C
    a = cell.input_product(rows, i, r0, cell, x, xt, s, w, j, q)
    ahead = next_panel(rows, i, r0, cell.h_columns, j, u.shape[0], U, u)
    at = (src * B + i) * P
    a = matmul(a, cell.h_first, cell.h_columns, h_in, at, P, 1, u, j * U * CH, U, ahead)
    a = tile_add(a, COLUMNS_0, cell.x_columns, b, j * CX)
    if b.shape[0] == 2:
        a = tile_add(a, cell.h_first, cell.h_columns, b, b.shape[1] * CX + j * CH)
    tile_store(a, s, q, C)


@inline
def gate_rows(rows, i, equations, cell, h, c, s, slot, src, dst, j, U):
    """The cell's equations of unit tile j for batch rows i, i+1, .., from what `sums_tile` left in s."""
    B, P, C = h.shape[1], h.shape[2], s.shape[3]
    S = len(cell.unit_columns) * width(s)
    q = ((slot * s.shape[1] + min(j, s.shape[1] - 1)) * B + i) * C
    equations(cell, rows, s, q, h, c, (src * B + i) * P + j * S, (dst * B + i) * P + j * S, U - j * S)


@inline
def one_pass_step(cell, x, xt, h_in, h, c, s, w, u, b, slot, src, dst, r0, r1):
    """One step of a cell whose gates need h_prev only."""
    for j in range(w.shape[0]):
        for i in range(r0, r1, ROWS_OF_SUMS):
            stop = min(i + ROWS_OF_SUMS, r1)
            of_sums = (r0, cell, x, xt, h_in, s, w, u, b, slot, src, j)
            for_rows(sums_tile, cell.h_columns, i, stop, of_sums)
            for_gates(gate_rows, i, stop, (cell.rows, cell, h, c, s, slot, src, dst, j, u.shape[1]))


@inline
def carry_over(h, c, src, dst, i):
    """A masked step: state dst of row i becomes state src."""
    B, P = h.shape[1], h.shape[2]
    copy_row(h, (src * B + i) * P, h, (dst * B + i) * P, P)
    if c.size > 0:
        copy_row(c, (src * B + i) * P, c, (dst * B + i) * P, P)


@inline
def emit(h, dst, i, y, t, silent):
    """Row i's output at step t: its state, or zeros."""
    B, P, U, W = h.shape[1], h.shape[2], y.shape[2], width(h)
    at = (i * y.shape[1] + t) * U
    for k in range(0, U, W):
        v = zeros(h) if silent else load(h, (dst * B + i) * P + k)
        if k + W <= U:
            store(y, at + k, v)
        else:
            store_part(y, at + k, v, U - k)


@inline
def clear(states, i, P):
    """Row i of P elements becomes zero."""
    for k in range(0, P, width(states)):
        store(states, i * P + k, zeros(states))


@shared_kernel
def forward(x, mask, cell, h, c, s, w, u, b, y, drop, reverse, zero_output, from_zero, t0, t1, r0, r1):
    """Run a cell over steps t0 .. t1-1: fills h, c, s and y from slot t0 of h and c, or from zeros if `from_zero`.

    `reverse` reads x from its end.
    """
    T, slots, P = x.shape[1], h.shape[0], h.shape[2]
    masked = mask.size > 0
    sequence = y.shape[1] == T
    away = rows_away(h.shape[1], x.shape[0], r0)
    outer_h, outer_c = h, c
    h, c, s = moved(h, away * P), moved(c, away * P), moved(s, away * s.shape[3])
    for i in range(r0, r1):
        if from_zero:
            clear(h, i, P)
            clear(c, i, c.shape[2])
        elif away > 0:
            move_state(outer_h, h, t0 % slots, i)
            move_state(outer_c, c, t0 % slots, i)
    h_in = (drop + (h,))[0]
    for i in range(r0, r1):
        cell.drop_state(h, drop, t0 % slots, i)
    for t in range(t0, t1):
        xt = T - 1 - t if reverse else t
        src, dst = t % slots, (t + 1) % slots
        cell.forward_step(cell, x, xt, h_in, h, c, s, w, u, b, t % s.shape[0], src, dst, r0, r1)
        for i in range(r0, r1):
            counts = not masked or mask[i, xt]
            if not counts:
                carry_over(h, c, src, dst, i)
            cell.drop_state(h, drop, dst, i)
            if sequence or t == T - 1:
                emit(h, dst, i, y, t if sequence else 0, zero_output and not counts)
    if away > 0:
        for i in range(r0, r1):
            move_state(h, outer_h, t1 % slots, i)
            move_state(c, outer_c, t1 % slots, i)


# --- wide inputs: x W for many steps at once, so that a panel of W is read once for all of them ----------------------


@inline
def input_tile(rows, i, r0, cell, x, x_offset, x_stride, s, s_offset, s_stride, w, j, k):
    """Add terms k, k+1, .. of x W, one partial sum of `matmul`, to rows i, i+1, .. of tile j in s.

    Row i of these terms stands at x_offset + i * x_stride. r0: the row that the tiles of this panel of W began with,
    counted through all that use it.
    """
    F, CX = w.shape[1], w.shape[2]
    q = s_offset + i * s_stride
    terms = min(SUM_LENGTH, F - k)
    panel = (j * F + k) * CX
    after = panel + F * CX if j + 1 < w.shape[0] else min(k + terms, F - terms) * CX
    ahead = after + next_panel(rows, i, r0, cell.x_columns, 0, 1, terms, w)
    a = tile_zeros(rows, cell.columns, s)
    if k > 0:
        tile_prefetch(rows, cell.columns, s, q, s_stride)
    at = x_offset + i * x_stride
    a = matmul(a, COLUMNS_0, cell.x_columns, x, at, x_stride, 1, w, panel, terms, ahead)
    if k > 0:
        a = tile_plus(tile_load(rows, cell.columns, s, q, s_stride), a)
    tile_store(a, s, q, s_stride)


@shared_kernel
def multiply_input(x, cell, s, w, packed, reverse, t0, t1, r0, r1):
    """x W of steps t0 .. t1-1 into their slots of s; the rows of a tile are batch rows, of those left over steps.

    Batch rows stand far apart, often by a power of two, for which a cache has few places: the terms in hand are copied
    to `packed` (B, steps or more, D), where they stand side by side.
    """
    T, F = x.shape[1], x.shape[2]
    slots, NT, B, C = s.shape
    s = moved(s, rows_away(B, x.shape[0], r0) * C)
    steps = t1 - t0
    D, row = packed.shape[2], packed.shape[1] * packed.shape[2]
    height = len(tall(cell.x_columns))
    stop = r1 if steps < min(height, r1 - r0) else r1 - (r1 - r0) % height
    for k in range(0, F, SUM_LENGTH):
        for i in range(r0, stop):
            for t in range(t0, t1):
                source = (i * T + (T - 1 - t if reverse else t)) * F + k
                copy_row(x, source, packed, i * row + (t - t0) * D, min(SUM_LENGTH, F - k))
        for j in range(w.shape[0]):
            for t in range(t0, t1):
                at = ((t % slots) * NT + j) * B * C
                began = r0 - (t - t0) * (stop - r0)
                of_rows = (began, cell, packed, (t - t0) * D, row, s, at, C, w, j, k)
                for_rows(input_tile, cell.x_columns, r0, stop, of_rows)
            for i in range(stop, r1):
                first = (i * T + (T - 1 - t0 if reverse else t0)) * F + k
                at = (((t0 % slots) * NT + j) * B + i) * C
                of_steps = ((r0 - i) * steps, cell, x, first, -F if reverse else F, s, at, NT * B * C, w, j, k)
                for_rows(input_tile, cell.x_columns, 0, steps, of_steps)


# --- backward -------------------------------------------------------------------------------------------------------


@inline
def silence(s, slot, i):
    """A masked step has no gates: their gradients are zero."""
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    for j in range(NT):
        for k in range(0, C, width(s)):
            store(s, ((slot * NT + j) * B + i) * C + k, zeros(s))


@inline
def one_pass_step_backward(cell, columns, mask, xt, h, c, s, ut, dh, dc, drop, t, reach, r0, r1):
    """Gradients da of one step, then, if it is to `reach` h_prev, dh_prev = direct path + da U^T."""
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    P, Q = h.shape[2], dh.shape[1]
    S = P // NT
    for i in range(r0, r1):
        if mask.size == 0 or mask[i, xt]:
            for j in range(NT):
                prev, new = (t * B + i) * P + j * S, ((t + 1) * B + i) * P + j * S
                cell.row_backward(cell, s, ((t * NT + j) * B + i) * C, h, c, prev, new, dh, dc, i * Q + j * S)
        else:
            silence(s, t, i)
    D = ut.shape[1] // NT
    first = len(cell.h_first) * width(s)
    if reach:
        cell.add_to_previous(columns, first, D, s, t, ut, D, dh, drop, r0, r1)


@inline
def add_output_gradient(dy, t, dh, i):
    """dh of row i plus the gradient of the output at step t."""
    U, Q, W = dy.shape[2], dh.shape[1], width(dh)
    at = (i * dy.shape[1] + t) * U
    for k in range(0, U, W):
        g = load(dy, at + k) if k + W <= U else load_part(dy, at + k, U - k)
        store(dh, i * Q + k, load(dh, i * Q + k) + g)


@shared_kernel
def backward(
    mask, dy, cell, h_tile, h, c, s, ut, dh, dc, drop,
    reverse, zero_output, from_zero, to_initial, r0, r1,
):  # fmt: skip
    """Back through time: s becomes the gradients da of every step; dh, dc those of the initial state.

        ut      transposed recurrent weights; a tile is len(h_tile) registers wide
        dy      (B, T or 1, U) or (0, 1, U)   gradient of the output
        dh, dc  (B, Q)            in: gradients of the last state, taken as zero if `from_zero`;
                                  out: of the initial one if `to_initial`; Q fits the tiles of ut
    """
    T = s.shape[0]
    sequence = dy.shape[1] == T
    if from_zero:
        for i in range(r0, r1):
            clear(dh, i, dh.shape[1])
            clear(dc, i, dc.shape[1])
    for t in range(T - 1, -1, -1):
        xt = T - 1 - t if reverse else t
        if dy.size > 0 and (sequence or t == T - 1):
            for i in range(r0, r1):
                if not (zero_output and mask.size > 0 and not mask[i, xt]):
                    add_output_gradient(dy, t if sequence else 0, dh, i)
        cell.backward_step(cell, h_tile, mask, xt, h, c, s, ut, dh, dc, drop, t, to_initial or t > 0, r0, r1)
