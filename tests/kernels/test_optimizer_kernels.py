"""Optimizer kernels against the same equations in NumPy, over several steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minirnn.kernels import optimizer_options, optimizers

SIZE = 64  # whole registers of every width
STEPS = 4
TOLERANCE = {"float32": 2e-6, "float64": 1e-14}


def arrays(dtype, slots):
    """(parameters, one gradient for each step, zeroed slots)"""
    random = np.random.default_rng(0)
    g = random.normal(0, 1, (STEPS, SIZE)).astype(dtype)
    return random.normal(0, 1, SIZE).astype(dtype), g, [np.zeros(SIZE, dtype) for _ in range(slots)]


def check(found, expected, dtype):
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam(amsgrad, dtype):
    rate, beta_1, beta_2, epsilon = 0.01, 0.9, 0.999, 1e-7
    p, gradients, slots = arrays(dtype, 3 if amsgrad else 2)
    kernel = optimizers.amsgrad if amsgrad else optimizers.adam
    expected = p.astype("float64")
    m, v, top = np.zeros((3, SIZE))
    for t, g in enumerate(gradients, 1):
        corrected = rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        kernel(p, g, *slots, corrected, beta_1, beta_2, epsilon, 0, SIZE)
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g.astype("float64") ** 2
        top = np.maximum(top, v)
        expected -= corrected * m / (np.sqrt(top if amsgrad else v) + epsilon)
        check(p, expected, dtype)


def test_amsgrad_remembers_the_largest_second_moment(dtype):
    p, _, slots = arrays(dtype, 3)
    for size in (10.0, 0.0, 0.0):
        optimizers.amsgrad(p, np.full(SIZE, size, dtype), *slots, 0.01, 0.9, 0.5, 1e-7, 0, SIZE)
    np.testing.assert_allclose(slots[2], 50, rtol=1e-6)
    assert (slots[1] < 15).all()


def test_sgd(dtype):
    p, gradients, _ = arrays(dtype, 0)
    expected = p - 0.1 * gradients[0]
    optimizers.sgd(p, gradients[0], 0.1, 0, SIZE)
    check(p, expected, dtype)


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_with_momentum(nesterov, dtype):
    p, gradients, (m,) = arrays(dtype, 1)
    expected, velocity = p.astype("float64"), np.zeros(SIZE)
    for g in gradients:
        optimizers.sgd_momentum(p, g, m, 0.1, 0.8, nesterov, 0, SIZE)
        velocity = 0.8 * velocity - 0.1 * g
        expected += 0.8 * velocity - 0.1 * g if nesterov else velocity
        check(p, expected, dtype)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop(centered, momentum, dtype):
    p, gradients, (v, mean, m) = arrays(dtype, 3)
    expected = p.astype("float64")
    square, average, velocity = np.zeros((3, SIZE))
    for g in gradients:
        optimizers.rmsprop(p, g, v, mean, m, 0.01, 0.9, momentum, 1e-7, centered, 0, SIZE)
        square = 0.9 * square + 0.1 * g.astype("float64") ** 2
        average = 0.9 * average + 0.1 * g
        velocity = momentum * velocity + 0.01 * g / np.sqrt(square - centered * average**2 + 1e-7)
        expected -= velocity
        # A centered denominator is a small difference of two sums: it loses some digits.
        np.testing.assert_allclose(p, expected, rtol=0, atol=TOLERANCE[dtype] * (20 if centered else 1))


def test_adamax(dtype):
    rate, beta_1, beta_2, epsilon = 0.01, 0.9, 0.7, 1e-7
    p, gradients, (m, u) = arrays(dtype, 2)
    expected = p.astype("float64")
    mean, norm = np.zeros((2, SIZE))
    for t, g in enumerate(gradients, 1):
        optimizers.adamax(p, g, m, u, rate / (1 - beta_1**t), beta_1, beta_2, epsilon, 0, SIZE)
        mean = beta_1 * mean + (1 - beta_1) * g
        norm = np.maximum(beta_2 * norm, np.abs(g))
        expected -= rate / (1 - beta_1**t) * mean / (norm + epsilon)
        check(p, expected, dtype)
    check(m, mean, dtype)
    check(u, norm, dtype)


def test_nadam(dtype):
    rate_m, rate_g, correction, beta_1, beta_2, epsilon = 0.01, 0.02, 3.0, 0.9, 0.7, 1e-7
    p, gradients, (m, v) = arrays(dtype, 2)
    expected = p.astype("float64")
    mean, square = np.zeros((2, SIZE))
    for g in gradients:
        optimizers.nadam(p, g, m, v, rate_m, rate_g, correction, beta_1, beta_2, epsilon, 0, SIZE)
        mean = beta_1 * mean + (1 - beta_1) * g
        square = beta_2 * square + (1 - beta_2) * g.astype("float64") ** 2
        expected -= (rate_m * mean + rate_g * g) / (np.sqrt(correction * square) + epsilon)
        check(p, expected, dtype)


def test_adagrad(dtype):
    p, gradients, (a,) = arrays(dtype, 1)
    expected, total = p.astype("float64"), np.zeros(SIZE)
    for g in gradients:
        optimizers.adagrad(p, g, a, 0.01, 0.1, 0, SIZE)
        total += g.astype("float64") ** 2
        expected -= 0.01 * g / np.sqrt(total + 0.1)
        check(p, expected, dtype)


def test_adadelta(dtype):
    p, gradients, (a, x) = arrays(dtype, 2)
    expected = p.astype("float64")
    square, change = np.zeros((2, SIZE))
    for g in gradients:
        optimizers.adadelta(p, g, a, x, 0.5, 0.9, 0.01, 0, SIZE)
        square = 0.9 * square + 0.1 * g.astype("float64") ** 2
        d = -g * np.sqrt(change + 0.01) / np.sqrt(square + 0.01)
        change = 0.9 * change + 0.1 * d**2
        expected += 0.5 * d
        check(p, expected, dtype)
    check(x, change, dtype)


def test_lion(dtype):
    p, gradients, (m,) = arrays(dtype, 1)
    expected, mean = p.astype("float64"), np.zeros(SIZE)
    for g in gradients:
        optimizers.lion(p, g, m, 0.01, 0.9, 0.7, 0, SIZE)
        expected -= 0.01 * np.sign(0.9 * mean + 0.1 * g)
        mean = 0.7 * mean + 0.3 * g
        check(p, expected, dtype)


def test_lion_stands_still_at_zero_and_hides_no_nan(dtype):
    p, m = np.ones(SIZE, dtype), np.zeros(SIZE, dtype)
    g = np.zeros(SIZE, dtype)
    g[5] = np.nan
    optimizers.lion(p, g, m, 0.01, 0.9, 0.7, 0, SIZE)
    assert np.isnan(p[5]) and (np.delete(p, 5) == 1).all()


def test_decay(dtype):
    p = arrays(dtype, 0)[0]
    expected = p.astype("float64") * (1 - 0.125)
    optimizer_options.decay(p, 0.125, 0, SIZE)
    check(p, expected, dtype)


def test_gathered_gradients_and_their_mean(dtype):
    _, gradients, (total,) = arrays(dtype, 1)
    expected = gradients.astype("float64").mean(axis=0)
    for g in gradients[:-1]:
        optimizer_options.gather(total, g, 0, SIZE)
    optimizer_options.mean_with(gradients[-1], total, float(STEPS), 0, SIZE)
    check(gradients[-1], expected, dtype)


def test_a_moving_average_follows_and_rests_where_it_is_followed_to(dtype):
    p, gradients, (average,) = arrays(dtype, 1)
    expected = np.zeros(SIZE)
    for g in gradients:
        optimizer_options.follow(average, g, 0.9, 0, SIZE)
        expected = 0.9 * expected + 0.1 * g
        check(average, expected, dtype)
    average[...] = p
    optimizer_options.follow(average, p, 0.9, 0, SIZE)
    np.testing.assert_array_equal(average, p)


def test_an_update_touches_its_range_only(dtype):
    p, gradients, _ = arrays(dtype, 0)
    before = p.copy()
    optimizers.sgd(p, gradients[0], 0.1, 16, 48)
    assert (p != before).nonzero()[0].tolist() == list(range(16, 48))


def test_norm_scaling_and_clipping(dtype):
    g = arrays(dtype, 0)[1][0]
    assert optimizer_options.square_sum(g, 16, 48) == pytest.approx(np.sum(g[16:48].astype("float64") ** 2), rel=1e-6)
    scaled, clipped = g.copy(), g.copy()
    optimizer_options.scale(scaled, 0.25, 16, 48)
    optimizer_options.clip(clipped, 0.5, 16, 48)
    np.testing.assert_array_equal(scaled, np.concatenate([g[:16], g[16:48] / 4, g[48:]]))
    np.testing.assert_array_equal(clipped, np.concatenate([g[:16], np.clip(g[16:48], -0.5, 0.5), g[48:]]))
