"""Losses at their kinks and at the ends of their range: the values of Keras, and the gradients of TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
from loss_cases import ATOL, RTOL, keras_value_and_gradient, twins, value_and_gradient

from minirnn import losses

TINY = 1e-7
FLOOR = {"float32": 1e-7, "float64": 1e-15}  # a loss near 0 is as exact as a probability near 1


def assert_twin(keras, dtype, name, options, y, p):
    ours, theirs = twins(keras, name, options, dtype)
    y, p = np.asarray(y, dtype if not name.startswith("Sparse") else int), np.asarray(p, dtype)
    value, dp = value_and_gradient(ours, y, p)
    expected, expected_dp = keras_value_and_gradient(theirs, y, p)
    np.testing.assert_allclose(value, expected, rtol=RTOL[dtype], atol=FLOOR[dtype])
    np.testing.assert_allclose(dp, expected_dp, rtol=RTOL[dtype], atol=ATOL[dtype])
    np.testing.assert_allclose(ours(y, p), expected, rtol=RTOL[dtype], atol=FLOOR[dtype])
    return value, dp


@pytest.mark.parametrize(
    "name, options, y, p",
    [
        ("MeanAbsoluteError", {}, [[1.0, -1.0, 0.0]], [[1.0, -1.0, 0.0]]),
        ("MeanAbsolutePercentageError", {}, [[1.0, 0.0, 0.0, -2.0]], [[1.0, 0.0, 0.5, 3.0]]),
        ("MeanSquaredLogarithmicError", {}, [[0.0, 1.0, -3.0, 0.5]], [[0.0, -1.0, 2.0, -0.5]]),
        ("Huber", {"delta": 0.5}, [[0.0, 0.0, 0.0, 0.0]], [[0.5, -0.5, 0.0, 8.0]]),
        ("LogCosh", {}, [[0.0, 0.0, 0.0, 0.0]], [[0.0, 50.0, -50.0, 2000.0]]),
        ("CosineSimilarity", {}, [[0.0, 0.0], [3.0, 4.0]], [[1.0, 2.0], [6.0, 8.0]]),
        ("CosineSimilarity", {}, [[3.0, 4.0], [1.0, 1.0]], [[-3.0, -4.0], [1.0, -1.0]]),
        ("CosineSimilarity", {}, [[3.0, 4.0]], [[3e-9, 1e-9]]),
        ("KLDivergence", {}, [[0.0, 1.0, 0.5]], [[1.0, 0.0, 2.0]]),
        ("Poisson", {}, [[0.0, 3.0, 0.0]], [[0.0, 0.0, 2.0]]),
        ("Hinge", {}, [[1.0, -1.0, 1.0, -1.0]], [[1.0, -1.0, 2.0, 2.0]]),
        ("SquaredHinge", {}, [[1.0, -1.0, 1.0, -1.0]], [[1.0, -1.0, 2.0, 2.0]]),
        ("Hinge", {}, [[1.0, 0.0, 0.5, 1.0]], [[1.0, -1.0, 2.0, 2.0]]),
        ("CategoricalHinge", {}, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0.5, 0.2, 0.2], [-0.5, 0.5, -0.5]]),
        ("CategoricalHinge", {}, [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [-5.0, -6.0]]),
    ],
)
def test_kinks(keras, dtype, name, options, y, p):
    assert_twin(keras, dtype, name, options, y, p)


@pytest.mark.parametrize("size", [30.0, 100.0, 700.0])
@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
def test_large_logits_give_large_finite_losses(keras, dtype, name, size):
    size = min(size, 80.0) if dtype == "float32" else size
    y = [1] if name.startswith("Sparse") else [[0.0, 1.0]]
    for p in ([[size, -size]], [[-size, size]]):
        assert_twin(keras, dtype, name, {"from_logits": True}, y, p)


@pytest.mark.parametrize("size", [30.0, 700.0])
def test_large_logits_of_the_categorical_focal_crossentropy(keras, size):
    for p in ([[size, -size]], [[-size, size]]):
        assert_twin(keras, "float64", "CategoricalFocalCrossentropy", {"from_logits": True}, [[0.0, 1.0]], p)


@pytest.mark.parametrize("size", [30.0, 100.0])
def test_large_logits_of_the_binary_focal_crossentropy_are_not_clipped_as_in_keras_s_graphs(keras, size):
    import tensorflow as tf

    ours, theirs = twins(keras, "BinaryFocalCrossentropy", {"from_logits": True}, "float64")
    y, p = np.array([[0.0, 1.0]]), np.array([[size, -size]])
    value, dp = value_and_gradient(ours, y, p)

    @tf.function
    def in_a_graph(a):
        with tf.GradientTape() as tape:
            tape.watch(a)
            loss = theirs(y, a)
        return loss, tape.gradient(loss, a)

    expected, expected_dp = in_a_graph(tf.constant(p))
    np.testing.assert_allclose(value, float(expected), rtol=1e-12)
    np.testing.assert_allclose(dp, np.asarray(expected_dp), rtol=1e-12, atol=1e-13)
    assert value > size / 2


@pytest.mark.parametrize("p", [[[0.0, 1.0]], [[TINY / 2, 1 - TINY / 4]], [[0.25, 0.75]]])
@pytest.mark.parametrize(
    "name",
    [
        "BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryFocalCrossentropy",
        "CategoricalFocalCrossentropy",
    ],
)  # fmt: skip
def test_certainty_costs_what_it_costs_in_keras_and_its_gradient_is_that_of_the_clipped_loss(keras, dtype, name, p):
    for label in (0, 1):
        y = [label] if name.startswith("Sparse") else np.eye(2)[[label]]
        value, dp = assert_twin(keras, dtype, name, {}, y, p)
        assert np.isfinite(value) and np.isfinite(dp).all()


def test_certain_predictions_lie_where_the_loss_is_flat():
    y, p = np.array([[1.0]]), np.array([[0.0]])
    loss = losses.BinaryCrossentropy()
    assert loss(y, p) == loss(y, p + TINY / 2) and not loss.gradient(y, p).any()


@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "CategoricalFocalCrossentropy"])
def test_a_row_of_zeros_is_a_finite_loss(name):
    value, dp = value_and_gradient(getattr(losses, name)(), np.array([[0.0, 1.0]]), np.zeros((1, 2)))
    assert 3 < value < 17 and not dp.any()


def test_the_cosine_of_a_zero_vector_is_zero_and_its_gradient_the_slope_there():
    y, p = np.array([[3.0, 4.0]]), np.zeros((1, 2))
    loss = losses.CosineSimilarity()
    value, dp = value_and_gradient(loss, y, p)
    assert value == 0
    step = 1e-9
    for k in range(2):
        ahead = p.copy()
        ahead[0, k] = step
        assert dp[0, k] == pytest.approx((loss(y, ahead) - loss(y, -ahead)) / (2 * step), rel=1e-9)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("logits", [False, True])
def test_focal_gradients_stay_finite_at_certainty_whatever_gamma(gamma, logits):
    p = np.array([[0.0, 1.0]]) if not logits else np.array([[-800.0, 800.0]])
    for name in ("BinaryFocalCrossentropy", "CategoricalFocalCrossentropy"):
        loss = getattr(losses, name)(gamma=gamma, from_logits=logits)
        for y in ([[0.0, 1.0]], [[1.0, 0.0]]):
            value, dp = value_and_gradient(loss, np.array(y), p)
            assert np.isfinite(value) and np.isfinite(dp).all()


def test_a_poisson_rate_below_zero_is_nan_as_in_keras(keras):
    y, p = np.array([[1.0]]), np.array([[-1.0]])
    assert np.isnan(losses.Poisson()(y, p)) and np.isnan(float(keras.losses.Poisson(dtype="float64")(y, p)))
    assert losses.Poisson()(y, np.array([[-TINY]])) == np.inf
