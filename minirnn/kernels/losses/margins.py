"""Margins: losses that are zero once a prediction lies far enough on the right side of 0, or of the other classes.

A slope at a kink is TensorFlow's: that of the side where the loss is not zero; equal maxima share theirs.
"""

from __future__ import annotations

import numpy as np

from minirnn.jit import inline


@inline
def hinge_error(y, p, binary):
    """max(1 - y p, 0), y -1 or 1 (read from 0 or 1 if `binary`),   slope -y"""
    y = 2.0 * y - 1.0 if binary != 0.0 else y
    margin = 1.0 - y * p
    return max(margin, 0.0), -y if margin >= 0.0 else 0.0


@inline
def squared_hinge_error(y, p, binary):
    """max(1 - y p, 0)**2,   slope -2 y max(1 - y p, 0)"""
    value, slope = hinge_error(y, p, binary)
    return value * value, 2.0 * value * slope


@inline
def categorical_hinge_row(rule, y, p, r, dp, d, factor, option):
    """max(1 + best wrong - right, 0), right = sum(y p), best wrong = max((1 - y) p)"""
    right, wrong, ties = 0.0, 0.0, 0.0
    for k in range(p.shape[1]):
        right += np.float64(y[r, k]) * p[r, k]
        rival = (1.0 - y[r, k]) * p[r, k]
        if k == 0 or rival > wrong:
            wrong, ties = rival, 1.0
        elif rival == wrong:
            ties += 1.0
    margin = 1.0 + wrong - right
    active = factor if margin >= 0.0 else 0.0
    for k in range(p.shape[1]):
        other = 1.0 - y[r, k]
        dp[d, k] = ((other / ties if other * p[r, k] == wrong else 0.0) - y[r, k]) * active
    return max(margin, 0.0)
