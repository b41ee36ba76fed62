"""Whether all numbers of an array are finite, in one pass over it: 0 x is 0 for all of them, and NaN for the others."""

from __future__ import annotations

from minirnn.jit import inline, kernel, shared_kernel
from minirnn.kernels.simd import add_lanes, load, load_part, width, zeros


@inline
def are_finite(x, lo, hi):
    """Whether elements lo .. hi-1 are finite."""
    W = width(x)
    a, b, c, d = zeros(x), zeros(x), zeros(x), zeros(x)
    k = lo
    while k + 4 * W <= hi:  # four sums, so that none waits for the one before
        a = a + 0.0 * load(x, k)
        b = b + 0.0 * load(x, k + W)
        c = c + 0.0 * load(x, k + 2 * W)
        d = d + 0.0 * load(x, k + 3 * W)
        k += 4 * W
    while k < hi:
        a = a + 0.0 * load_part(x, k, min(W, hi - k))
        k += W
    return add_lanes((a + b) + (c + d)) == 0.0


@kernel
def all_finite(x):
    """True unless x, of any shape, holds NaN or infinity."""
    return are_finite(x, 0, x.size)


@shared_kernel
def find_not_finite(x, found, lo, hi):
    """found[0] becomes 1 if one of the elements lo .. hi-1 of x, of any shape, is NaN or infinite."""
    if not are_finite(x, lo, hi):
        found[0] = 1
