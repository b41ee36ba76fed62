"""The steps of GRU with reset_after=False, whose candidate needs the reset state of all units: two passes a step.

Shapes and letters as in `recurrence`; columns are [ n z r ]. The recurrent weights u of a tile are two panels, as each
pass needs one of them: U rows of [ z r ], then U rows of n. The slots of c hold the reset state s = r h_in, where h_in
is h_prev, or with recurrent dropout h_prev * mask.
"""

from __future__ import annotations

from minirnn.jit import inline
from minirnn.kernels.cells import gru_reset_row_backward, gru_reset_rows, gru_update_row_backward, gru_update_rows
from minirnn.kernels.pairs import pair_matmul, tile_half, tile_pair
from minirnn.kernels.recurrence import gate_rows, silence
from minirnn.kernels.rows import for_gates, for_rows
from minirnn.kernels.simd import width
from minirnn.kernels.tiles import (
    COLUMNS_0,
    COLUMNS_1,
    COLUMNS_2,
    COLUMNS_4,
    tile_add,
    tile_load,
    tile_plus,
    tile_store,
    tile_zeros,
)
from minirnn.kernels.transposed import transposed_product
from minirnn.kernels.weight_gradients import add_gradients


@inline
def input_sums_tile(rows, i, r0, cell, x, xt, s, w, b, slot, j):
    """x W + b of unit tile j, into all its columns."""
    q = ((slot * s.shape[1] + j) * s.shape[2] + i) * s.shape[3]
    a = cell.input_product(rows, i, r0, cell, x, xt, s, w, j, q)
    tile_store(tile_add(a, COLUMNS_0, cell.x_columns, b, j * w.shape[2]), s, q, s.shape[3])


@inline
def pair_tile(rows, i, state, state_slot, s, u, slot, j, first, columns, skip):
    """a += state U of unit tiles j and j + 1: in `columns` from `first` on, whose panels stand behind `skip` numbers.

    state U is a sum of its own: on top of x W, which may be much larger, each of its terms would be rounded. The last
    tile of an odd number pairs with itself: its numbers are computed, and stored, twice.
    """
    NT, B, C, W = s.shape[1], s.shape[2], s.shape[3], width(s)
    P, U, CH = state.shape[2], u.shape[1], u.shape[2]
    other = min(j + 1, NT - 1)
    q, away = ((slot * NT + j) * B + i) * C + len(first) * W, (other - j) * B * C
    left, right = j * U * CH + skip, other * U * CH + skip
    a = tile_zeros(rows, columns + columns, s)
    a = pair_matmul(a, state, (state_slot * B + i) * P, P, u, left, right, len(columns) * W, U)
    before = tile_pair(tile_load(rows, columns, s, q, C), tile_load(rows, columns, s, q + away, C))
    a = tile_plus(before, a)
    tile_store(tile_half(a, COLUMNS_0), s, q, C)
    tile_store(tile_half(a, COLUMNS_1), s, q + away, C)


@inline
def two_pass_step(cell, x, xt, h_in, h, c, s, w, u, b, slot, src, dst, r0, r1):
    """z and r of all units, then n and h."""
    U, W, NT = u.shape[1], width(s), w.shape[0]
    for j in range(0, NT, 2):
        for k in range(j, min(j + 2, NT)):
            for_rows(input_sums_tile, cell.x_columns, r0, r1, (r0, cell, x, xt, s, w, b, slot, k))
        of_gates = (h_in, src, s, u, slot, j, COLUMNS_1, COLUMNS_2, 0)
        for_rows(pair_tile, COLUMNS_4, r0, r1, of_gates)
        for k in range(j, min(j + 2, NT)):
            for_gates(gate_rows, r0, r1, (gru_reset_rows, cell, h_in, c, s, slot, src, dst, k, U))
    for j in range(0, NT, 2):
        of_candidates = (c, dst, s, u, slot, j, COLUMNS_0, COLUMNS_1, 2 * W * U)
        for_rows(pair_tile, COLUMNS_2, r0, r1, of_candidates)
        for k in range(j, min(j + 2, NT)):
            for_gates(gate_rows, r0, r1, (gru_update_rows, cell, h, c, s, slot, src, dst, k, U))


@inline
def two_pass_step_backward(cell, columns, mask, xt, h, c, s, ut, dh, dc, drop, t, reach, r0, r1):
    """da_n, then the gradient of the reset state ds = da_n U_n^T, then da_z and da_r, then dh_prev if asked.

    dc has two halves here, (2, B, Q) in a row: the gradients dz and ds of this step.
    """
    W = width(s)
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    P, Q = h.shape[2], dh.shape[1]
    D = ut.shape[1] // NT
    h_in = (drop + (h,))[0]
    for i in range(r0, r1):
        if mask.size == 0 or mask[i, xt]:
            for j in range(NT):
                q = ((t * NT + j) * B + i) * C
                gru_update_row_backward(cell, s, q, h, (t * B + i) * P + j * W, dh, dc, i * Q + j * W)
        else:
            silence(s, t, i)
    transposed_product(columns, 0, W, s, t, ut, 2 * W, D, dc, B * Q, Q, Q, False, r0, r1)
    for i in range(r0, r1):
        if mask.size == 0 or mask[i, xt]:
            for j in range(NT):
                q = ((t * NT + j) * B + i) * C
                at = i * Q + j * W
                gru_reset_row_backward(cell, s, q, h_in, (t * B + i) * P + j * W, dh, dc, drop, at, B * Q + at)
    if reach:
        cell.add_to_previous(columns, W, 2 * W, s, t, ut, D, dh, drop, r0, r1)


@inline
def two_pass_recurrent_gradient(cell, h_in, c, s, t0, t1, j0, j1, du, packed):
    """du: columns z and r from h_in, column n from the reset state (slot t + 1 of c)."""
    W = width(s)
    B, P = h_in.shape[1], h_in.shape[2]
    add_gradients(h_in, 0, P, B * P, False, COLUMNS_1, COLUMNS_2, s, t0, t1, j0, j1, du, 0, packed)
    add_gradients(c, B * P, P, B * P, False, COLUMNS_0, COLUMNS_1, s, t0, t1, j0, j1, du, 2 * W * du.shape[1], packed)
