"""One gate function, three kinds of arguments: NumPy arrays, numbers, SIMD registers."""

from __future__ import annotations

import numpy as np
import pytest
from gate_cases import FORMS, GATES, run_gate

from reference.gate_runs import RUNS, quantities

POINTS = 64  # whole registers of every width
# A result is a sum of a few products of numbers around 1: some units in the last place of each.
TOLERANCE = {"float32": 2e-6, "float64": 4e-15}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RUNS)
def test_a_gate_compiled_for_numbers_and_registers_equals_itself_in_plain_numpy(name, form, dtype):
    x = quantities(POINTS, dtype)
    y = np.full((11, POINTS), np.nan, dtype)
    run_gate(GATES[name], FORMS[form], x.reshape(-1), y.reshape(-1), POINTS)
    expected = np.array(RUNS[name](*x))
    assert expected.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=TOLERANCE[dtype] * np.abs(expected).max())


@pytest.mark.parametrize("name", RUNS)
def test_a_gate_in_float32_agrees_with_itself_in_float64(name):
    x = quantities(POINTS, "float32")
    single, double = np.array(RUNS[name](*x)), np.array(RUNS[name](*x.astype("float64")))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=0, atol=TOLERANCE["float32"] * np.abs(double).max())


@pytest.mark.parametrize("name", RUNS)
def test_a_gate_takes_arrays_of_any_shape_and_changes_none_of_them(name):
    x = quantities(24, "float64").reshape(7, 2, 3, 4)
    x.setflags(write=False)
    flat = np.array(RUNS[name](*x.reshape(7, -1)))
    np.testing.assert_array_equal(np.array(RUNS[name](*x)).reshape(11, -1), flat)


@pytest.mark.parametrize("name", RUNS)
def test_a_gate_takes_python_numbers(name):
    x = quantities(1, "float64")[:, 0]
    at_once = np.array(RUNS[name](*x[:, None]))[:, 0]
    np.testing.assert_allclose([float(v) for v in RUNS[name](*map(float, x))], at_once, rtol=1e-15)
