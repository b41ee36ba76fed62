"""How near minirnn's float32 comes to the float64 truth, beside Keras's; and the largest of the standard models."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from reference import cases, compare, suite
from reference.compare import require
from reference.tolerances import TOLERANCES
from reference.truth import truth

pytestmark = pytest.mark.usefixtures("keras")

CELLS = {case.name: case for case in cases.MODELS if case.name in ("LSTM", "GRU, reset after", "SimpleRNN")}
LARGEST = next(case for case in cases.MODELS if case.features == 4096)


@pytest.fixture(scope="module")
def rows(keras):
    """The truth rows of all standard models but the largest: what is promised of the mean is promised of all."""
    return {case.name: suite.truth_row(case, minirnn) for case in cases.MODELS if case is not LARGEST}


@pytest.mark.parametrize("name", CELLS)
def test_no_model_is_much_further_from_the_truth_than_keras(rows, name):
    row = rows[name]
    assert row.passed, f"{row.ratio:.2f} times Keras's distance, allowed {row.allowed}; most in {row.worst}"


def test_in_the_mean_minirnn_is_no_further_from_the_truth_than_keras(rows):
    total = suite.truth_total(list(rows.values()))
    assert total.passed, f"{total.ratio:.2f} times Keras's distance, allowed {total.allowed}; most in {total.worst}"


def rounded(a, bits):
    """a with so many bits of mantissa; float32 has 24."""
    mantissa, exponent = np.frexp(a)
    return np.ldexp(np.rint(mantissa * 2**bits) / 2**bits, exponent)


def test_results_of_minirnn_that_had_lost_three_bits_would_be_found(monkeypatch):
    output, gradients = compare.model_output, compare.model_gradients

    def rough(model, a):
        return rounded(a, 21) if isinstance(model, minirnn.Sequential) else a

    def rough_gradients(model, x, y):
        loss, d_weights, dx = gradients(model, x, y)
        return loss, [rough(model, d) for d in d_weights], rough(model, dx)

    monkeypatch.setattr(compare, "model_output", lambda model, x: rough(model, output(model, x)))
    monkeypatch.setattr(compare, "model_gradients", rough_gradients)
    row = suite.truth_row(CELLS["SimpleRNN"], minirnn)
    assert row.ratio > row.allowed and not row.passed


def test_the_lstm_of_4457472_parameters_is_that_of_keras_and_the_oracle(dtype):
    model = cases.build_model(LARGEST, minirnn, dtype)
    assert model.layers[0].count_params() == 4_457_472
    x, y = cases.model_data(LARGEST, model.output_shape, dtype)
    assert x.shape == (2, 16, 4096)
    require([*compare.compare_counts(model), *compare.compare_model(model, x, y)])

    exact, output = truth(model, x, y), compare.model_output(model, x)
    np.testing.assert_allclose(output, exact.output, rtol=0, atol=TOLERANCES[dtype]["outputs"].allowed)
    _, d_weights, dx = compare.model_gradients(model, x, y)
    for found, expected in zip([*d_weights, dx], [*exact.weight_gradients, exact.dx], strict=True):
        allowed = TOLERANCES[dtype]["gradients"].allowed * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, rtol=0, atol=allowed)
