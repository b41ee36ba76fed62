"""Losses and their gradients in one pass over rows, and what the rules of several families share.

    y (R, N)  targets, of p's dtype; sparse labels (R, 1) int64       p (R, N)  predictions
    weights (R,) float64 or (0,)  weight of each row                  values (R,) float64 or (0,)  out: loss of each row
    dp (R, N) out: gradient of the result; or (1, N) scratch, where only values are wanted

A rule is a `Static` with a function `row(rule, y, p, r, dp, d, factor, option)`: it returns the loss of row r and
writes its gradient times `factor` to row d of dp. Sums run in float64, and so does the arithmetic of a row.
"""

from __future__ import annotations

import numpy as np

from minirnn.jit import inline, kernel

EPSILON = 1e-7  # Keras's epsilon: probabilities are kept this far from 0 and 1 before a logarithm


@kernel
def loss(rule, y, p, weights, dp, values, scale, option):
    """The sum over rows of weight times loss times `scale` (1 / R for a mean).

    `option` is the rule's own number (delta of huber, label smoothing, ..), or a float64 array of several.
    """
    R = p.shape[0]
    whole = dp.shape[0] == R
    total = 0.0
    for r in range(R):
        factor = scale * weights[r] if weights.size > 0 else scale
        value = rule.row(rule, y, p, r, dp, r if whole else 0, factor, option)
        if values.size > 0:
            values[r] = value
        total += factor * value
    return total


@inline
def elementwise_row(rule, y, p, r, dp, d, factor, option):
    """Mean over the row of an elementwise rule: element(y, p, option) -> value, slope"""
    N = p.shape[1]
    total = 0.0
    for k in range(N):
        value, slope = rule.element(np.float64(y[r, k]), np.float64(p[r, k]), option)
        total += value
        dp[d, k] = slope * (factor / N)
    return total / N


@inline
def probability_row(rule, y, p, r, dp, d, factor, option):
    """Mean over the row of a rule of probabilities: element(y, p, clipped, option) -> value, slope"""
    N = p.shape[1]
    low, high = limits(p)
    total = 0.0
    for k in range(N):
        probability = np.float64(p[r, k])
        clipped = min(max(probability, low), high)
        value, slope = rule.element(np.float64(y[r, k]), probability, clipped, option)
        total += value
        dp[d, k] = slope * (factor / N)
    return total / N


@inline
def limits(p):
    """What probabilities are clipped to, as p's dtype rounds it: 1 - EPSILON is 1 - 1.19e-7 in float32."""
    return np.float64(p.dtype.type(EPSILON)), np.float64(p.dtype.type(1.0 - EPSILON))


@inline
def smoothed(y, smoothing, N):
    """A target of N classes, moved by the share `smoothing` towards 1 / N."""
    return np.float64(y) * (1.0 - smoothing) + smoothing / N
