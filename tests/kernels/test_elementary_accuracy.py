"""Worst errors of the elementary functions on registers, in units in the last place (ulp) of the result."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from minirnn.gates import activations, elementary
from minirnn.jit import Static, kernel
from minirnn.kernels.simd import load, store, width

pytestmark = pytest.mark.needs_jit

VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


@kernel
def apply(static, x, y):
    for k in range(0, x.size, width(x)):
        store(y, k, static.function(load(x, k)))


def on_registers(function, x):
    y = np.full_like(x, np.nan)
    apply(Static(("function under test", function.__name__, VERSION), function=function), x, y)
    return y


def exact_erf(x):
    return np.array([math.erf(v) for v in x.astype(np.float64)], np.longdouble)


def exact_sigmoid(x):
    return 1 / (1 + np.exp(-x))


# function, its exact value in extended precision, range, promised ulp in float32 and in float64
CASES = {
    "exp": (elementary.exp, np.exp, (-87, 88.7), 2.5, 4.0),
    "expm1": (elementary.expm1, np.expm1, (-80, 0), 2.5, 4.0),
    "tanh": (elementary.tanh, np.tanh, (-20, 20), 2.5, 4.0),
    "sigmoid": (activations.sigmoid, exact_sigmoid, (-80, 80), 2.5, 4.0),
    "erf": (elementary.erf, exact_erf, (-6.5, 6.5), 4.0, 4.0),
    "log1p": (elementary.log1p, np.log1p, (0, 1), 4.0, 4.0),
}


def points(lowest, highest, dtype):
    """An even grid, and a logarithmic one around zero, a multiple of 16 points."""
    even = np.linspace(lowest, highest, 200_000)
    small = np.geomspace(1e-6, max(-lowest, highest), 40_000)
    return np.concatenate([even, small[small <= highest], -small[small <= -lowest]]).astype(dtype)


def ulp_errors(found, exact, dtype):
    return np.abs(found.astype(np.longdouble) - exact) / np.spacing(np.abs(exact).astype(dtype)).astype(np.longdouble)


@pytest.mark.parametrize("name", CASES)
def test_functions_stay_within_their_ulp(name, dtype):
    function, exact, (lowest, highest), *bounds = CASES[name]
    if dtype == "float64" and np.finfo(np.longdouble).nmant <= 52:
        pytest.skip("this machine has no longer float than float64 to compare with")
    x = points(lowest, highest, dtype)
    x = x[: len(x) // 16 * 16]
    errors = ulp_errors(on_registers(function, x), exact(x.astype(np.longdouble)), dtype)
    worst = errors.argmax()
    assert errors[worst] <= bounds[dtype == "float64"], f"{name}({x[worst]!r}) errs by {float(errors[worst]):.2f} ulp"


def test_extremes_are_those_of_the_functions(dtype):
    x = np.array([-np.inf, -1e30, -1e4, -0.0, 0.0, 1e4, 1e30, np.inf] * 2, dtype)
    first = on_registers(elementary.tanh, x)[:8]
    np.testing.assert_array_equal(first, [-1, -1, -1, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(on_registers(elementary.erf, x)[:8], [-1, -1, -1, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(on_registers(elementary.expm1, x)[:5], [-1, -1, -1, 0, 0])
    smallest = 1e-37 if dtype == "float32" else 1e-300
    powers = on_registers(elementary.exp, x)[:8]
    assert (powers[:3] < smallest).all() and (powers[3:5] == 1).all() and (powers[5:] == np.inf).all()
    gates = on_registers(activations.sigmoid, x)[:8]
    np.testing.assert_allclose(gates, [0, 0, 0, 0.5, 0.5, 1, 1, 1], atol=smallest)


@pytest.mark.parametrize("name", CASES)
def test_nan_in_is_nan_out(name, dtype):
    y = on_registers(CASES[name][0], np.array([np.nan, -0.5 if name == "expm1" else 0.5] * 8, dtype))
    assert np.isnan(y[0::2]).all() and not np.isnan(y[1::2]).any()


@pytest.mark.parametrize("name", ["tanh", "erf", "sigmoid"])
def test_no_value_leaves_the_functions_range(name, dtype):
    x = np.linspace(-100, 100, 160_000).astype(dtype)
    y = on_registers(CASES[name][0], x)
    assert (np.abs(y) <= 1).all()
    assert (y >= 0).all() if name == "sigmoid" else (np.sign(y) == np.sign(x)).all()
