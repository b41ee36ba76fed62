"""Activations: values, derivatives, extremes, and the three forms they run in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from minirnn.jit import Static, kernel
from minirnn.kernels.activations import ACTIVATIONS, KEEPS_PRE_ACTIVATION
from minirnn.kernels.simd import element, load, store, width
from reference.activations import ELEMENTWISE

# Points of -9 .. 9 (whole registers), none at a kink (-3, 0, 3, 6).
POINTS = np.linspace(-9.01, 9.03, 1024)
# Where the slope of gelu_tanh multiplies 1 - t**2 by up to 25, an error of tanh grows as much.
TOLERANCE = {"float32": 2e-6, "float64": 8e-15}
# TensorFlow rounds the constants of these to float32, in float64 too.
ROUNDED_BY_TENSORFLOW = {"leaky_relu", "gelu", "gelu_tanh"}
KERAS_NAME = {"swish": "silu", "gelu_tanh": "gelu"}
VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


@kernel
def run_activation(act, x, y, n):
    """y (4, n): value and derivative by registers, then by numbers."""
    for k in range(0, n, width(x)):
        a = load(x, k)
        v = act.activation(a)
        store(y, k, v)
        store(y, n + k, act.d_activation(v, a))
    for k in range(n):
        a_k = element(x, k)
        v_k = act.activation(a_k)
        y[2, k] = v_k
        y[3, k] = act.d_activation(v_k, a_k)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_derivative_is_the_slope(name):
    function, derivative = ACTIVATIONS[name]
    step = 1e-6
    slope = (function(POINTS + step) - function(POINTS - step)) / (2 * step)
    np.testing.assert_allclose(derivative(function(POINTS), POINTS), slope, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - KEEPS_PRE_ACTIVATION))
def test_the_derivative_needs_the_output_alone(name):
    function, derivative = ACTIVATIONS[name]
    y = function(POINTS)
    np.testing.assert_array_equal(derivative(y, POINTS), derivative(y, np.full_like(POINTS, np.nan)))


@pytest.mark.parametrize("name", sorted(KEEPS_PRE_ACTIVATION))
def test_what_keeps_its_pre_activation_takes_one_value_with_two_slopes(name):
    function, _ = ACTIVATIONS[name]
    values = function(POINTS[(POINTS > -4) & (POINTS < 0)])
    turns = np.diff(np.sign(np.diff(values)))
    assert np.count_nonzero(turns) == 1


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_registers_and_numbers_give_what_numpy_gives(name, dtype):
    function, derivative = ACTIVATIONS[name]
    x = POINTS.astype(dtype)
    y = np.full((4, x.size), np.nan, dtype)
    static = Static(("activation under test", name, VERSION), activation=function, d_activation=derivative)
    run_activation(static, x, y, x.size)
    value = function(x)
    expected = np.array([value, derivative(value, x)] * 2)
    assert expected.dtype == dtype
    scale = np.maximum(1, np.abs(expected))
    np.testing.assert_array_less(np.abs(y - expected) / scale, TOLERANCE[dtype])


# Largest errors in float32 for a in -30 .. 30, in eps: of the value, of the slope; first absolute (numbers above 1:
# relative), then relative. None: the slope is what is left of y's last digits, or it or the value crosses zero.
ERRORS = {
    "linear": (0, 0, 0, 0),
    "tanh": (1, 1.5, 1.5, None),
    "sigmoid": (1, 2, 1, None),
    "hard_sigmoid": (0.5, None, 0.5, 0.5),
    "relu": (0, 0, 0, 0),
    "relu6": (0, 0, 0, 0),
    "leaky_relu": (1, 1, 0.5, 0.5),
    "elu": (1, 1.5, 1, None),
    "selu": (1.5, 2, 2.5, None),
    "softplus": (1.5, 2.5, 1, 3),
    "softsign": (1, 1.5, 1, 31),
    "exponential": (2, 2, 2, 2),
    "swish": (1.5, 2.5, 12, None),
    "gelu": (1.5, None, 1.5, None),
    "gelu_tanh": (1.5, None, 12, None),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_float32_keeps_the_digits_that_it_can(name):
    function, derivative = ACTIVATIONS[name]
    x = np.linspace(-30, 30, 2**16).astype("float32")
    y = np.full((4, x.size), np.nan, x.dtype)
    static = Static(("activation under test", name, VERSION), activation=function, d_activation=derivative)
    run_activation(static, x, y, x.size)
    a = x.astype("float64")
    exact, exact_slope = ELEMENTWISE.get(name, (function, lambda a: derivative(function(a), a)))
    expected = [(exact(a), *ERRORS[name][:2]), (exact_slope(a), *ERRORS[name][2:])]
    for found, (true, absolute, relative) in zip(y, expected * 2, strict=True):
        error = np.abs(found - true) / np.finfo("float32").eps
        assert (error / np.maximum(1, np.abs(true))).max() <= absolute
        if relative is not None:
            worst = (error - relative * np.abs(true)).argmax()
            assert error[worst] <= relative * abs(true[worst]), f"{found[worst]} at {a[worst]}, exactly {true[worst]}"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_are_kerass(name, dtype, keras):
    function = getattr(keras.activations, KERAS_NAME.get(name, name))
    x = POINTS.astype(dtype)
    arguments = {"approximate": name == "gelu_tanh"} if "gelu" in name else {}
    expected = np.asarray(function(keras.ops.convert_to_tensor(x), **arguments))
    found = ACTIVATIONS[name][0](x)
    assert found.dtype == expected.dtype == dtype
    tolerance = max(TOLERANCE[dtype], 2e-8 if name in ROUNDED_BY_TENSORFLOW else 0)
    np.testing.assert_array_less(np.abs(found - expected) / np.maximum(1, np.abs(expected)), tolerance)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_arguments_give_no_nan_and_no_warning(name, dtype):
    function, derivative = ACTIVATIONS[name]
    x = np.array([-1e4, -800.0, -100.0, 100.0, 800.0, 1e4], dtype)
    if name == "gelu_tanh":
        x = x[np.abs(x) <= 800]
    with np.errstate(under="ignore"):
        value = function(x)
        slope = derivative(value, x)
    assert not np.isnan(value).any() and not np.isnan(slope).any()
    assert name == "exponential" or np.isfinite(value).all()


def test_elementary_functions_take_numbers_too():
    from minirnn.gates import elementary

    assert elementary.erf(0.5) == pytest.approx(0.5204998778130465, abs=1e-16)
    assert elementary.exp(1000.0) == np.inf
    assert float(elementary.where(True, 1.0, 2.0)) == 1.0
    assert elementary.absolute(-2.0) == 2.0
