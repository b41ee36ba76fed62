"""Dropout in a recurrent layer: masks of zeros and 1 / (1 - rate), one for each sample of a batch, alike at all steps.

Gal & Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks", 2016
(arXiv:1512.05287), with one mask for all gates, the "tied weights" form.

Input dropout is x * mask, computed before the time loop. Recurrent dropout is a mask on h_prev where it enters the
recurrent product, and nowhere else:

    h_in = h_prev * m           a = x W + h_in U + b
    dh_prev = direct path + m * (da U^T)            dU = h_in^T da

so the time loops write h_in beside h as each state is stored. A cell has the functions of `WITHOUT`, in which h_in is h
itself and nothing remains to be done, or those of `WITH`; they agree in their arguments. Shapes and letters as in
`recurrence`; `drop` is () or (h_in of h's shape, masks (B, Q)), with masks of zero in padded units; so the first array
of `drop + (h,)` is h_in in either case.
"""

from __future__ import annotations

from minirnn.jit import inline, shared_kernel
from minirnn.kernels.philox import WORD, philox
from minirnn.kernels.rows import for_rows
from minirnn.kernels.simd import load, load_part, store, store_part, width
from minirnn.kernels.tiles import tile_load, tile_plus, tile_store, tile_times, tile_zeros
from minirnn.kernels.transposed import transposed_product, transposed_sum

# --- without recurrent dropout ----------------------------------------------------------------------------------------


@inline
def drop_nothing(h, drop, slot, i):
    pass


@inline
def all_to_previous(dh_in, drop, at):
    return dh_in


@inline
def add_all_to_previous(columns, first, count, s, slot, ut, D, dh, drop, r0, r1):
    Q = dh.shape[1]
    transposed_product(columns, first, count, s, slot, ut, 0, D, dh, 0, Q, Q, True, r0, r1)


# --- with it ----------------------------------------------------------------------------------------------------------


@inline
def drop_state(h, drop, slot, i):
    """h_in = h * mask for row i of a slot."""
    h_in, masks = drop
    B, P, Q = h.shape[1], h.shape[2], masks.shape[1]
    for k in range(0, P, width(h)):
        at = (slot * B + i) * P + k
        store(h_in, at, load(h, at) * load(masks, i * Q + k))


@inline
def kept_to_previous(dh_in, drop, at):
    """One register of dh_prev from that of dh_in; `at` is its place in the rows of dh."""
    return dh_in * load(drop[1], at)


@inline
def kept_tile(rows, i, r0, columns, first, count, s, slot, ut, D, n, dh, masks):
    """dh[i.., tile n] += mask * (da U^T)."""
    L, Q = len(columns) * width(s), dh.shape[1]
    at = i * Q + n * L
    zero = tile_zeros(rows, columns, dh)
    dh_in = transposed_sum(rows, i, r0, columns, first, count, s, slot, ut, 0, D, n, 0, s.shape[1], zero)
    kept = tile_times(dh_in, tile_load(rows, columns, masks, at, Q))
    tile_store(tile_plus(tile_load(rows, columns, dh, at, Q), kept), dh, at, Q)


@inline
def add_kept_to_previous(columns, first, count, s, slot, ut, D, dh, drop, r0, r1):
    """dh += mask * (da U^T), da being `count` elements from `first` on in the rows of s."""
    for n in range(ut.shape[0]):
        for_rows(kept_tile, columns, r0, r1, (r0, columns, first, count, s, slot, ut, D, n, dh, drop[1]))


WITHOUT = dict(drop_state=drop_nothing, to_previous=all_to_previous, add_to_previous=add_all_to_previous)
WITH = dict(drop_state=drop_state, to_previous=kept_to_previous, add_to_previous=add_kept_to_previous)

# --- the masks, and the input -----------------------------------------------------------------------------------------


@inline
def draw_row(masks, i, size, rate, k0, k1, draw):
    """The first `size` numbers of row i become 0 with probability `rate`, else 1 / (1 - rate).

    masks (B, Q). Draws of one key (k0, k1) have numbers: a number and a place in the masks always give the same choice.
    """
    kept = 1.0 / (1.0 - rate)
    limit = rate * 4294967296.0
    low, high = draw & WORD, (draw >> 32) & WORD
    whole = size - size % 4
    for k in range(0, whole, 4):
        a, b, c, d = philox(k, i, low, high, k0, k1)
        masks[i, k] = 0.0 if a < limit else kept
        masks[i, k + 1] = 0.0 if b < limit else kept
        masks[i, k + 2] = 0.0 if c < limit else kept
        masks[i, k + 3] = 0.0 if d < limit else kept
    if whole < size:
        words = philox(whole, i, low, high, k0, k1)
        for k in range(whole, size):
            masks[i, k] = 0.0 if words[k - whole] < limit else kept


@inline
def drop_row(x, masks, y, i):
    """y = x * mask for row i; x and y are (B, T, F) and may be one array, masks (B, F)."""
    T, F, W = y.shape[1], y.shape[2], width(y)
    whole = F - F % W
    for t in range(T):
        at = (i * T + t) * F
        for k in range(0, whole, W):
            store(y, at + k, load(x, at + k) * load(masks, i * F + k))
        if whole < F:
            left = F - whole
            store_part(y, at + whole, load_part(x, at + whole, left) * load_part(masks, i * F + whole, left), left)


@shared_kernel
def draw_and_drop(x, h_masks, units, x_masks, x_kept, h_rate, x_rate, k0, k1, h_draw, x_draw, r0, r1):
    """For batch rows r0 .. r1-1: new masks of h (its first `units` numbers) and of x, and x_kept = x * mask.

    Where one of the two is not dropped, its arrays are empty, and `units` is 0.
    """
    for i in range(r0, r1):
        draw_row(h_masks, i, units, h_rate, k0, k1, h_draw)
        draw_row(x_masks, i, x_masks.shape[1], x_rate, k0, k1, x_draw)
        drop_row(x, x_masks, x_kept, i)


@shared_kernel
def drop_features(x, masks, y, r0, r1):
    """y = x * mask for batch rows r0 .. r1-1, as `drop_row`."""
    for i in range(r0, r1):
        drop_row(x, masks, y, i)
