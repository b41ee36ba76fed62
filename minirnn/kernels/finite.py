"""Whether all numbers of an array are finite, in one pass over it."""

from __future__ import annotations

from minirnn.jit import kernel
from minirnn.kernels.simd import add_lanes, load, load_part, width, zeros


@kernel
def all_finite(x):
    """True unless x, of any shape, holds NaN or infinity: 0 x is 0 for all other numbers, and NaN for those."""
    W, n = width(x), x.size
    a, b, c, d = zeros(x), zeros(x), zeros(x), zeros(x)
    k = 0
    while k + 4 * W <= n:  # four sums, so that none waits for the one before
        a = a + 0.0 * load(x, k)
        b = b + 0.0 * load(x, k + W)
        c = c + 0.0 * load(x, k + 2 * W)
        d = d + 0.0 * load(x, k + 3 * W)
        k += 4 * W
    while k < n:
        a = a + 0.0 * load_part(x, k, min(W, n - k))
        k += W
    return add_lanes((a + b) + (c + d)) == 0.0
