"""What a layer's trace holds: the layer's own states, and what the gate functions make of them."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from trace_cases import BATCH, CELLS, FEATURES, MASK, STEPS, UNITS, layer_of, numbers, states_of

from minirnn import layers
from minirnn.gates import coupled_lstm, gru, lstm, peephole_lstm, simple_rnn

STEP = {"SimpleRNN": simple_rnn.step, "LSTM": lstm.step, "GRU": gru.step, "CoupledLSTM": coupled_lstm.step,
        "PeepholeLSTM": peephole_lstm.step}  # fmt: skip


def again(step, trace, **more):
    """h from the traced arguments of the gate function."""
    known = {**trace, **more}
    result = step(**{name: known[name] for name in inspect.signature(step).parameters if name in known})
    return result[0] if isinstance(result, tuple) else result


def peepholes(layer):
    weights = {w.name: w.numpy() for w in layer.weights}
    return dict(zip(("p_i", "p_f", "p_o"), np.split(weights["peepholes"], 3), strict=True)) if len(weights) > 3 else {}


@pytest.mark.parametrize("cell", CELLS)
def test_the_traced_states_are_those_of_the_layer_bit_for_bit(cell, dtype):
    layer = layer_of(cell, dtype)
    layer.return_state = True
    x, states = numbers(BATCH, STEPS, FEATURES, dtype=dtype), states_of(layer)
    y, *last = layer(x, initial_state=states, mask=MASK)
    trace = layer.trace(x, initial_state=states, mask=MASK)
    assert np.array_equal(trace.h, y)
    assert np.array_equal(trace.h_prev[:, 0], states[0]) and np.array_equal(trace.h_prev[:, 1:], trace.h[:, :-1])
    for name, first, final in zip("hc", states, last, strict=False):
        assert np.array_equal(trace[name][:, -1], final)
        assert np.array_equal(trace[f"{name}_prev"][:, 0], first)


@pytest.mark.parametrize("cell", STEP)
def test_h_from_the_traced_gates_is_the_output_of_the_layer(cell, dtype):
    # Not bit for bit: the kernels add up a = x W + h U + b in another order, with fused multiply-adds, and take their
    # own exp. The bound is that of `LayerTrace`, on h: c and n have slopes of at most |c_prev|, |g| and 1 in each gate.
    layer = layer_of(cell, dtype)
    x = numbers(BATCH, STEPS, FEATURES, dtype=dtype)
    trace, eps = layer.trace(x), np.finfo(dtype).eps
    W, U, b = (np.abs(w.numpy().astype("float64")) for w in layer.weights[:3])
    size = (np.abs(x) @ W + np.abs(trace.h_prev) @ U + (b.sum(axis=0) if b.ndim == 2 else b)).max()
    in_a = (FEATURES + UNITS + 2) * eps * size
    reach = 4 * (1 + max(np.abs(trace.get(name, np.zeros(1))).max() for name in ("c", "c_prev", "h_prev", "q")))
    difference = np.abs(again(STEP[cell], trace, **peepholes(layer)) - layer(x)).max()
    assert difference <= reach * (in_a + 4 * eps)
    assert difference <= 8 * eps  # what it is here, where sums are short


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_each_traced_step_is_a_step_of_the_layer_bit_for_bit(cell):
    layer = layer_of(cell, "float32")
    x = numbers(BATCH, STEPS, FEATURES, dtype="float32")
    trace = layer.trace(x)
    for t in range(STEPS):
        states = [np.ascontiguousarray(trace[f"{name}_prev"][:, t]) for name in "hc"[: layer.state_count]]
        assert np.array_equal(layer(x[:, t : t + 1], initial_state=states)[:, 0], trace.h[:, t])


def test_pre_activations_are_the_sums_of_the_docstring():
    layer = layer_of("LSTM")
    x = numbers(BATCH, STEPS, FEATURES)
    trace = layer.trace(x)
    W, U, b = (w.numpy() for w in layer.weights)
    for k, gate in enumerate("ifgo"):
        part = slice(k * UNITS, (k + 1) * UNITS)
        np.testing.assert_allclose(trace[f"a_{gate}"], x @ W[:, part] + trace.h_prev @ U[:, part] + b[part], rtol=1e-12)
    np.testing.assert_array_equal(trace.i, 1 / (1 + np.exp(-trace.a_i)))
    np.testing.assert_array_equal(trace.g, np.tanh(trace.a_g))


def test_both_conventions_of_gru_show_what_their_candidate_sees():
    after, before = layer_of("GRU"), layer_of("GRU reset before")
    x = numbers(BATCH, STEPS, FEATURES)
    for trace, n in (
        (after.trace(x), lambda t: np.tanh(t.a_n + t.r * t.q)),
        (before.trace(x), lambda t: np.tanh(t.a_n)),
    ):
        np.testing.assert_array_equal(trace.n, n(trace))
    trace = before.trace(x)
    np.testing.assert_array_equal(trace.s, trace.r * trace.h_prev)


def test_names_that_a_gate_function_does_not_return_are_traced_too():
    trace = layer_of("CoupledLSTM").trace(numbers(BATCH, STEPS, FEATURES))
    np.testing.assert_array_equal(trace.f, 1 - trace.i)
    assert trace.valves == ("i", "f", "o") and trace.gates == ("i", "f", "o", "g")


def test_zoneout_mixes_the_states_of_the_cell_with_those_before():
    trace = layer_of("ZoneoutLSTM").trace(numbers(BATCH, STEPS, FEATURES))
    np.testing.assert_allclose(trace.c, 0.4 * trace.c_prev + 0.6 * trace.c_cell, rtol=1e-12)
    np.testing.assert_allclose(trace.h, 0.2 * trace.h_prev + 0.8 * trace.h_cell, rtol=1e-12)


def test_zoneout_in_training_keeps_a_state_or_does_not():
    trace = layer_of("ZoneoutLSTM").trace(numbers(BATCH, STEPS, FEATURES), training=True)
    assert set(np.unique(trace.kept_c)) == {0.0, 1.0}
    assert np.array_equal(trace.c[trace.kept_c == 1], trace.c_prev[trace.kept_c == 1])


def test_layer_normalisation_shows_rows_of_mean_zero_and_variance_one():
    trace = layer_of("LayerNormLSTM").trace(numbers(BATCH, STEPS, FEATURES))
    gates = np.concatenate([trace[f"n_x_{k}"] for k in "ifgo"], axis=-1)
    np.testing.assert_allclose(gates.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(gates.var(axis=-1), 1, atol=1e-3)  # epsilon
    np.testing.assert_allclose(trace.h, trace.o * np.tanh(trace.m), rtol=1e-12)


# --- masks, directions, states, dropout -------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_a_masked_step_has_no_gates_and_carries_its_states(cell):
    layer = layer_of(cell)
    trace = layer.trace(numbers(BATCH, STEPS, FEATURES), mask=MASK)
    first = next(iter(trace))
    assert np.isnan(trace[first][~MASK]).all() and np.isfinite(trace[first][MASK]).all()
    assert np.array_equal(trace.h[~MASK], trace.h_prev[~MASK]) and np.isfinite(trace.h).all()


def test_a_layer_that_goes_backwards_is_traced_in_the_order_of_its_output():
    layer = layer_of("GRU", go_backwards=True)
    x = numbers(BATCH, STEPS, FEATURES)
    trace = layer.trace(x)
    assert np.array_equal(trace.h, layer(x))
    assert trace.input_steps.tolist() == list(range(STEPS))[::-1] and trace.steps.tolist() == list(range(STEPS))


def test_a_stateful_layer_goes_on_from_the_states_it_keeps():
    layer, x = layer_of("LSTM", stateful=True), numbers(BATCH, STEPS, FEATURES)
    first = layer.trace(x)
    second = layer.trace(x)
    assert np.array_equal(second.h_prev[:, 0], first.h[:, -1]) and np.array_equal(second.c_prev[:, 0], first.c[:, -1])
    layer.reset_state()
    assert np.array_equal(layer.trace(x).h, first.h)


def test_a_layer_that_returns_its_last_step_is_traced_at_all_of_them():
    layer, x = layer_of("LSTM", return_sequences=False), numbers(BATCH, STEPS, FEATURES)
    assert np.array_equal(layer.trace(x).h[:, -1], layer(x)) and layer.trace(x).h.shape == (BATCH, STEPS, UNITS)


def test_dropout_shows_in_training_only():
    layer, x = layer_of("LSTM", dropout=0.5, recurrent_dropout=0.5, seed=3), numbers(BATCH, STEPS, FEATURES)
    still = layer.trace(x)
    W, U, b = (w.numpy()[..., :UNITS] for w in layer.weights)
    np.testing.assert_allclose(still.a_i, x @ W + still.h_prev @ U + b, rtol=1e-12)
    drawn = layer.trace(x, training=True)
    assert not np.allclose(drawn.a_i[:, 0], (x @ W + b)[:, 0])
    np.testing.assert_allclose(drawn.h, drawn.o * np.tanh(drawn.c), rtol=1e-12)


def test_a_layer_without_bias_and_with_other_activations_is_traced():
    layer = layer_of("LSTM", use_bias=False, activation="relu", recurrent_activation="hard_sigmoid")
    trace = layer.trace(numbers(BATCH, STEPS, FEATURES))
    np.testing.assert_array_equal(trace.g, np.maximum(trace.a_g, 0))


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_a_part_of_a_trace_is_that_part_of_the_whole():
    layer, x = layer_of("LSTM"), numbers(BATCH, STEPS, FEATURES)
    whole, part = layer.trace(x), layer.trace(x, rows=[2, 0], steps=slice(-3, None), units=1)
    for name, array in part.items():
        np.testing.assert_allclose(array, whole[name][[2, 0]][:, -3:, 1:2], rtol=1e-12)
    assert (part.rows.tolist(), part.steps.tolist(), part.units.tolist()) == ([2, 0], [4, 5, 6], [1])


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        ({"rows": 3}, ValueError, r"rows are 0 \.\. 2, got 3"),
        ({"steps": [0, -8]}, ValueError, r"steps of .* are 0 \.\. 6, got -8"),
        ({"units": []}, ValueError, "keeps none of 5"),
        ({"units": 0.5}, TypeError, "whole number, a slice or a list of whole numbers, got 0.5"),
    ],
)  # fmt: skip
def test_a_choice_of_what_is_not_there_is_refused_in_one_line(choice, error, words):
    with pytest.raises(error, match=words) as caught:
        layer_of("LSTM").trace(numbers(BATCH, STEPS, FEATURES), **choice)
    assert "\n" not in str(caught.value)


def test_a_quantity_that_is_not_there_is_named_with_those_that_are():
    trace = layer_of("SimpleRNN").trace(numbers(BATCH, STEPS, FEATURES))
    with pytest.raises(KeyError, match="no quantity 'f'; it has a_h, h, h_prev"):
        trace["f"]
    with pytest.raises(AttributeError, match="no quantity 'f'"):
        _ = trace.f
    assert "h_prev" in dir(trace) and "a_h, h, h_prev" in repr(trace)


def test_a_layer_that_is_not_recurrent_has_nothing_to_trace():
    with pytest.raises(ValueError, match="a Dense has no recurrent layer to trace"):
        layers.Dense(3).trace(np.zeros((2, 3)))
