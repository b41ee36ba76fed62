"""What an optimizer may do besides its update: clip and gather gradients, decay weights, average them.

p parameters, g gradients and slots are flat arrays as in `minirnn.kernels.optimizers`; a call works on elements
lo .. hi-1, whole registers.
"""

from __future__ import annotations

from minirnn.gates.elementary import where
from minirnn.jit import inline, kernel, shared_kernel
from minirnn.kernels.simd import add_lanes, load, store, width, zeros


@inline
def _square_sum(g, lo, hi):
    total = zeros(g)
    for k in range(lo, hi, width(g)):
        total = total + load(g, k) * load(g, k)
    return add_lanes(total)


@kernel
def square_sum(g, lo, hi):
    """Sum of g**2."""
    return float(_square_sum(g, lo, hi))


@shared_kernel
def scale(g, factor, lo, hi):
    """g = factor g"""
    for k in range(lo, hi, width(g)):
        store(g, k, factor * load(g, k))


@shared_kernel
def clip(g, limit, lo, hi):
    """g clipped to -limit .. limit"""
    for k in range(lo, hi, width(g)):
        g_k = load(g, k)
        store(g, k, where(g_k > limit, limit, where(g_k < -limit, -limit, g_k)))


@shared_kernel
def decay(p, rate, lo, hi):
    """p = p - rate p: weight decay apart from the gradient (Loshchilov & Hutter 2019, algorithm 2)."""
    for k in range(lo, hi, width(p)):
        store(p, k, load(p, k) - rate * load(p, k))


@shared_kernel
def gather(total, g, lo, hi):
    """total = total + g"""
    for k in range(lo, hi, width(g)):
        store(total, k, load(total, k) + load(g, k))


@shared_kernel
def mean_with(g, total, steps, lo, hi):
    """g = (g + total) / steps: the mean of this gradient and those gathered."""
    for k in range(lo, hi, width(g)):
        store(g, k, (load(g, k) + load(total, k)) / steps)


@shared_kernel
def follow(average, p, momentum, lo, hi):
    """average = average + (p - average) (1 - momentum), an exponential moving average."""
    for k in range(lo, hi, width(p)):
        store(average, k, load(average, k) + (load(p, k) - load(average, k)) * (1.0 - momentum))
