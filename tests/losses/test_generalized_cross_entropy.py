"""The generalized crossentropy beside Keras's, and where it stays finite."""

from __future__ import annotations

import numpy as np
import pytest
from loss_cases import ATOL, RTOL, keras_value_and_gradient, twins, value_and_gradient

from minirnn import Input, Sequential, layers, losses

NAME = "CategoricalGeneralizedCrossEntropy"


def example(shape, dtype):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(shape[-1]), shape[:-1]).astype(dtype)
    return rng.integers(0, shape[-1], shape[:-1]), p


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_value_and_gradient_are_those_of_keras(keras, dtype, q, weighted):
    y, p = example((7, 4), dtype)
    ours, theirs = twins(keras, NAME, {"q": q}, dtype)
    weights = np.linspace(0.1, 2, 7).astype(dtype) if weighted else None
    expected, slope = keras_value_and_gradient(theirs, y, p, weights)
    value, dp = value_and_gradient(ours, y, p, weights)
    np.testing.assert_allclose(value, expected, rtol=RTOL[dtype])
    np.testing.assert_allclose(dp, slope, rtol=RTOL[dtype], atol=ATOL[dtype])
    np.testing.assert_allclose(ours(y, p, weights), expected, rtol=RTOL[dtype])
    assert losses.get(losses.serialize(ours)).get_config() == ours.get_config() == theirs.get_config()


def test_rows_are_those_of_keras_and_of_labels_with_an_axis(keras):
    y, p = example((3, 5, 4), "float64")
    rows = losses.categorical_generalized_cross_entropy(y, p, 0.3)
    theirs = np.asarray(keras.losses.categorical_generalized_cross_entropy(y, keras.ops.convert_to_tensor(p), 0.3))
    np.testing.assert_allclose(rows, theirs, rtol=1e-12)
    np.testing.assert_array_equal(losses.categorical_generalized_cross_entropy(y[..., None], p, 0.3), rows)


def test_the_slope_of_an_impossible_class_is_finite():
    loss = losses.CategoricalGeneralizedCrossEntropy()
    value, dp = value_and_gradient(loss, np.array([0]), np.array([[0.0, 1.0]]))
    assert value == pytest.approx(2.0) and dp[0] == pytest.approx([-1 / np.sqrt(1e-7), 0.0])


def test_a_model_trains_by_its_name():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    model = Sequential([Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("adam", "categorical_generalized_cross_entropy")
    history = model.fit(x, x[:, 0] > 0, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize("q", [0, 1, -0.5, 1.5])
def test_q_lies_between_0_and_1(q):
    with pytest.raises(ValueError, match=r"q must") as caught:
        losses.CategoricalGeneralizedCrossEntropy(q)
    assert "\n" not in str(caught.value)
