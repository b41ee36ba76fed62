"""The steps of GRU with reset_after=False, whose candidate needs the reset state of all units: two passes a step.

Shapes and letters as in `recurrence`; columns are [ n z r ], the recurrent weights u keep Keras's order [ z r n ]. The
slots of c hold the reset state s = r h_in, where h_in is h_prev, or with recurrent dropout h_prev * mask.
"""

from __future__ import annotations

from minirnn.jit import inline
from minirnn.kernels.cells import gru_reset_row_backward, gru_reset_rows, gru_update_row_backward, gru_update_rows
from minirnn.kernels.recurrence import gate_rows, silence, sums_tile
from minirnn.kernels.rows import for_gates, for_rows
from minirnn.kernels.simd import width
from minirnn.kernels.tiles import (
    COLUMNS_0,
    COLUMNS_1,
    COLUMNS_2,
    COLUMNS_3,
    matmul,
    next_panel,
    tile_load,
    tile_store,
)
from minirnn.kernels.transposed import transposed_product
from minirnn.kernels.weight_gradients import add_gradients


@inline
def candidate_tile(rows, i, r0, reset, s, u, slot, dst, j):
    """Second pass: a_n += s U_n."""
    B, P, U, C, CH = reset.shape[1], reset.shape[2], u.shape[1], s.shape[3], u.shape[2]
    q = ((slot * s.shape[1] + j) * B + i) * C
    a_n = tile_load(rows, COLUMNS_1, s, q, C)
    ahead = next_panel(rows, i, r0, COLUMNS_3, j, u.shape[0], U, u)
    at = j * U * CH + 2 * width(s)
    a_n = matmul(a_n, COLUMNS_0, COLUMNS_1, reset, (dst * B + i) * P, P, 1, u, at, COLUMNS_3, U, ahead)
    tile_store(a_n, s, q, C)


@inline
def two_pass_step(cell, x, xt, h_in, h, c, s, w, u, b, slot, src, dst, r0, r1):
    """z and r of all units, then n and h."""
    U = u.shape[1]
    for j in range(w.shape[0]):
        of_sums = (r0, COLUMNS_1, COLUMNS_2, cell, x, xt, h_in, s, w, u, b, slot, src, j)
        for_rows(sums_tile, cell.columns, r0, r1, of_sums)
        for_gates(gate_rows, r0, r1, (gru_reset_rows, cell, h_in, c, s, slot, src, dst, j, U))
    for j in range(w.shape[0]):
        for_rows(candidate_tile, COLUMNS_1, r0, r1, (r0, c, s, u, slot, dst, j))
        for_gates(gate_rows, r0, r1, (gru_update_rows, cell, h, c, s, slot, src, dst, j, U))


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
    add_gradients(c, B * P, P, B * P, False, COLUMNS_0, COLUMNS_1, s, t0, t1, j0, j1, du, 2 * W, packed)
