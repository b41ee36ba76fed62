"""da W^T: how gradients of pre-activations reach the input and the state before, from transposed copies of weights.

Shapes and letters as in `recurrence`.
"""

from __future__ import annotations

from minirnn.jit import inline, shared_kernel
from minirnn.kernels.rows import for_rows
from minirnn.kernels.simd import element, width
from minirnn.kernels.tiles import (
    COLUMNS_0,
    SUM_LENGTH,
    matmul,
    next_panel,
    pace,
    tile_blank,
    tile_load,
    tile_plus,
    tile_store,
    tile_store_part,
    tile_zeros,
)

# Terms that all rows and tiles go through together: so much of da and of W^T stays in the second-level cache.
NEAR_TERMS = 2 * SUM_LENGTH


@shared_kernel
def transpose(w, wt, split, n0, n1):
    """Weights (NT, K, D) to tiles n0 .. n1-1 of wt (ceil(K / L), NT * D, L): wt[n, j*D + p, l] = w[j, n*L + l, p].

    The first `split` of the D numbers have a panel of their own in w[j]: K rows of these, then K rows of the others.
    """
    NT, K, D = w.shape
    L = wt.shape[2]
    for n in range(n0, n1):
        for j in range(NT):
            for l in range(min(L, K - n * L)):  # noqa: E741
                k, rest = n * L + l, D - split
                for p in range(split):
                    wt[n, j * D + p, l] = element(w, j * K * D + k * split + p)
                for p in range(rest):
                    wt[n, j * D + split + p, l] = element(w, j * K * D + K * split + k * rest + p)


@inline
def tiles_of(terms, count):
    """How many unit tiles, of `count` elements each, make so many terms; at least one."""
    return max(1, terms // count)


@inline
def transposed_sum(rows, i, r0, columns, first, count, s, slot, wt, skip, D, n, start, stop, total):
    """total + da W^T of batch rows i, i+1, .. and tile n of wt, over unit tiles start .. stop-1.

    da: `count` elements from `first` on in a row of s; in wt they are the elements skip, skip+1, .. of each D.
    """
    NT, B, C = s.shape[1], s.shape[2], s.shape[3]
    L = len(columns) * width(s)
    # The next tile's weights of these terms; after the last tile the first one's of the next terms, maybe fewer.
    after = (n + 1) * NT + start if n + 1 < wt.shape[0] else min(stop % NT, NT - (stop - start))
    ahead = after * D * L + next_panel(rows, i, r0, columns, 0, 1, (stop - start) * D, wt)
    together = tiles_of(SUM_LENGTH, count)
    for j0 in range(start, stop, together):
        part = tile_blank(total)
        for j in range(j0, min(j0 + together, stop)):
            da = ((slot * NT + j) * B + i) * C + first
            weights = ((n * NT + j) * D + skip) * L
            fetched = ahead + (j - start) * D * pace(wt)
            part = matmul(part, COLUMNS_0, columns, s, da, C, 1, wt, weights, count, fetched)
        total = tile_plus(total, part)
    return total


@inline
def transposed_tile(
    rows, i, r0, columns, first, count, s, slot, wt, skip, D, n, start, stop, out, offset, stride, limit, add
):  # fmt: skip
    """out[i.., tile n] = (what is there if `add`) + `transposed_sum`; rows of `out` have `limit` elements."""
    L = len(columns) * width(s)
    at = offset + i * stride + n * L
    total = tile_load(rows, columns, out, at, stride) if add else tile_zeros(rows, columns, out)
    total = transposed_sum(rows, i, r0, columns, first, count, s, slot, wt, skip, D, n, start, stop, total)
    if n * L + L <= limit:
        tile_store(total, out, at, stride)
    else:
        tile_store_part(total, out, at, stride, limit - n * L)


@inline
def transposed_product(columns, first, count, s, slot, wt, skip, D, out, offset, stride, limit, add, r0, r1):
    """`transposed_tile` for every tile and row, over as many terms at once as stay in the second-level cache."""
    N, NT = wt.shape[0], s.shape[1]
    whole = N * len(columns) * width(s) <= limit  # a part of a tile could not be read again
    together = tiles_of(SUM_LENGTH, count) * (NEAR_TERMS // SUM_LENGTH) if whole else NT
    for start in range(0, NT, together):
        stop = min(start + together, NT)
        for n in range(N):
            of_tiles = (r0, columns, first, count, s, slot, wt, skip, D, n, start, stop,
                        out, offset, stride, limit, add or start > 0)  # fmt: skip
            for_rows(transposed_tile, columns, r0, r1, of_tiles)


@shared_kernel
def input_gradient(x_tile, s, wt, dx, reverse, r0, r1):
    """dx (B, T, F) = da W^T of every step, of the da that `backward` leaves in s.

    wt: transposed input weights; a tile is len(x_tile) registers wide. The first layer of a model needs none of it.
    """
    T, F = dx.shape[1], dx.shape[2]
    D = wt.shape[1] // s.shape[1]
    for t in range(T - 1, -1, -1):
        xt = T - 1 - t if reverse else t
        transposed_product(x_tile, 0, D, s, t, wt, 0, D, dx, xt * F, T * F, F, False, r0, r1)
