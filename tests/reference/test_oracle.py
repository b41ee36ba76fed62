"""The oracle is Keras in float64, and its gradients are the slopes of its results."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

import reference
from reference import keras_side, oracle
from reference.oracle import Options

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 6

CELLS = [
    ("SimpleRNN", {}),
    ("LSTM", {}),
    ("GRU", {"reset_after": True}),
    ("GRU", {"reset_after": False}),
]
CELL_IDS = ["SimpleRNN", "LSTM", "GRU-after", "GRU-before"]
OPTIONS = [{}, {"go_backwards": True}, {"zero_output_for_mask": True}, {"activation": "softsign"}]

every_cell = pytest.mark.parametrize(("cell", "convention"), CELLS, ids=CELL_IDS)


def random_problem(cell, convention, use_bias=True, seed=0, time=TIME):
    """x, weights, initial states, and gradients of sequence, output and states, every number its own."""
    rng = np.random.default_rng(seed)
    gates, states = oracle.CELLS[cell].gates, oracle.CELLS[cell].states
    bias_shape = (2, gates * UNITS) if convention.get("reset_after") else (gates * UNITS,)
    shapes = [(FEATURES, gates * UNITS), (UNITS, gates * UNITS), bias_shape]
    weights = [rng.normal(scale=0.6, size=shape) for shape in (shapes if use_bias else shapes[:2])]
    x = rng.normal(size=(BATCH, time, FEATURES))
    initial_state = [rng.normal(scale=0.7, size=(BATCH, UNITS)) for _ in range(states)]
    d_sequence = rng.normal(size=(BATCH, time, UNITS))
    d_states = [rng.normal(size=(BATCH, UNITS)) for _ in range(states)]
    return x, weights, initial_state, d_sequence, d_states


def holes(first_is_open, go_backwards=False):
    """A mask with a hole in the middle, a padded end and a row of one step only."""
    mask = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 0]], bool)
    if first_is_open:
        mask[:, -1 if go_backwards else 0] = True
    return mask


def keras_layer(keras, cell, weights, **arguments):
    layer = getattr(keras.layers, cell)(
        UNITS, return_sequences=True, return_state=True, use_bias=len(weights) == 3, dtype="float64", **arguments
    )
    layer.build((None, None, FEATURES))
    layer.set_weights(weights)
    return layer


def assert_same(ours, keras, names):
    for name, a, b in zip(names, ours, keras, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * max(1, np.abs(b).max()), err_msg=name)


@every_cell
@pytest.mark.parametrize("option", OPTIONS, ids=str)
@pytest.mark.parametrize("masked", [False, True], ids=["no mask", "mask"])
@pytest.mark.parametrize("use_bias", [True, False], ids=["bias", "no bias"])
def test_results_and_gradients_are_those_of_keras(keras, cell, convention, option, masked, use_bias):
    x, weights, initial_state, d_sequence, d_states = random_problem(cell, convention, use_bias)
    mask = holes(first_is_open=True, go_backwards=option.get("go_backwards", False)) if masked else None
    layer = keras_layer(keras, cell, weights, **convention, **option)

    tape = oracle.forward(cell, x, weights, initial_state, mask, Options(**convention, **option))
    expected = keras_side.layer_call(layer, x, initial_state, mask)
    assert_same([tape.sequence, *tape.states], expected, ["sequence", "h", "c"][: len(expected)])

    ours = oracle.backward(tape, d_sequence=d_sequence, d_states=d_states)
    dx, d_weights, d_initial = keras_side.layer_vjp(layer, x, d_sequence, initial_state, mask, d_states)
    assert_same([ours.dx], [dx], ["dx"])
    assert_same(ours.weights, d_weights, ["dW", "dU", "db"][: len(weights)])
    assert_same(ours.initial_states, d_initial, ["dh0", "dc0"][: len(d_initial)])


@every_cell
@pytest.mark.parametrize("zero_output", [False, True], ids=["repeat", "zero"])
def test_a_sequence_that_begins_masked_from_zero_states_is_that_of_keras(keras, cell, convention, zero_output):
    x, weights, _, d_sequence, _ = random_problem(cell, convention)
    mask = holes(first_is_open=False)
    layer = keras_layer(keras, cell, weights, zero_output_for_mask=zero_output, **convention)
    tape = oracle.forward(cell, x, weights, None, mask, Options(zero_output_for_mask=zero_output, **convention))
    expected = keras_side.layer_call(layer, x, None, mask)
    assert_same([tape.sequence, *tape.states], expected, ["sequence", "h", "c"][: len(expected)])
    ours = oracle.backward(tape, d_sequence=d_sequence)
    dx, d_weights, _ = keras_side.layer_vjp(layer, x, d_sequence, None, mask)
    assert_same([ours.dx, *ours.weights], [dx, *d_weights], ["dx", "dW", "dU", "db"])


@every_cell
def test_before_the_first_open_step_the_output_is_the_initial_state_and_keras_on_tensorflow_says_zero(
    keras, cell, convention
):
    x, weights, initial_state, _, _ = random_problem(cell, convention)
    mask = holes(first_is_open=False)
    tape = oracle.forward(cell, x, weights, initial_state, mask, Options(**convention))
    sequence, *states = keras_side.layer_call(keras_layer(keras, cell, weights, **convention), x, initial_state, mask)
    begun = np.logical_or.accumulate(mask, axis=1)
    assert_same(
        [tape.sequence[begun], *tape.states], [sequence[begun], *states], ["begun", "h", "c"][: 1 + len(states)]
    )
    repeated = np.broadcast_to(initial_state[0][:, None], tape.sequence.shape)
    np.testing.assert_array_equal(tape.sequence[~begun], repeated[~begun])
    np.testing.assert_array_equal(sequence[~begun], 0)


@every_cell
def test_the_gradient_of_the_last_output_is_that_of_keras(keras, cell, convention):
    x, weights, _, d_sequence, _ = random_problem(cell, convention)
    layer = keras_layer(keras, cell, weights, **convention)
    layer.return_sequences = layer.return_state = False
    tape = oracle.forward(cell, x, weights, options=Options(**convention))
    assert_same([tape.output], keras_side.layer_call(layer, x, None, None), ["output"])
    ours = oracle.backward(tape, d_output=d_sequence[:, -1])
    dx, d_weights, _ = keras_side.layer_vjp(layer, x, d_sequence[:, -1])
    assert_same([ours.dx, *ours.weights], [dx, *d_weights], ["dx", "dW", "dU", "db"])


@every_cell
@pytest.mark.parametrize("option", [*OPTIONS, {"recurrent_activation": "softmax"}], ids=str)
@pytest.mark.parametrize("time", [1, TIME])
def test_gradients_are_the_central_differences_of_the_results(cell, convention, option, time):
    x, weights, initial_state, d_sequence, d_states = random_problem(cell, convention, seed=1, time=time)
    mask, options = holes(first_is_open=False)[:, :time], Options(**convention, **option)
    d_output = np.random.default_rng(2).normal(size=(BATCH, UNITS))

    def forward(arrays):
        return oracle.forward(cell, arrays[0], arrays[1:4], arrays[4:], mask, options)

    def weighted_sum(arrays):
        tape = forward(arrays)
        results, weighting = [tape.sequence, tape.output, *tape.states], [d_sequence, d_output, *d_states]
        return sum((result * d).sum() for result, d in zip(results, weighting, strict=True))

    arrays = [x, *weights, *initial_state]
    gradients = oracle.backward(forward(arrays), d_sequence, d_output, d_states)
    rng, step = np.random.default_rng(3), 1e-5
    for place, gradient in enumerate([gradients.dx, *gradients.weights, *gradients.initial_states]):
        direction = rng.normal(size=gradient.shape)
        moved = [[*arrays[:place], arrays[place] + sign * step * direction, *arrays[place + 1 :]] for sign in (1, -1)]
        slope = (weighted_sum(moved[0]) - weighted_sum(moved[1])) / (2 * step)
        assert (gradient * direction).sum() == pytest.approx(slope, rel=1e-6, abs=1e-7), f"argument {place}"


@pytest.mark.parametrize("module", ["oracle", "lstm_cells", "activations", "truth"])
def test_the_oracle_imports_numpy_the_standard_library_and_itself_alone(module):
    tree = ast.parse((Path(reference.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {
                f"{node.module}.{alias.name}" if node.module == "reference" else node.module for alias in node.names
            }
    allowed = {"numpy", "reference.oracle", "reference.lstm_cells", "reference.activations"}
    assert {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names} <= allowed
