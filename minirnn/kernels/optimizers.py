"""Optimizer updates, each written once for a register and run in one pass over flat arrays of parameters.

p parameters, g gradients, and the optimizer's slots (m, v ..) are views of flat arrays of one size, a multiple of W.
The equations are Keras's, down to the place of epsilon. A call works on elements lo .. hi-1, whole registers.
Where p, g and the slots are zero, as in the padding of weights, p stays zero.
"""

from __future__ import annotations

from minirnn.gates.elementary import absolute, where
from minirnn.jit import inline, shared_kernel
from minirnn.kernels.instructions import sqrt
from minirnn.kernels.simd import load, store, width, zeros


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


@shared_kernel
def adam(p, g, m, v, rate, beta_1, beta_2, epsilon, lo, hi):
    """One step of Adam."""
    for k in range(lo, hi, width(p)):
        p_k, m_k, v_k = adam_update(load(p, k), load(g, k), load(m, k), load(v, k), rate, beta_1, beta_2, epsilon)
        store(p, k, p_k)
        store(m, k, m_k)
        store(v, k, v_k)


@shared_kernel
def adam_idle(p, m, v, rates, starts, stops, beta_1, beta_2, epsilon, r0, r1):
    """Rows r0 .. r1-1 of (rows, P) make steps starts[r] .. stops[r]-1 of Adam without a gradient, in registers."""
    P, W = p.shape[1], width(p)
    for r in range(r0, r1):
        for k in range(r * P, r * P + P, W):
            p_k, m_k, v_k = load(p, k), load(m, k), load(v, k)
            for s in range(starts[r], stops[r]):
                p_k, m_k, v_k = adam_update(p_k, zeros(p), m_k, v_k, rates[s], beta_1, beta_2, epsilon)
            store(p, k, p_k)
            store(m, k, m_k)
            store(v, k, v_k)


@shared_kernel
def amsgrad(p, g, m, v, top, rate, beta_1, beta_2, epsilon, lo, hi):
    """Adam with the largest v so far in the denominator (Reddi, Kale & Kumar 2018, algorithm 2)."""
    for k in range(lo, hi, width(p)):
        _, m_k, v_k = adam_update(load(p, k), load(g, k), load(m, k), load(v, k), rate, beta_1, beta_2, epsilon)
        top_k = where(load(top, k) > v_k, load(top, k), v_k)
        store(p, k, load(p, k) - rate * m_k / (sqrt(top_k) + epsilon))
        store(m, k, m_k)
        store(v, k, v_k)
        store(top, k, top_k)


@inline
def adamax_update(p, g, m, u, rate, beta_1, beta_2, epsilon):
    """Kingma & Ba 2015, algorithm 2, with an epsilon: rate = lr / (1 - beta_1**t).

        m = m + (g - m) (1 - beta_1)
        u = max(beta_2 u, |g|)
        p = p - rate m / (u + epsilon)
    """
    m = m + (g - m) * (1.0 - beta_1)
    faded, size = beta_2 * u, absolute(g)
    u = where(faded > size, faded, size)
    p = p - rate * m / (u + epsilon)
    return p, m, u


@shared_kernel
def adamax(p, g, m, u, rate, beta_1, beta_2, epsilon, lo, hi):
    """One step of Adamax."""
    for k in range(lo, hi, width(p)):
        p_k, m_k, u_k = adamax_update(load(p, k), load(g, k), load(m, k), load(u, k), rate, beta_1, beta_2, epsilon)
        store(p, k, p_k)
        store(m, k, m_k)
        store(u, k, u_k)


@inline
def nadam_update(p, g, m, v, rate_m, rate_g, correction, beta_1, beta_2, epsilon):
    """Dozat 2016, algorithm 2, with momenta mu_t = beta_1 (1 - 0.96**t / 2) and their product M_t = mu_1 .. mu_t:
    rate_m = lr mu_{t+1} / (1 - M_{t+1}), rate_g = lr (1 - mu_t) / (1 - M_t), correction = 1 / (1 - beta_2**t).

        m = m + (g - m) (1 - beta_1)
        v = v + (g**2 - v) (1 - beta_2)
        p = p - (rate_m m + rate_g g) / (sqrt(correction v) + epsilon)
    """
    m = m + (g - m) * (1.0 - beta_1)
    v = v + (g * g - v) * (1.0 - beta_2)
    p = p - (rate_m * m + rate_g * g) / (sqrt(correction * v) + epsilon)
    return p, m, v


