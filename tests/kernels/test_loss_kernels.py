"""Loss kernels: values against their formulas in NumPy, gradients against central differences."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn.kernels.losses import RULES, loss

ROWS, COLUMNS = 6, 4
NO_WEIGHTS = np.zeros(0)
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}


def smooth(y, s, n=2):
    return y * (1 - s) + s / n


def binary(y, p, s):
    y = smooth(y, s)
    return (-y * np.log(p) - (1 - y) * np.log(1 - p)).mean(1)


def softmax(a):
    powers = np.exp(a - a.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def categorical(y, p, s):
    return -(smooth(y, s, COLUMNS) * np.log(p / p.sum(1, keepdims=True))).sum(1)


def huber(y, p, delta):
    e = np.abs(p - y)
    return np.where(e <= delta, 0.5 * e * e, delta * e - 0.5 * delta * delta).mean(1)


def sparse(y, p, option):
    return -np.log(np.take_along_axis(p / p.sum(1, keepdims=True), y, 1)[:, 0])


# The loss of each row, from targets, predictions and the rule's own number.
FORMULAS = {
    "mean_squared_error": lambda y, p, o: ((p - y) ** 2).mean(1),
    "mean_absolute_error": lambda y, p, o: np.abs(p - y).mean(1),
    "huber": huber,
    "binary_crossentropy": binary,
    "binary_crossentropy_from_logits": lambda y, a, s: binary(y, 1 / (1 + np.exp(-a)), s),
    "categorical_crossentropy": categorical,
    "categorical_crossentropy_from_logits": lambda y, a, s: categorical(y, softmax(a), s),
    "sparse_categorical_crossentropy": sparse,
    "sparse_categorical_crossentropy_from_logits": lambda y, a, o: sparse(y, softmax(a), o),
}
OPTIONS = {
    name: (0.7,) if name == "huber" else (0.0, 0.1) if "entropy" in name and "sparse" not in name else (0.0,)
    for name in RULES
}
CASES = [(name, option) for name, options in OPTIONS.items() for option in options]


def example(name, dtype):
    """(targets, predictions) that suit the rule"""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (ROWS, COLUMNS))
    labels = random.integers(0, COLUMNS, (ROWS, 1))
    if name.startswith("sparse"):
        y = labels
    elif name.startswith("categorical"):
        y = np.eye(COLUMNS)[labels[:, 0]].astype(dtype)
    elif name.startswith("binary"):
        y = random.integers(0, 2, (ROWS, COLUMNS)).astype(dtype)
    else:
        y = random.normal(0, 1, (ROWS, COLUMNS)).astype(dtype)
    if "logits" in name or "error" in name or name == "huber":
        return y, logits.astype(dtype)
    return y, (softmax(logits) if "categorical" in name else random.uniform(0.05, 0.95, logits.shape)).astype(dtype)


def run(name, y, p, weights=NO_WEIGHTS, scale=1.0, option=0.0):
    dp = np.full_like(p, np.nan)
    return loss(RULES[name], y, p, weights, dp, scale, option), dp


def test_every_rule_is_tested():
    assert set(FORMULAS) == set(RULES)


@pytest.mark.parametrize(("name", "option"), CASES)
def test_the_loss_is_the_weighted_sum_of_its_formula(name, option, dtype):
    y, p = example(name, dtype)
    rows = FORMULAS[name](y if y.dtype.kind == "i" else y.astype("float64"), p.astype("float64"), option)
    value, dp = run(name, y, p, scale=1 / ROWS, option=option)
    assert dp.dtype == dtype
    assert value == pytest.approx(rows.mean(), rel=TOLERANCE[dtype])
    weights = np.random.default_rng(1).random(ROWS)
    value, _ = run(name, y, p, weights, 0.25, option)
    assert value == pytest.approx(0.25 * np.sum(weights * rows), rel=TOLERANCE[dtype])


@pytest.mark.parametrize(("name", "option"), CASES)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_the_gradient_is_the_slope_of_the_loss(name, option, weighted):
    y, p = example(name, "float64")
    weights = np.random.default_rng(1).random(ROWS) if weighted else NO_WEIGHTS
    _, dp = run(name, y, p, weights, 0.5, option)
    step = 1e-6
    for r in range(ROWS):
        for k in range(COLUMNS):
            ahead, behind = p.copy(), p.copy()
            ahead[r, k] += step
            behind[r, k] -= step
            slope = (run(name, y, ahead, weights, 0.5, option)[0] - run(name, y, behind, weights, 0.5, option)[0]) / (
                2 * step
            )
            assert dp[r, k] == pytest.approx(slope, rel=2e-8, abs=2e-8), (r, k)


@pytest.mark.parametrize("name", [name for name in RULES if "logits" in name])
def test_large_logits_give_finite_losses_and_gradients(name, dtype):
    y, p = example(name, dtype)
    value, dp = run(name, y, p * 1000)
    assert np.isfinite(value) and np.isfinite(dp).all()


@pytest.mark.parametrize("name", [name for name in RULES if "entropy" in name and "logits" not in name])
def test_probabilities_of_zero_and_one_give_finite_losses_and_gradients(name, dtype):
    y, p = example(name, dtype)
    p = np.eye(COLUMNS, dtype=dtype)[np.arange(ROWS) % COLUMNS]
    value, dp = run(name, y, p)
    assert np.isfinite(value) and np.isfinite(dp).all()


@pytest.mark.parametrize("name", RULES)
def test_targets_and_predictions_are_left_alone(name, dtype):
    y, p = example(name, dtype)
    before = y.copy(), p.copy()
    run(name, y, p)
    np.testing.assert_array_equal(y, before[0])
    np.testing.assert_array_equal(p, before[1])
