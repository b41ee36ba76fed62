"""Losses and their gradients in one pass over rows.

    y (R, N)  targets, of p's dtype; sparse labels (R, 1) int64       p (R, N)  predictions
    weights (R,) or (0,)  weight of each row                          dp (R, N) out: gradient of the result

Each rule gives a row's loss and writes its gradient times `factor`. The result is the sum over rows of weight times row
loss times `scale` (1 / R for a mean); sums run in float64.
"""

from __future__ import annotations

import math

from minirnn.jit import Static, inline, kernel

EPSILON = 1e-7  # Keras's epsilon: probabilities are kept this far from 0 and 1 before a logarithm


@kernel
def loss(rule, y, p, weights, dp, scale, option):
    """The loss; `option` is the rule's own number (delta of huber, label smoothing of the crossentropies)."""
    total = 0.0
    for r in range(p.shape[0]):
        factor = scale * weights[r] if weights.size > 0 else scale
        total += factor * rule.row(rule, y, p, r, dp, factor, option)
    return total


@inline
def clipped(p):
    """A probability, kept EPSILON away from 0 and 1."""
    return min(max(p, EPSILON), 1.0 - EPSILON)


@inline
def smoothed(y, smoothing, N):
    """A target of N classes, moved by the share `smoothing` towards 1 / N."""
    return float(y) * (1.0 - smoothing) + smoothing / N


@inline
def elementwise_row(rule, y, p, r, dp, factor, option):
    """Mean over the row of an elementwise rule."""
    N = p.shape[1]
    total = 0.0
    for k in range(N):
        value, slope = rule.element(float(y[r, k]), float(p[r, k]), option)
        total += value
        dp[r, k] = slope * (factor / N)
    return total / N


@inline
def squared_error(y, p, option):
    """(p - y)**2"""
    return (p - y) * (p - y), 2.0 * (p - y)


@inline
def absolute_error(y, p, option):
    """|p - y|"""
    return abs(p - y), (1.0 if p > y else 0.0) - (1.0 if p < y else 0.0)


@inline
def huber_error(y, p, delta):
    """e**2 / 2 within delta, delta |e| - delta**2 / 2 beyond (Huber 1964)"""
    e = p - y
    if abs(e) <= delta:
        return 0.5 * e * e, e
    return delta * abs(e) - 0.5 * delta * delta, delta if e > 0 else -delta


@inline
def binary_crossentropy_of_probability(y, p, smoothing):
    """-y log p - (1 - y) log(1 - p)"""
    y, p = smoothed(y, smoothing, 2), clipped(p)
    return -y * math.log(p) - (1.0 - y) * math.log(1.0 - p), (p - y) / (p * (1.0 - p))


@inline
def binary_crossentropy_of_logit(y, a, smoothing):
    """The same for p = sigmoid(a): max(a, 0) - a y + log(1 + e**-|a|)"""
    y = smoothed(y, smoothing, 2)
    small = math.exp(-abs(a))
    probability = 1.0 / (1.0 + small) if a >= 0 else small / (1.0 + small)
    return max(a, 0.0) - a * y + math.log1p(small), probability - y


@inline
def categorical_row(rule, y, p, r, dp, factor, smoothing):
    """-sum of y log(p / sum of p)"""
    N = p.shape[1]
    total = 0.0
    for k in range(N):
        total += p[r, k]
    value, mass = 0.0, 0.0
    for k in range(N):
        target = smoothed(y[r, k], smoothing, N)
        share = clipped(p[r, k] / total)
        value -= target * math.log(share)
        mass += target
        dp[r, k] = -target / (share * total) * factor
    for k in range(N):
        dp[r, k] += mass / total * factor
    return value


@inline
def categorical_logit_row(rule, y, a, r, dp, factor, smoothing):
    """-sum of y log softmax(a)"""
    N = a.shape[1]
    shift = log_sum_exp(a, r)
    value, mass = 0.0, 0.0
    for k in range(N):
        target = smoothed(y[r, k], smoothing, N)
        value -= target * (a[r, k] - shift)
        mass += target
        dp[r, k] = -target * factor
    for k in range(N):
        dp[r, k] += mass * math.exp(a[r, k] - shift) * factor
    return value


@inline
def sparse_row(rule, y, p, r, dp, factor, option):
    """-log(p[label] / sum of p)"""
    label, total = y[r, 0], 0.0
    for k in range(p.shape[1]):
        total += clipped(p[r, k])
    share = clipped(p[r, label])
    for k in range(p.shape[1]):
        dp[r, k] = factor / total
    dp[r, label] -= factor / share
    return -math.log(share / total)


@inline
def sparse_logit_row(rule, y, a, r, dp, factor, option):
    """-log softmax(a)[label]"""
    shift = log_sum_exp(a, r)
    for k in range(a.shape[1]):
        dp[r, k] = math.exp(a[r, k] - shift) * factor
    label = y[r, 0]
    dp[r, label] -= factor
    return shift - a[r, label]


@inline
def log_sum_exp(a, r):
    """log of the sum of e**a over row r, shifted by its maximum."""
    top = float(a[r, 0])
    for k in range(1, a.shape[1]):
        top = max(top, float(a[r, k]))
    total = 0.0
    for k in range(a.shape[1]):
        total += math.exp(a[r, k] - top)
    return top + math.log(total)


def _elementwise(name, element):
    return Static(("loss", name), row=elementwise_row, element=element)


RULES = {
    "mean_squared_error": _elementwise("mean_squared_error", squared_error),
    "mean_absolute_error": _elementwise("mean_absolute_error", absolute_error),
    "huber": _elementwise("huber", huber_error),
    "binary_crossentropy": _elementwise("binary_crossentropy", binary_crossentropy_of_probability),
    "binary_crossentropy_from_logits": _elementwise("binary_crossentropy_from_logits", binary_crossentropy_of_logit),
    "categorical_crossentropy": Static(("loss", "categorical_crossentropy"), row=categorical_row),
    "categorical_crossentropy_from_logits": Static(("loss", "categorical_logits"), row=categorical_logit_row),
    "sparse_categorical_crossentropy": Static(("loss", "sparse_categorical_crossentropy"), row=sparse_row),
    "sparse_categorical_crossentropy_from_logits": Static(("loss", "sparse_logits"), row=sparse_logit_row),
}
