"""Focal crossentropies (Lin et al. 2018, arXiv:1708.02002): what is right already counts less.

`option` is a float64 array: (gamma, label smoothing, alpha, 1 if classes are balanced) for two classes,
(gamma, label smoothing, alpha of every class or of each) for several.
"""

from __future__ import annotations

import math

from minirnn.jit import inline
from minirnn.kernels.losses.crossentropy import (
    binary_crossentropy_of_logit,
    binary_crossentropy_of_probability,
    inverse_sum,
    log_sum_exp,
    probability,
)
from minirnn.kernels.losses.rows import limits, smoothed


@inline
def binary_focal_of_probability(y, p, clipped, option):
    """w m**gamma H, H the crossentropy of y and p, m = y (1 - p) + (1 - y) p what p misses"""
    y = smoothed(y, option[1], 2)
    H, dH = binary_crossentropy_of_probability(y, p, clipped, 0.0)
    return focused(y, p, 1.0, H, dH, option)


@inline
def binary_focal_of_logit(y, a, option):
    """The same for p = sigmoid(a), H from the logit: it is not clipped."""
    y, p = smoothed(y, option[1], 2), probability(a)
    H, dH = binary_crossentropy_of_logit(y, a, 0.0)
    return focused(y, p, p * (1.0 - p), H, dH, option)


@inline
def focused(y, p, slope_of_p, H, dH, option):
    """w m**gamma H,   slope w (m**gamma dH + gamma m**(gamma - 1) (1 - 2 y) dp H)"""
    gamma, alpha = option[0], option[2]
    weight = y * alpha + (1.0 - y) * (1.0 - alpha) if option[3] != 0.0 else 1.0
    miss = max(y * (1.0 - p) + (1.0 - y) * p, 0.0)
    focus = miss**gamma
    d_focus = power_slope(miss, gamma) * (1.0 - 2.0 * y) * slope_of_p
    return weight * focus * H, weight * (focus * dH + d_focus * H)


@inline
def categorical_focal_row(rule, y, p, r, dp, d, factor, option):
    """sum of -alpha y (1 - s)**gamma log s, s = p / sum(p);   slope by p: (g - sum(g s)) / sum(p), g by s"""
    low, high = limits(p)
    per_total = inverse_sum(p, r)
    value, pull = 0.0, 0.0
    for k in range(p.shape[1]):
        share = p[r, k] * per_total
        part, slope = focal_share(y, r, k, share, min(max(share, low), high), option)
        value += part
        pull += slope * share
        dp[d, k] = slope
    for k in range(p.shape[1]):
        dp[d, k] = (dp[d, k] - pull) * per_total * factor
    return value


@inline
def categorical_focal_logit_row(rule, y, a, r, dp, d, factor, option):
    """The same for s = softmax(a);   slope by a: s (g - sum(g s))"""
    low, high = limits(a)
    shift = log_sum_exp(a, r)
    value, pull = 0.0, 0.0
    for k in range(a.shape[1]):
        share = math.exp(a[r, k] - shift)
        part, slope = focal_share(y, r, k, share, min(max(share, low), high), option)
        value += part
        pull += slope * share
        dp[d, k] = slope
    for k in range(a.shape[1]):
        dp[d, k] = math.exp(a[r, k] - shift) * (dp[d, k] - pull) * factor
    return value


@inline
def focal_share(y, r, k, share, clipped, option):
    """-w m**gamma log s of one class, w = alpha y, m = 1 - s,   slope w (gamma m**(gamma - 1) log s - m**gamma / s)"""
    gamma, alpha = option[0], option[2 + k] if option.size > 3 else option[2]
    weight = alpha * smoothed(y[r, k], option[1], y.shape[1])
    miss, log_share = 1.0 - clipped, math.log(clipped)
    focus = miss**gamma
    slope = weight * (power_slope(miss, gamma) * log_share - focus / clipped) if share == clipped else 0.0
    return -weight * focus * log_share, slope


@inline
def power_slope(x, gamma):
    """gamma x**(gamma - 1); 0 at x = 0 unless gamma is 1, so that 0 < gamma < 1 stays finite"""
    if x == 0.0:
        return 1.0 if gamma == 1.0 else 0.0
    return gamma * x ** (gamma - 1.0)
