"""The units that pad the last tile have gates too; nothing of them may reach a unit that exists."""

from __future__ import annotations

import numpy as np
import pytest
from recurrent_cases import CELLS, PAIRS, make

from minirnn import layers
from minirnn.kernels.vec import lanes
from reference import oracle

# In a padded unit of an LSTM whose activations are both exponential i = f = g = 1: c would count the steps, and h would
# be e**c, infinity after so many.
STEPS = {"float32": 96, "float64": 720}
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


def exponential_case(cell, units, dtype):
    """A case of gates e**a that stay below 1 in the units that exist, so that states stay small, however many steps."""
    activations = {"activation": "exponential"}
    if cell != "SimpleRNN":
        activations["recurrent_activation"] = "exponential"
    case = make(cell, 1, STEPS[dtype], 3, units, dtype=dtype, return_sequences=True, **activations)
    kernel, recurrent_kernel, bias = case.layer.get_weights()
    case.layer.set_weights([0.1 * kernel, 0.1 * recurrent_kernel, 0.3 * bias - 1])
    return case


def check_against_the_oracle(case):
    layer = case.layer
    names = ("activation", "recurrent_activation", "reset_after")
    options = oracle.Options(**{name: getattr(layer, name) for name in names if hasattr(layer, name)})
    tape = oracle.forward(type(layer).__name__, case.x, layer.get_weights(), case.states, options=options)
    exact = oracle.backward(tape, d_sequence=case.dy, d_states=case.d_states)
    dx, d_weights, d_states = case.vjp()
    found = [*case.output(), dx, *d_weights, *d_states]
    expected = [tape.sequence, *tape.states, exact.dx, *exact.weights, *exact.initial_states]
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype == layer.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE[layer.dtype] * max(1, np.abs(b).max()))


@pytest.mark.parametrize("units", [1, 3, 5, 17, 33])
def test_an_lstm_of_exponentials_is_the_oracles_for_longer_than_its_padding_would_be_finite(units, dtype):
    with np.errstate(over="ignore"):
        assert units % lanes(dtype) and np.exp(np.array(STEPS[dtype], dtype)) == np.inf
    check_against_the_oracle(exponential_case("LSTM", units, dtype))


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell != "LSTM"])
def test_other_cells_of_exponentials_are_the_oracles(cell):
    check_against_the_oracle(exponential_case(cell, 5, "float32"))


@pytest.mark.parametrize(("cell", "activation", "recurrent_activation"), PAIRS)
def test_padded_units_keep_no_state_and_get_no_gradient(cell, activation, recurrent_activation):
    options = {"recurrent_activation": recurrent_activation} if recurrent_activation else {}
    case = make(cell, units=1, time=3, activation=activation, return_sequences=True, mask=True, **options)
    layer = case.layer
    tape = layer.new_tape(case.x.shape, True)
    layer.forward(case.x, case.mask, tape, True, case.states)
    layer.backward(case.dy, tape, True, case.d_states, to_initial=True)
    registers = [tape.h, tape.c, tape.s, tape.dh, tape.dc, *(weight.gradient for weight in layer.weights)]
    for array in registers:
        padding = array.reshape(-1, lanes(layer.dtype))[:, 1:]
        assert padding.size > 0 or array.size == 0
        np.testing.assert_array_equal(padding, 0)


@pytest.mark.parametrize("units", [3, 17])
def test_padded_outputs_of_dense_get_no_gradient(units):
    random = np.random.default_rng(units)
    layer = layers.Dense(units, activation="exponential")
    x, dy = (random.normal(size=(7, n)).astype("float32") for n in (5, units))
    y = layer(x)
    dx, (dW, db) = layer.vjp(x, dy)
    W, _ = layer.get_weights()
    da = dy * y
    for found, expected in zip([dx, dW, db], [da @ W.T, x.T @ da, da.sum(0)], strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    for weight in layer.weights:
        packed = np.full_like(weight.gradient, np.nan)
        weight.layout.pack(weight.gradient_numpy(), packed)
        np.testing.assert_array_equal(weight.gradient, packed)
