"""Dense layers and activations on their own: one step of the recurrent kernels, without the recurrence.

    x (R, K) rows;  w (NT, K, L), b (1, NT, L) weights in tiles of L outputs;  y (R, N) output
    s (1, NT, R, L) scratch: pre-activations, then what the derivative needs, then da
"""

from __future__ import annotations

from minirnn.gates.elementary import exp
from minirnn.jit import inline, kernel, shared_kernel
from minirnn.kernels.rows import for_rows
from minirnn.kernels.simd import load, load_part, store, store_part, width
from minirnn.kernels.tiles import (
    COLUMNS_0,
    matmul,
    next_panel,
    pace,
    tile_add,
    tile_blank,
    tile_plus,
    tile_store,
    tile_zeros,
)
from minirnn.kernels.transposed import transposed_product
from minirnn.kernels.weight_gradients import add_up, gradient_tile

# Terms that are summed one after the other. An output has no gate behind it that takes the rounding errors of its sum
# back, and most of a model's gradients begin with it.
TERMS = 32


@inline
def dense_tile(rows, i, r0, tile, act, x, w, b, s, y, j):
    """y[i.., tile j] = activation(x W + b)"""
    W, fetched = width(s), pace(w)
    R, K, L, N = x.shape[0], x.shape[1], w.shape[2], y.shape[1]
    ahead = next_panel(rows, i, r0, tile, j, w.shape[0], K, w)
    a = tile_zeros(rows, tile, s)
    for k in range(0, K, TERMS):
        part, at = tile_blank(a), (j * K + k) * L
        part = matmul(part, COLUMNS_0, tile, x, i * K + k, K, 1, w, at, min(TERMS, K - k), ahead + k * fetched)
        a = tile_plus(a, part)
    a = tile_add(a, COLUMNS_0, tile, b, j * L)
    q = (j * R + i) * L
    tile_store(a, s, q, L)
    for r in range(len(rows)):
        for k in range(0, min(L, N - j * L), W):
            v = load(s, q + r * L + k)
            out = act.activation(v)
            store(s, q + r * L + k, act.keep_activation(out, v))
            store_part(y, (i + r) * N + j * L + k, out, min(W, N - j * L - k))


@shared_kernel
def dense_forward(x, act, tile, w, b, s, y, r0, r1):
    """Rows r0 .. r1-1 of y = activation(x W + b)."""
    for j in range(w.shape[0]):
        for_rows(dense_tile, tile, r0, r1, (r0, tile, act, x, w, b, s, y, j))


@shared_kernel
def dense_backward(dy, act, x_tile, s, wt, dx, r0, r1):
    """s becomes da = dy * derivative; dx (R, K) or (0, 0) becomes da W^T."""
    W = width(s)
    NT, R, L = s.shape[1], s.shape[2], s.shape[3]
    N = dy.shape[1]
    for j in range(NT):
        for i in range(r0, r1):
            for k in range(0, L, W):
                q = (j * R + i) * L + k
                v, a = act.recall_activation(act.activation, load(s, q))
                left = max(min(W, N - j * L - k), 0)
                store(s, q, load_part(dy, i * N + min(j * L + k, N), left) * act.d_activation(v, a))
    if dx.size > 0:
        K = dx.shape[1]
        transposed_product(x_tile, 0, L, s, 0, wt, 0, L, dx, 0, K, K, False, r0, r1)


@shared_kernel
def dense_gradients(x, tile, s, dw, db, j0, j1):
    """Tiles j0 .. j1-1 of dW = x^T da and db."""
    K, L = dw.shape[1], dw.shape[2]
    for j in range(j0, j1):
        for_rows(gradient_tile, tile, 0, K, (x, 0, K, 0, False, COLUMNS_0, tile, s, 0, 1, j, dw, 0))
        add_up(s, 0, 1, j, COLUMNS_0, tile, db, j * L)


@kernel
def activation_forward(act, x, s, y):
    """y = activation(x) of arrays of one size; s keeps what the derivative needs."""
    W = width(x)
    for k in range(0, x.size, W):
        n = min(W, x.size - k)
        a = load_part(x, k, n)
        v = act.activation(a)
        store_part(y, k, v, n)
        store_part(s, k, act.keep_activation(v, a), n)


@kernel
def activation_backward(act, dy, s, dx):
    """dx = dy * derivative of the activation."""
    W = width(dy)
    for k in range(0, dy.size, W):
        n = min(W, dy.size - k)
        y, a = act.recall_activation(act.activation, load_part(s, k, n))
        store_part(dx, k, load_part(dy, k, n) * act.d_activation(y, a), n)


@kernel
def softmax_forward(x, y):
    """y = e**x / sum of e**x over each row of (R, N), shifted by the row's maximum."""
    R, N = x.shape
    for r in range(R):
        top = x[r, 0]
        for k in range(1, N):
            top = max(top, x[r, k])
        total = 0.0
        for k in range(N):
            y[r, k] = exp(x[r, k] - top)
            total += y[r, k]
        for k in range(N):
            y[r, k] /= total


@kernel
def softmax_backward(dy, y, dx):
    """dx = y (dy - sum of dy y) over each row."""
    R, N = y.shape
    for r in range(R):
        shared = 0.0
        for k in range(N):
            shared += dy[r, k] * y[r, k]
        for k in range(N):
            dx[r, k] = y[r, k] * (dy[r, k] - shared)
