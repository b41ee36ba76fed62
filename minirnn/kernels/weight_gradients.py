"""Gradients of weights and biases from the gradients da of every step: dW = x^T da, dU = h_in^T da, db = sum of da.

Shapes and letters as in `recurrence`. A call works on unit tiles j0 .. j1-1: threads share the tiles, so the order of
each sum over time and batch does not depend on their number.
"""

from __future__ import annotations

from minirnn.jit import inline, shared_kernel
from minirnn.kernels.rows import for_rows
from minirnn.kernels.simd import copy_row, load, store, width, zeros
from minirnn.kernels.tiles import (
    COLUMNS_0,
    tile_blank,
    tile_load,
    tile_plus,
    tile_prefetch,
    tile_rank1,
    tile_store,
    tile_zeros,
)

# Rows of da that stay in the first-level cache while all of x^T passes over them.
BLOCK_ROWS = 64
# Columns of x that are copied for that, so many at once, if its rows have LONG_ROW numbers or more, or begin a multiple
# of ALIKE numbers apart: rows of x stand as far apart as the sequences of a batch are long, often a power of two, and
# then a cache has the same few places for all of them. Copies stand side by side; for other rows they do not pay.
PACKED_COLUMNS, LONG_ROW, ALIKE = 264, 128, 1024


@inline
def gradient_tile(rows, k, a, a_offset, a_row, slots, reverse, first, columns, s, t0, t1, j, dw, place):
    """Rows k.. of the panel of `columns` at `place` in dw[j] += a^T da over steps t0 .. t1-1; the first block sets it.

    Element k of a's row i at step t stands at a_offset + t * slots + i * a_row + k.
    """
    W = width(s)
    T, NT, B, C = s.shape
    D = len(columns) * W
    at = j * dw.shape[1] * dw.shape[2] + place + k * D
    if t0 > 0:
        tile_prefetch(rows, columns, dw, at, D)
    total = tile_zeros(rows, columns, dw)
    for start in range(0, B, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, B)
        part = tile_blank(total)
        for t in range(t0, t1):
            at_a = a_offset + (T - 1 - t if reverse else t) * slots + k
            da = ((t * NT + j) * B) * C + len(first) * W
            for i in range(start, stop):
                part = tile_rank1(part, COLUMNS_0, columns, a, at_a + i * a_row, 1, s, da + i * C)
        total = tile_plus(total, part)
    if t0 > 0:
        total = tile_plus(tile_load(rows, columns, dw, at, D), total)
    tile_store(total, dw, at, D)


@inline
def add_up(s, t0, t1, j, first, columns, db, offset):
    """db += sum of da over steps t0 .. t1-1 and the batch; the first block sets it."""
    W = width(s)
    T, NT, B, C = s.shape
    for v in range(len(columns)):
        total = load(db, offset + v * W) if t0 > 0 else zeros(s)
        for t in range(t0, t1):
            part = zeros(s)
            for i in range(B):
                part = part + load(s, ((t * NT + j) * B + i) * C + (len(first) + v) * W)
            total = total + part
        store(db, offset + v * W, total)


@inline
def add_gradients(a, a_offset, a_row, slots, reverse, first, columns, s, t0, t1, j0, j1, dw, place, packed):
    """`gradient_tile` for all of dw[j], j0 <= j < j1, from copies of a's rows, `packed`, where these pay."""
    T, B, K, D = s.shape[0], s.shape[2], dw.shape[1], packed.shape[2]
    short = K < LONG_ROW and a_row % ALIKE > 0
    for k in range(0, K, K if short else D):
        count = K if short else min(D, K - k)
        rows, offset, row, step, backwards = a, a_offset, a_row, slots, reverse
        if not short:
            target = j0 * packed.shape[1] * D
            rows, offset, row, step, backwards = packed, target - t0 * B * D - k, D, B * D, False
            for t in range(t0, t1):
                source = a_offset + (T - 1 - t if reverse else t) * slots + k
                for i in range(B):
                    copy_row(a, source + i * a_row, packed, target, count)
                    target += D
        for j in range(j0, j1):
            of_rows = (rows, offset, row, step, backwards, first, columns, s, t0, t1, j, dw, place)
            for_rows(gradient_tile, columns, k, k + count, of_rows)


@shared_kernel
def gradients(x, cell, h_in, c, s, dw, du, db, packed, reverse, j0, j1):
    """Fill tiles j0 .. j1-1 of dw, du and db (shapes of w, u and b)."""
    T, NT, B, C = s.shape
    F = x.shape[2]
    CX, CH = dw.shape[2], du.shape[2]
    steps = max(1, BLOCK_ROWS // B)
    for t0 in range(0, T, steps):
        t1 = min(T, t0 + steps)
        for j in range(j0, j1):
            add_up(s, t0, t1, j, COLUMNS_0, cell.x_columns, db, j * CX)
            if db.shape[0] == 2:
                add_up(s, t0, t1, j, cell.h_first, cell.h_columns, db, NT * CX + j * CH)
        add_gradients(x, 0, T * F, F, reverse, COLUMNS_0, cell.x_columns, s, t0, t1, j0, j1, dw, 0, packed)
        cell.recurrent_gradient(cell, h_in, c, s, t0, t1, j0, j1, du, packed)


@inline
def recurrent_gradient(cell, h_in, c, s, t0, t1, j0, j1, du, packed):
    """du of tiles j0 .. j1-1 from h_in: slot t is the state before step t."""
    B, P = h_in.shape[1], h_in.shape[2]
    add_gradients(h_in, 0, P, B * P, False, cell.h_first, cell.h_columns, s, t0, t1, j0, j1, du, 0, packed)
