"""Loss kernels: values against their formulas in NumPy, gradients against central differences."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn.kernels.losses import RULES, loss

ROWS, COLUMNS = 6, 4
NO_WEIGHTS = np.zeros(0)
NO_VALUES = np.zeros(0)
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}


def smooth(y, s, n=2):
    return y * (1 - s) + s / n


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    powers = np.exp(a - a.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def binary(y, p, s):
    y = smooth(y, s)
    return (-y * np.log(p) - (1 - y) * np.log(1 - p)).mean(1)


def binary_focal(y, p, options):
    gamma, smoothing, alpha, balanced = options
    y = smooth(y, smoothing)
    truth = y * p + (1 - y) * (1 - p)
    weight = y * alpha + (1 - y) * (1 - alpha) if balanced else 1
    return (weight * (1 - truth) ** gamma * (-y * np.log(p) - (1 - y) * np.log(1 - p))).mean(1)


def categorical(y, p, s):
    return -(smooth(y, s, COLUMNS) * np.log(p / p.sum(1, keepdims=True))).sum(1)


def categorical_focal(y, p, options):
    gamma, smoothing, *alpha = options
    share = p / p.sum(1, keepdims=True)
    return -(np.array(alpha) * smooth(y, smoothing, COLUMNS) * (1 - share) ** gamma * np.log(share)).sum(1)


def huber(y, p, delta):
    e = np.abs(p - y)
    return np.where(e <= delta, 0.5 * e * e, delta * e - 0.5 * delta * delta).mean(1)


def sparse(y, p, option):
    return -np.log(np.take_along_axis(p / p.sum(1, keepdims=True), y, 1)[:, 0])


def margin(y, p, binary_labels):
    return np.maximum(1 - (2 * y - 1 if binary_labels else y) * p, 0)


def length(v):
    return np.sqrt((v * v).sum(1))


# The loss of each row, from targets, predictions and the rule's own number or numbers.
FORMULAS = {
    "mean_squared_error": lambda y, p, o: ((p - y) ** 2).mean(1),
    "mean_absolute_error": lambda y, p, o: np.abs(p - y).mean(1),
    "mean_absolute_percentage_error": lambda y, p, o: 100 * np.abs((p - y) / y).mean(1),
    "mean_squared_logarithmic_error": lambda y, p, o: ((np.log1p(p) - np.log1p(y)) ** 2).mean(1),
    "huber": huber,
    "log_cosh": lambda y, p, o: np.log(np.cosh(p - y)).mean(1),
    "cosine_similarity": lambda y, p, o: -(y * p).sum(1) / (length(y) * length(p)),
    "poisson": lambda y, p, o: (p - y * np.log(p + 1e-7)).mean(1),
    "kl_divergence": lambda y, p, o: (y * np.log(y / p)).sum(1),
    "hinge": lambda y, p, o: margin(y, p, o).mean(1),
    "squared_hinge": lambda y, p, o: (margin(y, p, o) ** 2).mean(1),
    "categorical_hinge": lambda y, p, o: np.maximum(((1 - y) * p).max(1) - (y * p).sum(1) + 1, 0),
    "binary_crossentropy": binary,
    "binary_crossentropy_from_logits": lambda y, a, s: binary(y, sigmoid(a), s),
    "binary_focal_crossentropy": binary_focal,
    "binary_focal_crossentropy_from_logits": lambda y, a, o: binary_focal(y, sigmoid(a), o),
    "categorical_crossentropy": categorical,
    "categorical_crossentropy_from_logits": lambda y, a, s: categorical(y, softmax(a), s),
    "categorical_focal_crossentropy": categorical_focal,
    "categorical_focal_crossentropy_from_logits": lambda y, a, o: categorical_focal(y, softmax(a), o),
    "sparse_categorical_crossentropy": sparse,
    "sparse_categorical_crossentropy_from_logits": lambda y, a, o: sparse(y, softmax(a), o),
}
SMOOTHINGS = (0.0, 0.1)
BINARY_FOCAL = ((2.0, 0.0, 0.25, 0.0), (1.5, 0.1, 0.3, 1.0), (0.0, 0.0, 0.5, 1.0))
CATEGORICAL_FOCAL = ((2.0, 0.0, 0.25), (1.5, 0.1, 0.1, 0.2, 0.3, 0.4), (1.0, 0.0, 1.0))
OPTIONS = {
    "huber": (0.7,),
    "hinge": (0.0, 1.0),
    "squared_hinge": (0.0, 1.0),
    "binary_crossentropy": SMOOTHINGS,
    "binary_crossentropy_from_logits": SMOOTHINGS,
    "binary_focal_crossentropy": BINARY_FOCAL,
    "binary_focal_crossentropy_from_logits": BINARY_FOCAL,
    "categorical_crossentropy": SMOOTHINGS,
    "categorical_crossentropy_from_logits": SMOOTHINGS,
    "categorical_focal_crossentropy": CATEGORICAL_FOCAL,
    "categorical_focal_crossentropy_from_logits": CATEGORICAL_FOCAL,
}
CASES = [(name, option) for name in RULES for option in OPTIONS.get(name, (0.0,))]
OF_RATES = ("mean_squared_logarithmic_error", "mean_absolute_percentage_error", "poisson", "kl_divergence")


def default_option(name):
    return OPTIONS.get(name, (0.0,))[0]


def example(name, dtype):
    """(targets, predictions) that suit the rule"""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (ROWS, COLUMNS))
    labels = random.integers(0, COLUMNS, (ROWS, 1))
    if name.startswith("sparse"):
        y = labels
    elif name.startswith("categorical"):
        y = np.eye(COLUMNS)[labels[:, 0]].astype(dtype)
    elif name.startswith("binary") or "hinge" in name:
        y = random.integers(0, 2, (ROWS, COLUMNS)).astype(dtype)
    elif name in OF_RATES:
        y = random.uniform(0.1, 0.9, (ROWS, COLUMNS)).astype(dtype)
    else:
        y = random.normal(0, 1, (ROWS, COLUMNS)).astype(dtype)
    if name in OF_RATES or ("entropy" in name and "logits" not in name):
        p = softmax(logits) if "categorical" in name else random.uniform(0.05, 0.95, logits.shape)
        return y, p.astype(dtype)
    return y, logits.astype(dtype)


def run(name, y, p, weights=NO_WEIGHTS, scale=1.0, option=None, values=NO_VALUES):
    option = default_option(name) if option is None else option
    dp = np.full_like(p, np.nan)
    option = np.array(option) if isinstance(option, tuple) else option
    return loss(RULES[name], y, p, weights, dp, values, scale, option), dp


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


@pytest.mark.parametrize("name", RULES)
def test_the_loss_of_each_row_is_given_on_request_and_then_needs_no_room_for_gradients(name, dtype):
    y, p = example(name, dtype)
    values, option = np.full(ROWS, np.nan), default_option(name)
    option = np.array(option) if isinstance(option, tuple) else option
    arguments = NO_WEIGHTS, np.empty((1, COLUMNS), dtype), values, 1.0, option
    total = loss(RULES[name], y, p, *arguments)
    assert total == pytest.approx(values.sum(), rel=1e-14) == run(name, y, p)[0]
    for r in range(ROWS):
        alone = run(name, y[r : r + 1], p[r : r + 1])[0]
        assert values[r] == alone


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