@shared_kernel
def nadam(p, g, m, v, rate_m, rate_g, correction, beta_1, beta_2, epsilon, lo, hi):
    """One step of Nadam."""
    for k in range(lo, hi, width(p)):
        p_k, m_k, v_k = nadam_update(
            load(p, k), load(g, k), load(m, k), load(v, k), rate_m, rate_g, correction, beta_1, beta_2, epsilon
        )
        store(p, k, p_k)
        store(m, k, m_k)
        store(v, k, v_k)


@inline
def adagrad_update(p, g, a, learning_rate, epsilon):
    """Duchi, Hazan & Singer 2011, the diagonal form of figure 1, with epsilon under the root.

        a = a + g**2
        p = p - learning_rate g / sqrt(a + epsilon)
    """
    a = a + g * g
    p = p - learning_rate * g / sqrt(a + epsilon)
    return p, a


@shared_kernel
def adagrad(p, g, a, learning_rate, epsilon, lo, hi):
    """One step of Adagrad."""
    for k in range(lo, hi, width(p)):
        p_k, a_k = adagrad_update(load(p, k), load(g, k), load(a, k), learning_rate, epsilon)
        store(p, k, p_k)
        store(a, k, a_k)


@inline
def adadelta_update(p, g, a, x, learning_rate, rho, epsilon):
    """Zeiler 2012, algorithm 1: a runs after the squared gradients, x after the squared changes d.

        a = rho a + (1 - rho) g**2
        d = -g sqrt(x + epsilon) / sqrt(a + epsilon)
        x = rho x + (1 - rho) d**2
        p = p + learning_rate d
    """
    a = rho * a + (1.0 - rho) * (g * g)
    d = -g * sqrt(x + epsilon) / sqrt(a + epsilon)
    x = rho * x + (1.0 - rho) * (d * d)
    p = p + learning_rate * d
    return p, a, x


@shared_kernel
def adadelta(p, g, a, x, learning_rate, rho, epsilon, lo, hi):
    """One step of Adadelta."""
    for k in range(lo, hi, width(p)):
        p_k, a_k, x_k = adadelta_update(load(p, k), load(g, k), load(a, k), load(x, k), learning_rate, rho, epsilon)
        store(p, k, p_k)
        store(a, k, a_k)
        store(x, k, x_k)


@inline
def lion_update(p, g, m, learning_rate, beta_1, beta_2):
    """Chen et al. 2023, algorithm 2 (weight decay is a pass of its own); the sign of zero is zero.

        p = p - learning_rate sign(beta_1 m + (1 - beta_1) g)
        m = beta_2 m + (1 - beta_2) g
    """
    c = beta_1 * m + (1.0 - beta_1) * g
    p = p - learning_rate * where(c > 0.0, 1.0, where(c < 0.0, -1.0, c))  # a NaN stays one
    m = beta_2 * m + (1.0 - beta_2) * g
    return p, m


@shared_kernel
def lion(p, g, m, learning_rate, beta_1, beta_2, lo, hi):
    """One step of Lion."""
    for k in range(lo, hi, width(p)):
        p_k, m_k = lion_update(load(p, k), load(g, k), load(m, k), learning_rate, beta_1, beta_2)
        store(p, k, p_k)
        store(m, k, m_k)


@shared_kernel
def sgd(p, g, learning_rate, lo, hi):
    """p = p - learning_rate g"""
    for k in range(lo, hi, width(p)):
        store(p, k, load(p, k) - learning_rate * load(g, k))


@shared_kernel
def sgd_momentum(p, g, m, learning_rate, momentum, nesterov, lo, hi):
    """m = momentum m - learning_rate g, then p = p + m, or with nesterov p = p + momentum m - learning_rate g."""
    for k in range(lo, hi, width(p)):
        step = learning_rate * load(g, k)
        m_k = momentum * load(m, k) - step
        store(m, k, m_k)
        store(p, k, load(p, k) + (momentum * m_k - step if nesterov else m_k))


@shared_kernel
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
