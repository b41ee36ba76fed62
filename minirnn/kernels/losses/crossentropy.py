"""Losses of probabilities p, of logits a, and of rates.

Where a probability is clipped, the loss does not depend on it: its slope is 0 there, as TensorFlow's is.
"""

from __future__ import annotations

import math

import numpy as np

from minirnn.jit import inline
from minirnn.kernels.losses.rows import EPSILON, limits, smoothed


@inline
def binary_crossentropy_of_probability(y, p, clipped, smoothing):
    """-y log p - (1 - y) log(1 - p),   slope (p - y) / (p (1 - p))"""
    y = smoothed(y, smoothing, 2)
    value = -y * math.log(clipped) - (1.0 - y) * math.log(1.0 - clipped)
    return value, (p - y) / (p * (1.0 - p)) if p == clipped else 0.0


@inline
def binary_crossentropy_of_logit(y, a, smoothing):
    """The same for p = sigmoid(a): max(a, 0) - a y + log(1 + exp(-|a|)),   slope p - y"""
    y = smoothed(y, smoothing, 2)
    return max(a, 0.0) - a * y + math.log1p(math.exp(-abs(a))), probability(a) - y


@inline
def poisson_error(y, p, option):
    """p - y log(p + EPSILON),   slope 1 - y / (p + EPSILON); NaN where the logarithm has no value"""
    rate = p + EPSILON
    if rate < 0.0:
        return math.nan, math.nan
    if rate == 0.0:
        return (p, 1.0) if y == 0.0 else (math.inf * y, -math.inf * y)
    return p - y * math.log(rate), 1.0 - y / rate


@inline
def kl_divergence_row(rule, y, p, r, dp, d, factor, option):
    """sum of y log(y / p), both clipped to [EPSILON, 1],   slope -y / p"""
    value = 0.0
    for k in range(p.shape[1]):
        truth = min(max(np.float64(y[r, k]), EPSILON), 1.0)
        probability = np.float64(p[r, k])
        clipped = min(max(probability, EPSILON), 1.0)
        value += truth * math.log(truth / clipped)
        dp[d, k] = -truth / clipped * factor if probability == clipped else 0.0
    return value


@inline
def categorical_row(rule, y, p, r, dp, d, factor, smoothing):
    """-sum of y log s, s = p / sum(p);   slope by s: g = -y / s, by p: (g - sum(g s)) / sum(p)

    A row of zeros has shares of zero, clipped like others.
    """
    N = p.shape[1]
    low, high = limits(p)
    per_total = inverse_sum(p, r)
    value, pull = 0.0, 0.0
    for k in range(N):
        target, share = smoothed(y[r, k], smoothing, N), p[r, k] * per_total
        clipped = min(max(share, low), high)
        value -= target * math.log(clipped)
        slope = -target / share if share == clipped else 0.0
        pull += slope * share
        dp[d, k] = slope
    for k in range(N):
        dp[d, k] = (dp[d, k] - pull) * per_total * factor
    return value


@inline
def categorical_logit_row(rule, y, a, r, dp, d, factor, smoothing):
    """-sum of y log softmax(a),   slope sum(y) softmax(a) - y"""
    N = a.shape[1]
    shift = log_sum_exp(a, r)
    value, mass = 0.0, 0.0
    for k in range(N):
        target = smoothed(y[r, k], smoothing, N)
        value -= target * (a[r, k] - shift)
        mass += target
    for k in range(N):
        dp[d, k] = (mass * math.exp(a[r, k] - shift) - smoothed(y[r, k], smoothing, N)) * factor
    return value


@inline
def sparse_row(rule, y, p, r, dp, d, factor, option):
    """-log(p[label] / sum of p), every p clipped,   slope 1 / sum(p), less 1 / p[label] at the label"""
    low, high = limits(p)
    label, total = y[r, 0], 0.0
    for k in range(p.shape[1]):
        total += min(max(np.float64(p[r, k]), low), high)
    share = min(max(np.float64(p[r, label]), low), high)
    for k in range(p.shape[1]):
        slope = 1.0 / total - (1.0 / share if k == label else 0.0)
        dp[d, k] = slope * factor if low <= p[r, k] <= high else 0.0
    return -math.log(share / total)


@inline
def sparse_logit_row(rule, y, a, r, dp, d, factor, option):
    """-log softmax(a)[label],   slope softmax(a), less 1 at the label"""
    shift = log_sum_exp(a, r)
    label = y[r, 0]
    for k in range(a.shape[1]):
        dp[d, k] = (math.exp(a[r, k] - shift) - (1.0 if k == label else 0.0)) * factor
    return shift - a[r, label]


@inline
def probability(a):
    """1 / (1 + exp(-a)), without overflow"""
    small = math.exp(-abs(a))
    return 1.0 / (1.0 + small) if a >= 0 else small / (1.0 + small)


@inline
def inverse_sum(p, r):
    """1 / the sum of row r, 0 for a sum of 0"""
    total = 0.0
    for k in range(p.shape[1]):
        total += np.float64(p[r, k])
    return 1.0 / total if total != 0.0 else 0.0


@inline
def log_sum_exp(a, r):
    """log of the sum of exp(a) over row r, shifted by its maximum"""
    top = np.float64(a[r, 0])
    for k in range(1, a.shape[1]):
        top = max(top, np.float64(a[r, k]))
    total = 0.0
    for k in range(a.shape[1]):
        total += math.exp(a[r, k] - top)
    return top + math.log(total)
