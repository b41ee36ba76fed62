"""Losses of numbers: value and slope of one element, e = p - y; the cosine is that of a whole row.

A slope at a kink is TensorFlow's: 0 for |e| at e = 0.
"""

from __future__ import annotations

import math

import numpy as np

from minirnn.jit import inline
from minirnn.kernels.losses.rows import EPSILON


@inline
def sign(e):
    """-1, 0 or 1"""
    return (1.0 if e > 0 else 0.0) - (1.0 if e < 0 else 0.0)


@inline
def squared_error(y, p, option):
    """e**2,   slope 2 e"""
    return (p - y) * (p - y), 2.0 * (p - y)


@inline
def absolute_error(y, p, option):
    """|e|,   slope sign(e)"""
    return abs(p - y), sign(p - y)


@inline
def absolute_percentage_error(y, p, option):
    """100 |e| / |y|, with |y| at least EPSILON,   slope 100 sign(e) / |y|"""
    rate = 100.0 / max(abs(y), EPSILON)
    return rate * abs(p - y), rate * sign(p - y)


@inline
def squared_logarithmic_error(y, p, option):
    """q**2, q = log(1 + p) - log(1 + y), p and y at least EPSILON,   slope 2 q / (1 + p), or 0 below EPSILON"""
    above = 1.0 + max(p, EPSILON)
    q = math.log(above) - math.log(1.0 + max(y, EPSILON))
    return q * q, 2.0 * q / above if p >= EPSILON else 0.0


@inline
def huber_error(y, p, delta):
    """e**2 / 2 within delta, delta |e| - delta**2 / 2 beyond (Huber 1964),   slope e clipped to +-delta"""
    e = p - y
    if abs(e) <= delta:
        return 0.5 * e * e, e
    return delta * abs(e) - 0.5 * delta * delta, delta * sign(e)


@inline
def log_cosh_error(y, p, option):
    """log(cosh(e)) = |e| + log(1 + q / 2), q = exp(-2 |e|) - 1,   slope tanh(e) = -sign(e) q / (2 + q)"""
    e = p - y
    q = math.expm1(-2.0 * abs(e))
    return abs(e) + math.log1p(0.5 * q), -sign(e) * q / (2.0 + q)


@inline
def cosine_row(rule, y, p, r, dp, d, factor, option):
    """-c, c = y.p / (|y| |p|), lengths at least EPSILON;   slope (c p / |p| - y / |y|) / |p|

    A p shorter than EPSILON is divided by EPSILON, so c is linear in it and the first term falls away. So it does for
    p = 0, where Keras's gradient is NaN.
    """
    N = p.shape[1]
    yy, pp, yp = 0.0, 0.0, 0.0
    for k in range(N):
        a, b = np.float64(y[r, k]), np.float64(p[r, k])
        yy += a * a
        pp += b * b
        yp += a * b
    y_length, p_length = max(math.sqrt(yy), EPSILON), max(math.sqrt(pp), EPSILON)
    cosine = yp / (y_length * p_length)
    along = cosine / p_length if p_length > EPSILON else 0.0
    for k in range(N):
        dp[d, k] = (along * p[r, k] - y[r, k] / y_length) / p_length * factor
    return -cosine
