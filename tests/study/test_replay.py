"""A part of a trace is computed in blocks of steps: the same bits as the whole, in the memory of a block."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from trace_cases import BATCH, CELLS, FEATURES, MASK, STEPS, UNITS, layer_of, numbers, stack, states_of

import minirnn as keras
from minirnn import layers
from minirnn.layers import recurrent_tape

CHOICES = [
    {"steps": [6, 0, 3]},
    {"units": [4, 1]},
    {"steps": slice(1, None, 2), "units": slice(1, 3)},
    {"steps": 0},
]


def same(part, whole, steps=None, units=None):
    """Whether each quantity of a part is that of the whole, bit for bit."""
    assert list(part) == list(whole)
    for name, array in whole.items():
        expected = array[:, np.atleast_1d(np.arange(array.shape[1])[slice(None) if steps is None else steps])]
        expected = expected[:, :, np.atleast_1d(np.arange(array.shape[2])[slice(None) if units is None else units])]
        assert np.array_equal(part[name], expected, equal_nan=True), name


def twins(cell, **options):
    """Two layers with the same weights."""
    both = [layer_of(cell, **options) for _ in range(2)]
    both[1].set_weights(both[0].get_weights())
    return both


def same_sums(part, whole):
    """Whether what gradients add up to is the same, though only some of them are kept."""
    assert np.array_equal(part.dx, whole.dx)
    for name in ("weights", "d_initial"):
        for key, array in getattr(whole, name).items():
            assert np.array_equal(getattr(part, name)[key], array), key


# --- layers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_part_of_a_layer_s_trace_and_of_its_gradients_has_the_bits_of_the_whole(cell, backwards, dtype):
    layer = layer_of(cell, dtype, go_backwards=backwards)
    x, states = numbers(BATCH, STEPS, FEATURES, dtype=dtype), states_of(layer)
    dy, d_states = numbers(BATCH, STEPS, UNITS, dtype=dtype, seed=8), states_of(layer, seed=9)
    whole = layer.trace(x, initial_state=states, mask=MASK)
    found = whole.backward(dy, d_states)
    for choice in CHOICES:
        part = layer.trace(x, initial_state=states, mask=MASK, **choice)
        same(part, whole, **choice)
        back = part.backward(dy, d_states)
        same(back, found, **choice)
        same_sums(back, found)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 50])
def test_blocks_of_every_length_meet(steps):
    layer = layer_of("GRU", "float32", return_sequences=False)
    x, dy = numbers(2, steps, FEATURES, dtype="float32"), numbers(2, UNITS, dtype="float32", seed=8)
    whole, part = layer.trace(x), layer.trace(x, units=slice(None))
    same(part, whole)
    same(part.backward(dy), whole.backward(dy))


@pytest.mark.parametrize("rows", [1, 40])
def test_wide_inputs_whose_product_is_computed_before_have_the_same_bits_in_blocks(rows, monkeypatch):
    monkeypatch.setattr(recurrent_tape, "WIDE_PANEL_BYTES", 0)
    layer = layers.LSTM(6)
    x = numbers(rows, 9, 80, dtype="float32")
    same(layer.trace(x, steps=[8, 2]), layer.trace(x), steps=[8, 2])


def test_the_states_of_chosen_rows_are_those_of_all_rows():
    layer, x = layer_of("LSTM", "float32"), numbers(BATCH, STEPS, FEATURES, dtype="float32")
    whole, part = layer.trace(x), layer.trace(x, rows=[2, 0], steps=[6, 1])
    for name in ("h", "c", "h_prev", "c_prev"):
        assert np.array_equal(part[name], whole[name][[2, 0]][:, [6, 1]])


def test_a_stateful_layer_goes_on_over_all_steps_whatever_was_chosen():
    whole, part = twins("LSTM", stateful=True)
    x = numbers(BATCH, STEPS, FEATURES)
    for _ in range(2):
        same(part.trace(x, steps=[0]), whole.trace(x), steps=[0])
        assert all(map(np.array_equal, part.states, whole.states))


def test_going_back_leaves_the_states_of_a_stateful_layer_as_they_are():
    layer, twin = twins("GRU", stateful=True)
    x, dy = numbers(BATCH, STEPS, FEATURES), numbers(BATCH, UNITS, seed=8)
    whole = twin.trace(x).backward(dy)
    trace = layer.trace(x, steps=2)
    kept = [state.copy() for state in layer.states]
    same(trace.backward(dy), whole, steps=2)
    assert all(map(np.array_equal, layer.states, kept))


def test_the_input_may_be_written_over_before_going_back():
    layer, x = layer_of("LSTM"), numbers(BATCH, STEPS, FEATURES)
    dy, trace = numbers(BATCH, UNITS, seed=8), layer.trace(x, steps=[3])
    whole = layer.trace(x).backward(dy)
    x[...] = 0.0
    same(trace.backward(dy), whole, steps=[3])


def test_going_back_with_other_weights_is_refused():
    layer = layer_of("LSTM")
    trace = layer.trace(numbers(BATCH, STEPS, FEATURES), steps=[3])
    layer.set_weights([w + 1 for w in layer.get_weights()])
    with pytest.raises(RuntimeError, match="its weights have changed since the trace: trace again") as caught:
        trace.backward(np.ones((BATCH, UNITS)))
    assert "\n" not in str(caught.value)


def test_in_training_what_was_drawn_is_traced_and_cannot_be_gone_back_through():
    x = numbers(BATCH, STEPS, FEATURES)
    layer, twin = twins("LSTM", dropout=0.5, recurrent_dropout=0.5, seed=3)
    whole, part = layer.trace(x, training=True), twin.trace(x, training=True, steps=[5, 2])
    same(part, whole, steps=[5, 2])
    with pytest.raises(ValueError, match="needs training=False; or trace without steps= and units="):
        part.backward(np.ones((BATCH, UNITS)))


# --- models -----------------------------------------------------------------------------------------------------------


def rnn_of_cells():
    return layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True, go_backwards=True)


MODELS = {
    "stack": stack,
    "cells": lambda: keras.Sequential([keras.Input((STEPS, FEATURES)), rnn_of_cells(), layers.SimpleRNN(2)]),
    "in each step": lambda: keras.Sequential(
        [keras.Input((3, STEPS, FEATURES)), layers.TimeDistributed(layers.LSTM(4)), layers.GRU(3), layers.Dense(1)]
    ),
    "stateful": lambda: keras.Sequential(
        [keras.Input(batch_shape=(BATCH, STEPS, FEATURES)), layers.LSTM(4, stateful=True), layers.Dense(1)]
    ),
    "states": lambda: with_states(),
}


def with_states():
    """An encoder whose states a decoder begins with; one layer is called twice."""
    x = keras.Input((STEPS, FEATURES))
    shared = layers.GRU(4, return_sequences=True, return_state=True, name="shared")
    y, state = shared(x)
    again, _ = shared(x, initial_state=state)
    return keras.Model(x, [layers.Dense(1)(layers.Add()([y, again])), state])


@pytest.mark.parametrize("model", MODELS)
def test_a_part_of_a_model_s_trace_and_of_its_gradients_has_the_bits_of_the_whole(model):
    model = MODELS[model]()
    shape = (BATCH, *model.input_shape[1:])
    x = numbers(*(size or STEPS for size in shape), dtype=model.inputs[0].dtype)
    for _ in range(2):  # a stateful model goes on
        before = [getattr(layer, "states", None) for layer in model.layers]
        whole = model.trace(x)
        after = [getattr(layer, "states", None) for layer in model.layers]
        for layer, states in zip(model.layers, before, strict=True):
            if states is not None:
                layer.states = states
        part = model.trace(x, steps=[-1, 0], units=[1, 0])
        outputs = whole.output if isinstance(whole.output, list) else [whole.output]
        dy = [numbers(*y.shape, dtype=y.dtype, seed=5) for y in outputs]
        found = whole.backward(dy if len(dy) > 1 else dy[0])
        assert list(part) == list(whole)
        for _ in range(2):  # no pass is used up
            back = part.backward(dy if len(dy) > 1 else dy[0])
            for name in whole:
                chosen = {"steps": [-1, 0], "units": [1, 0]}
                same(back[name], found[name], **chosen)
                same_sums(back[name], found[name])
        for name in whole:
            same(part[name], whole[name], **chosen)
        for layer, states in zip(model.layers, after, strict=True):
            if states is not None:
                assert all(map(np.array_equal, layer.states, states))


def test_rows_and_layers_are_chosen_for_gradients_too():
    model, x = stack(), numbers(BATCH, STEPS, FEATURES)
    dy = numbers(BATCH, 2, seed=4)
    whole = model.trace(x[1:2]).backward(dy[1:2])["gru"]
    for choice in ({}, {"steps": [2, 4]}):
        part = model.trace(x, rows=1, layers="gru", **choice)
        assert np.array_equal(part.output, model.trace(x).output[1:2])
        back = part.backward(dy[1:2])
        assert list(back) == ["gru"] and back.only.rows.tolist() == [1]
        same(back.only, whole, **choice)


def test_a_model_of_other_weights_is_not_gone_back_through():
    model, x = stack(), numbers(BATCH, STEPS, FEATURES)
    trace = model.trace(x, steps=0)
    model.layers[-1].set_weights([w + 1 for w in model.layers[-1].get_weights()])
    with pytest.raises(RuntimeError, match="its weights have changed since the trace: trace again"):
        trace.backward(np.ones((BATCH, 2)))


def test_a_model_in_training_traces_what_was_drawn():
    def traced(**choice):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((STEPS, FEATURES)), layers.LSTM(3, dropout=0.5), layers.Dropout(0.5)])
        return model.trace(numbers(BATCH, STEPS, FEATURES), training=True, **choice)

    part = traced(units=1)
    same(part.only, traced().only, units=1)
    with pytest.raises(ValueError, match="needs training=False; or trace without steps= and units="):
        part.backward(np.ones((BATCH, 3)))


# --- memory -----------------------------------------------------------------------------------------------------------


def peak(function) -> int:
    """The most bytes that were held at once while the function ran, beyond what was held before."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


