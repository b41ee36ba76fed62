"""Optimizer updates, each written once for a register and run in one pass over flat arrays of parameters.

p parameters, g gradients, and the optimizer's slots (m, v ..) are views of flat arrays of one size, a multiple of W.
The equations are Keras's, down to the place of epsilon. A call works on elements lo .. hi-1, whole registers.
"""

from __future__ import annotations

from minirnn.gates.elementary import where
from minirnn.jit import inline, kernel
from minirnn.kernels.elementary import sqrt
from minirnn.kernels.simd import add_lanes, load, store, width, zeros


@inline
def adam_update(p, g, m, v, rate, beta_1, beta_2, epsilon):
    """Kingma & Ba 2015, section 2 (the form with epsilon-hat): rate = lr sqrt(1 - beta_2**t) / (1 - beta_1**t).

    m = m + (g - m) (1 - beta_1)
    v = v + (g**2 - v) (1 - beta_2)
    p = p - rate m / (sqrt(v) + epsilon)
    """
    m = m + (g - m) * (1.0 - beta_1)
    v = v + (g * g - v) * (1.0 - beta_2)
    p = p - rate * m / (sqrt(v) + epsilon)
    return p, m, v


@kernel
def adam(p, g, m, v, rate, beta_1, beta_2, epsilon, lo, hi):
    """One step of Adam."""
    for k in range(lo, hi, width(p)):
        p_k, m_k, v_k = adam_update(load(p, k), load(g, k), load(m, k), load(v, k), rate, beta_1, beta_2, epsilon)
        store(p, k, p_k)
        store(m, k, m_k)
        store(v, k, v_k)


@kernel
def amsgrad(p, g, m, v, top, rate, beta_1, beta_2, epsilon, lo, hi):
    """Adam with the largest v so far in the denominator (Reddi, Kale & Kumar 2018, algorithm 2)."""
    for k in range(lo, hi, width(p)):
        _, m_k, v_k = adam_update(load(p, k), load(g, k), load(m, k), load(v, k), rate, beta_1, beta_2, epsilon)
        top_k = where(load(top, k) > v_k, load(top, k), v_k)
        store(p, k, load(p, k) - rate * m_k / (sqrt(top_k) + epsilon))
        store(m, k, m_k)
        store(v, k, v_k)
        store(top, k, top_k)


@kernel
def sgd(p, g, learning_rate, lo, hi):
    """p = p - learning_rate g"""
    for k in range(lo, hi, width(p)):
        store(p, k, load(p, k) - learning_rate * load(g, k))


@kernel
def sgd_momentum(p, g, m, learning_rate, momentum, nesterov, lo, hi):
    """m = momentum m - learning_rate g, then p = p + m, or with nesterov p = p + momentum m - learning_rate g."""
    for k in range(lo, hi, width(p)):
        step = learning_rate * load(g, k)
        m_k = momentum * load(m, k) - step
        store(m, k, m_k)
        store(p, k, load(p, k) + (momentum * m_k - step if nesterov else m_k))


@kernel
def rmsprop(p, g, v, mean, m, learning_rate, rho, momentum, epsilon, centered, lo, hi):
    """Tieleman & Hinton 2012, lecture 6.5; `centered` subtracts the squared mean gradient (Graves 2013, eqs. 38-45).

    v = rho v + (1 - rho) g**2
    m = momentum m + learning_rate g / sqrt(v - mean**2 + epsilon);  p = p - m
    """
    for k in range(lo, hi, width(p)):
        g_k = load(g, k)
        v_k = rho * load(v, k) + (1.0 - rho) * g_k * g_k
        store(v, k, v_k)
        spread = v_k + epsilon
        if centered:
            mean_k = rho * load(mean, k) + (1.0 - rho) * g_k
            store(mean, k, mean_k)
            spread = v_k - mean_k * mean_k + epsilon
        step = learning_rate * g_k / sqrt(spread)
        if momentum > 0.0:
            step = momentum * load(m, k) + step
            store(m, k, step)
        store(p, k, load(p, k) - step)


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


@kernel
def scale(g, factor, lo, hi):
    """g = factor g"""
    for k in range(lo, hi, width(g)):
        store(g, k, factor * load(g, k))


@kernel
def clip(g, limit, lo, hi):
    """g clipped to -limit .. limit"""
    for k in range(lo, hi, width(g)):
        g_k = load(g, k)
        store(g, k, where(g_k > limit, limit, where(g_k < -limit, -limit, g_k)))
