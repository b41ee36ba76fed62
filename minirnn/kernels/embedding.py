"""Rows of a table by their numbers: gathered, and gradients added back into them.

    table  (V, P)   rows of P elements, whole registers; the last P - D of each are padding and stay zero
    ids    (N,)     row numbers, int64, each from 0 to V - 1
    y, dy  (N, D)   one row for each number

Arrays are C-contiguous and of one dtype but for `ids`; none overlaps another.
"""

from __future__ import annotations

from minirnn.jit import inline, shared_kernel
from minirnn.kernels.simd import load, load_part, store, store_part, width, zeros


@shared_kernel
def gather(table, ids, y, r0, r1):
    """y[r] = table[ids[r]] for rows r0 .. r1-1 of y."""
    P, D, W = table.shape[1], y.shape[1], width(y)
    for r in range(r0, r1):
        source, target = ids[r] * P, r * D
        for k in range(0, D, W):
            if k + W <= D:
                store(y, target + k, load(table, source + k))
            else:
                store_part(y, target + k, load(table, source + k), D - k)


@inline
def _part_of(dy, at, k):
    """A register of a row of dy that begins at `at`, from element k on; zeros beyond the row's end."""
    D = dy.shape[1]
    return load(dy, at + k) if k + width(dy) <= D else load_part(dy, at + k, D - k)


@shared_kernel
def scatter_add(dy, ids, table, n0, n1):
    """table[ids[r]] += dy[r] for all r, in their order, in registers n0 .. n1-1 of each row: threads share columns."""
    P, D, W = table.shape[1], dy.shape[1], width(dy)
    for r in range(dy.shape[0]):
        target = ids[r] * P
        for k in range(n0 * W, n1 * W, W):
            store(table, target + k, load(table, target + k) + _part_of(dy, r * D, k))


@shared_kernel
def clear_rows(table, ids, r0, r1):
    """table[ids[r]] = 0 for r0 .. r1-1."""
    P, W = table.shape[1], width(table)
    for r in range(r0, r1):
        for k in range(0, P, W):
            store(table, ids[r] * P + k, zeros(table))


@shared_kernel
def take_rows(table, ids, rows, r0, r1):
    """rows[r] = table[ids[r]], padding included, for r0 .. r1-1."""
    P, W = table.shape[1], width(table)
    for r in range(r0, r1):
        for k in range(0, P, W):
            store(rows, r * P + k, load(table, ids[r] * P + k))


@shared_kernel
def put_rows(rows, ids, table, r0, r1):
    """table[ids[r]] = rows[r], padding included, for r0 .. r1-1; no number may stand in `ids` twice."""
    P, W = table.shape[1], width(table)
    for r in range(r0, r1):
        for k in range(0, P, W):
            store(table, ids[r] * P + k, load(rows, r * P + k))
