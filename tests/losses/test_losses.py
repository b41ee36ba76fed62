"""Losses: values and gradients against Keras (tf.GradientTape), against each other, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import losses

R, N = 6, 4
# What may differ: rounding, and in float32 Keras's own sums in float32.
RTOL = {"float32": 2e-5, "float64": 1e-12}
ATOL = {"float32": 1e-6, "float64": 1e-13}

CASES = [
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("Huber", {}),
    ("Huber", {"delta": 0.3}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}),
    ("BinaryCrossentropy", {"from_logits": True}),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}),
    ("CategoricalCrossentropy", {"from_logits": True}),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
]
IDS = ["-".join([name, *options]) for name, options in CASES]
every_loss = pytest.mark.parametrize("name, options", CASES, ids=IDS)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def example(name, options, dtype, rng, shape=(R, N)):
    """Targets and predictions that suit a loss."""
    a = rng.standard_normal(shape)
    if name in ("MeanSquaredError", "MeanAbsoluteError", "Huber"):
        return rng.standard_normal(shape).astype(dtype), a.astype(dtype)
    if name == "BinaryCrossentropy":
        y, p = rng.integers(0, 2, shape), 1 / (1 + np.exp(-a))
    else:
        labels = rng.integers(0, shape[-1], shape[:-1])
        p = np.exp(a) / np.exp(a).sum(-1, keepdims=True)
        if name.startswith("Sparse"):
            return labels, (a if options.get("from_logits") else p).astype(dtype)
        y = np.eye(shape[-1])[labels]
    return y.astype(dtype), (a if options.get("from_logits") else p).astype(dtype)


def value_and_gradient(loss, y, p, weights=None):
    dp = np.empty_like(p)
    y = losses.as_target(y, p.shape, p.dtype, loss.sparse)
    return loss.compute(y, p, losses.NO_WEIGHTS if weights is None else np.asarray(weights, np.float64), dp), dp


def keras_value_and_gradient(keras, loss, y, p, weights=None):
    import tensorflow as tf

    p = tf.constant(p)
    with tf.GradientTape() as tape:
        tape.watch(p)
        value = loss(y, p, sample_weight=weights)
    return float(value), np.asarray(tape.gradient(value, p))


def twins(keras, name, options, dtype, **more):
    return getattr(losses, name)(**options, **more), getattr(keras.losses, name)(**options, **more, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_loss
def test_value_and_gradient_are_those_of_keras(keras, rng, name, options, dtype):
    ours, theirs = twins(keras, name, options, dtype)
    y, p = example(name, options, dtype, rng)
    value, dp = value_and_gradient(ours, y, p)
    expected, expected_dp = keras_value_and_gradient(keras, theirs, y, p)
    np.testing.assert_allclose(value, expected, rtol=RTOL[dtype])
    np.testing.assert_allclose(dp, expected_dp, rtol=RTOL[dtype], atol=ATOL[dtype])
    assert dp.dtype == dtype


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
@every_loss
def test_weighted_rows_in_every_reduction_agree_with_keras(keras, rng, name, options, reduction):
    ours, theirs = twins(keras, name, options, "float64", reduction=reduction)
    y, p = example(name, options, "float64", rng)
    weights = np.array([1.0, 0.0, 2.0, 0.5, 0.25, 3.0])
    value, dp = value_and_gradient(ours, y, p, weights)
    expected, expected_dp = keras_value_and_gradient(keras, theirs, y, p, weights)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(dp, expected_dp, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(ours(y, p, sample_weight=weights), expected, rtol=1e-12)


@every_loss
def test_without_reduction_a_loss_gives_one_value_a_row_as_keras_does(keras, rng, name, options):
    ours, theirs = twins(keras, name, options, "float64", reduction=None)
    y, p = example(name, options, "float64", rng)
    np.testing.assert_allclose(ours(y, p), np.asarray(theirs(y, p)), rtol=1e-12)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", None])
@every_loss
def test_sequences_agree_with_keras(keras, rng, name, options, reduction):
    ours, theirs = twins(keras, name, options, "float64", reduction=reduction)
    y, p = example(name, options, "float64", rng, (2, 3, N))
    mine, other = ours(y, p), np.asarray(theirs(y, p))
    assert np.shape(mine) == other.shape
    np.testing.assert_allclose(mine, other, rtol=1e-12)


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_gradients_are_the_slope_of_the_value(rng, name, options):
    loss = getattr(losses, name)(**options)
    y, p = example(name, options, "float64", rng)
    weights = rng.uniform(0.5, 2, R)
    _, dp = value_and_gradient(loss, y, p, weights)
    direction, step = rng.standard_normal(p.shape), 1e-6
    ahead, behind = (value_and_gradient(loss, y, p + sign * step * direction, weights)[0] for sign in (1, -1))
    np.testing.assert_allclose((dp * direction).sum(), (ahead - behind) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize("size", [30.0, 100.0, 700.0])
@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
def test_large_logits_give_large_finite_losses_as_in_keras(keras, name, size):
    ours, theirs = twins(keras, name, {"from_logits": True}, "float64")
    y = np.array([1]) if name.startswith("Sparse") else np.array([[0.0, 1.0]])
    for p in (np.array([[size, -size]]), np.array([[-size, size]])):
        value, dp = value_and_gradient(ours, y, p)
        expected, expected_dp = keras_value_and_gradient(keras, theirs, y, p)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(dp, expected_dp, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
def test_probabilities_of_zero_and_one_give_the_finite_losses_of_keras(keras, name):
    ours, theirs = twins(keras, name, {}, "float64")
    for label in (0, 1):
        y = np.array([label]) if name.startswith("Sparse") else np.eye(2)[[label]]
        p = np.array([[0.0, 1.0]])
        value, dp = value_and_gradient(ours, y, p)
        assert np.isfinite(value) and np.isfinite(dp).all()
        np.testing.assert_allclose(value, float(theirs(y, p)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "name, cls",
    [
        ("mse", losses.MeanSquaredError),
        ("MSE", losses.MeanSquaredError),
        ("mean_squared_error", losses.MeanSquaredError),
        ("MeanSquaredError", losses.MeanSquaredError),
        ("mae", losses.MeanAbsoluteError),
        ("huber", losses.Huber),
        ("binary_crossentropy", losses.BinaryCrossentropy),
        ("categorical_crossentropy", losses.CategoricalCrossentropy),
        ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy),
    ],
)
def test_names_find_their_loss(name, cls):
    assert type(losses.get(name)) is cls


def test_functions_classes_and_objects_stand_for_their_loss():
    loss = losses.Huber(delta=2.0)
    assert losses.get(loss) is loss
    assert type(losses.get(losses.mean_squared_error)) is losses.MeanSquaredError
    assert type(losses.get(losses.Huber)) is losses.Huber


@pytest.mark.parametrize("name", ["mean_squared_error", "mean_absolute_error", "huber", "binary_crossentropy"])
def test_functions_give_one_value_a_row_as_in_keras(keras, rng, name):
    y, p = rng.integers(0, 2, (R, N)).astype("float64"), rng.uniform(0.1, 0.9, (R, N))
    np.testing.assert_allclose(getattr(losses, name)(y, p), np.asarray(getattr(keras.losses, name)(y, p)), rtol=1e-12)


@every_loss
def test_a_configuration_makes_an_equal_loss_here_and_in_keras(keras, name, options):
    loss = getattr(losses, name)(**options, reduction="sum")
    config = losses.serialize(loss)
    assert losses.deserialize(config).get_config() == loss.get_config()
    theirs = keras.losses.deserialize(config)
    assert type(theirs).__name__ == name
    back = losses.deserialize(keras.losses.serialize(theirs)).get_config()
    back.pop("delta", None)  # Keras forgets the delta of Huber
    assert back.items() <= loss.get_config().items()


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: losses.get("msee"), ValueError, "did you mean 'mse'"),
        (lambda: losses.get(3), TypeError, "loss must be a name"),
        (lambda: losses.Huber(delta=0), ValueError, "delta must be above 0"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), ValueError, "between 0 and 1"),
        (lambda: losses.MeanSquaredError(reduction="average"), ValueError, "reduction must be one of"),
        (lambda: losses.MeanSquaredError()(np.zeros((3, 1)), np.zeros((3, 2))), ValueError, "expected \\(3, 2\\)"),
        (lambda: losses.MeanSquaredError()([[np.nan]], [[1.0]]), ValueError, "nan"),
        (lambda: losses.SparseCategoricalCrossentropy()([2], [[0.5, 0.5]]), ValueError, "label 2"),
        (lambda: losses.SparseCategoricalCrossentropy()([-1], [[0.5, 0.5]]), ValueError, "label -1"),
        (lambda: losses.SparseCategoricalCrossentropy()([0.5], [[0.5, 0.5]]), ValueError, "label 0.5"),
        (lambda: losses.MeanSquaredError()([[1.0]], [[1.0]], sample_weight=[1, 2]), ValueError, "sample_weight"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