B, F, U = 8, 1, 64
ALL_OF_ONE = B * U * 4  # bytes of one quantity at one step


@pytest.mark.parametrize("choice", [{"steps": -1}, {"units": 0}, {"steps": slice(0, 3), "units": [1, 2]}])
def test_of_a_layer_about_the_square_root_of_the_steps_is_held(choice):
    layer = layers.LSTM(U, return_sequences=True)
    steps = 900
    x, dy = numbers(B, steps, F, dtype="float32"), numbers(B, U, dtype="float32")
    layer.trace(x[:, :9]).backward(dy), layer.trace(x[:, :9], **choice).backward(dy)  # compiled
    whole = peak(lambda: layer.trace(x).backward(dy))
    assert whole > 20 * steps * ALL_OF_ONE
    weights = layer.count_params() * 4
    # A block of 30 steps, at most 20 quantities at each; 2 states at each of 30 edges; copies of the weights, their
    # packed gradients; the input and its gradient; what was chosen, of 16 quantities.
    kept = 16 * B * 4 * (steps if "steps" not in choice else 3) * (U if "units" not in choice else 2)
    most = (20 * 30 + 2 * 30) * ALL_OF_ONE + 8 * weights + 4 * x.nbytes + 2 * kept
    assert peak(lambda: layer.trace(x, **choice)) < most < whole / 8
    assert peak(lambda: layer.trace(x, **choice).backward(dy)) < most


def test_of_a_model_what_predict_holds_and_a_block_is_held():
    model = keras.Sequential(
        [keras.Input((None, F)), layers.LSTM(U, return_sequences=True), layers.GRU(U), layers.Dense(1)]
    )
    steps = 900
    x = numbers(B, steps, F, dtype="float32")
    model.trace(x[:, :9]), model.trace(x[:, :9], steps=0)
    whole = peak(lambda: model.trace(x))
    outputs = steps * ALL_OF_ONE  # of the first layer: it is the second one's input
    block = 20 * 30 * ALL_OF_ONE + 8 * model.count_params() * 4
    assert peak(lambda: model.trace(x, steps=0)) < 1.2 * outputs + block < whole / 6
