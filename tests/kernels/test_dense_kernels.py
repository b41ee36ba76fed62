"""Dense, activations on their own and softmax: values against NumPy, gradients against central differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirnn import layers
from minirnn.kernels.activations import ACTIVATIONS
from minirnn.kernels.dense import softmax_backward, softmax_forward
from minirnn.kernels.vec import lanes

TOLERANCE = {"float32": 3e-6, "float64": 1e-14}
STEP = 1e-4


def dense(features, units, dtype="float64", rows=(5,), **options):
    """(layer, x, dy) with random weights"""
    random = np.random.default_rng(units + 100 * features)
    layer = layers.Dense(units, dtype=dtype, **options)
    layer.build((None, *rows[1:], features))
    layer.set_weights([random.normal(0, 0.6, w.shape) for w in layer.weights])
    draw = lambda *shape: random.normal(0, 1, shape).astype(dtype)  # noqa: E731
    return layer, draw(*rows, features), draw(*rows, units)


def slope(value, at):
    """Derivative of value(at + k) in k, by differences of fourth order."""
    a, b, c, d = (value(k * STEP) for k in (-2, -1, 1, 2))
    return (8 * (c - b) - (d - a)) / (12 * STEP)


def check_gradients(layer, x, dy):
    dx, d_weights = layer.vjp(x, dy)
    weights = layer.get_weights()
    random = np.random.default_rng(3)
    direction = random.normal(size=x.shape)
    found = [np.sum(dx * direction)]
    expected = [slope(lambda k: np.sum(layer(x + k * direction) * dy), x)]
    for n, (weight, gradient) in enumerate(zip(weights, d_weights, strict=True)):
        towards = random.normal(size=weight.shape)

        def value(k, n=n, towards=towards):
            layer.set_weights([w + k * towards if m == n else w for m, w in enumerate(weights)])
            return np.sum(layer(x) * dy)

        found.append(np.sum(gradient * towards))
        expected.append(slope(value, weight))
        layer.set_weights(weights)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rows", [(1,), (7,), (2, 3)], ids=str)
@pytest.mark.parametrize("units", [1, 3, "W", "W + 1", "4 W + 3", "7 W - 1"])
def test_dense_is_a_product_and_a_bias(units, rows, dtype):
    W = lanes(dtype)
    units = {"W": W, "W + 1": W + 1, "4 W + 3": 4 * W + 3, "7 W - 1": 7 * W - 1}.get(units, units)
    layer, x, _ = dense(3, units, dtype, rows, activation="tanh")
    W, b = layer.get_weights()
    y = layer(x)
    assert y.shape == (*rows, units) and y.dtype == dtype
    np.testing.assert_allclose(y, np.tanh(x @ W + b), rtol=0, atol=TOLERANCE[dtype])


FOUR = 7 * lanes("float64") - 1  # numbers that take two tiles of four columns


@pytest.mark.parametrize(("features", "units"), [(1, 1), (3, 2), (9, 19), (35, 35), (FOUR, FOUR)])
def test_dense_gradients(features, units):
    check_gradients(*dense(features, units, activation="tanh"))


@pytest.mark.parametrize("options", [{"use_bias": False}, {"activation": "softmax"}, {"activation": "swish"}], ids=str)
def test_dense_gradients_with_options(options):
    check_gradients(*dense(3, 5, rows=(2, 3), **options))


@given(rows=st.integers(1, 40), features=st.integers(1, 9), units=st.integers(1, 9))
def test_dense_gradients_of_any_shape(rows, features, units):
    check_gradients(*dense(features, units, rows=(rows,), activation="tanh"))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_layer_computes_its_function_and_derivative(name, dtype):
    function, derivative = ACTIVATIONS[name]
    random = np.random.default_rng(0)
    x, dy = random.normal(0, 2, (3, 7)).astype(dtype), random.normal(0, 1, (3, 7)).astype(dtype)
    layer = layers.Activation(name, dtype=dtype)
    y, dx = layer(x), layer.vjp(x, dy)[0]
    value = function(x)
    np.testing.assert_allclose(y, value, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    np.testing.assert_allclose(dx, dy * derivative(value, x), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def softmax(x):
    powers = np.exp(x.astype("float64") - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("columns", [1, 2, 33])
def test_softmax_and_its_gradient(columns, dtype):
    random = np.random.default_rng(columns)
    x, dy = random.normal(0, 4, (6, columns)).astype(dtype), random.normal(0, 1, (6, columns)).astype(dtype)
    x[0] += 1000
    y, dx = np.empty_like(x), np.empty_like(x)
    softmax_forward(x, y)
    softmax_backward(dy, y, dx)
    exact = softmax(x)
    np.testing.assert_allclose(y, exact, rtol=0, atol=TOLERANCE[dtype])
    jacobian = exact[:, :, None] * (np.eye(columns) - exact[:, None, :])
    np.testing.assert_allclose(dx, np.einsum("rk,rkl->rl", dy, jacobian), rtol=0, atol=TOLERANCE[dtype])
