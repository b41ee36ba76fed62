"""Traces of whole models: every recurrent layer by name, wherever it stands."""

from __future__ import annotations

import numpy as np
import pytest
from trace_cases import BATCH, FEATURES, STEPS, UNITS, layer_of, numbers, stack

import minirnn as keras
from minirnn import layers

NAMES = ["both/forward_lstm", "both/backward_lstm", "gru", "last"]


@pytest.fixture(scope="module")
def model():
    return stack()


@pytest.fixture
def x():
    x = numbers(BATCH, STEPS, FEATURES)
    x[0, 5:] = 0.0  # masked
    return x


def test_every_recurrent_layer_of_a_stack_is_traced_by_its_name(model, x):
    trace = model.trace(x)
    assert list(trace) == NAMES
    assert np.array_equal(trace.output, model.predict_on_batch(x))
    assert np.array_equal(
        trace["last"].h[:, -1], keras.Model(model.inputs, model.layers[-2].output).predict_on_batch(x)
    )
    assert [part.kind for part in trace.values()] == ["LSTM", "LSTM", "GRU", "LSTM"]


def test_the_two_directions_together_are_the_output_of_bidirectional(model, x):
    both = keras.Model(model.inputs, model.get_layer("both").output).predict_on_batch(x)
    ahead, back = list(model.trace(x).values())[:2]
    seen = (x != 0).any(axis=-1)[..., None]  # Bidirectional shows zeros where the input is masked
    assert np.array_equal(ahead.h * seen, both[..., :UNITS])
    assert np.array_equal(back.h[:, ::-1] * seen, both[..., UNITS:])
    assert back.input_steps.tolist() == list(range(STEPS))[::-1]


def test_masks_reach_the_traces_of_later_layers(model, x):
    trace = model.trace(x)
    assert np.isnan(trace["last"].i[0, 5:]).all() and np.isfinite(trace["last"].i[1:]).all()


def test_a_shared_layer_has_a_trace_for_each_call():
    shared, one, two = layers.LSTM(UNITS, name="shared"), keras.Input((STEPS, FEATURES)), keras.Input((STEPS, FEATURES))
    model = keras.Model([one, two], layers.Add()([shared(one), shared(two)]))
    xs = [numbers(BATCH, STEPS, FEATURES, seed=k, dtype="float32") for k in (3, 4)]
    trace = model.trace(xs)
    assert list(trace) == ["shared", "shared:2"]
    for x, part in zip(xs, trace.values(), strict=True):
        assert np.array_equal(part.h[:, -1], shared(x))


def test_initial_states_that_are_tensors_of_the_model_are_traced():
    x, h, c = keras.Input((STEPS, FEATURES)), keras.Input((UNITS,)), keras.Input((UNITS,))
    model = keras.Model([x, h, c], layers.LSTM(UNITS, name="lstm")(x, initial_state=[h, c]))
    given = [numbers(BATCH, STEPS, FEATURES), numbers(BATCH, UNITS, seed=5), numbers(BATCH, UNITS, seed=6)]
    trace = model.trace(given).only
    np.testing.assert_allclose(trace.h_prev[:, 0], given[1], rtol=1e-6)
    np.testing.assert_allclose(trace.c_prev[:, 0], given[2], rtol=1e-6)


def test_cells_in_an_rnn_and_layers_in_time_distributed_are_traced():
    rnn = layers.RNN(
        [layers.LSTMCell(4, name="low"), layers.GRUCell(3, name="high")], return_sequences=True, name="rnn"
    )
    x = numbers(2, 3, FEATURES, dtype="float32")
    trace = rnn.trace(x)
    assert list(trace) == ["rnn/low", "rnn/high"] and np.array_equal(trace["rnn/high"].h, rnn(x))
    within = layers.TimeDistributed(layers.LSTM(4, name="words"), name="lines")
    x = numbers(2, 3, 6, FEATURES, dtype="float32")
    trace = within.trace(x, rows=1)
    assert list(trace) == ["lines/words"] and trace.only.rows.tolist() == [3, 4, 5]
    assert np.array_equal(trace.only.h[:, -1], within(x)[1])


def test_a_class_with_a_call_of_its_own_is_traced():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = layers.LSTM(UNITS, name="lstm"), layers.Dense(1)

        def call(self, x):
            return self.out(self.lstm(x))

    model, x = Own(), numbers(BATCH, STEPS, FEATURES, dtype="float32")
    assert np.array_equal(model.trace(x).output, model.predict_on_batch(x)) and list(model.trace(x)) == ["lstm"]


def test_layers_chooses_and_refuses_what_is_not_there(model, x):
    assert list(model.trace(x, layers="last")) == ["last"]
    assert len(model.trace(x, layers=["gru", "last"])) == 2
    with pytest.raises(ValueError, match="no recurrent layer 'lst' to trace; there is both/"):
        model.trace(x, layers="lst")
    with pytest.raises(KeyError, match="no recurrent layer 'lst' was traced"):
        model.trace(x)["lst"]
    with pytest.raises(ValueError, match="there are 4 recurrent layers"):
        _ = model.trace(x).only


def test_a_model_without_recurrent_layers_says_so():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="no recurrent layer of minirnn's own"):
        model.trace(np.zeros((1, 3)))


def test_tracing_changes_neither_weights_nor_what_dropout_draws_next(model, x):
    before = model.get_weights()
    model.trace(x).backward(np.ones((BATCH, 2)))
    assert all(map(np.array_equal, before, model.get_weights()))

    def losses(traced):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((STEPS, FEATURES)), layers.LSTM(3, dropout=0.5), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        if traced:
            model.trace(x)
        return model.fit(x, x[:, 0, :1], epochs=3, verbose=0).history["loss"]

    assert losses(True) == losses(False)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_what_is_not_asked_for_is_not_stored():
    layer = layers.LSTM(64)
    trace = layer.trace(numbers(32, 100, 2, dtype="float32"), units=[0, 1], steps=slice(0, 10), rows=0)
    assert sum(array.nbytes for array in trace.values()) == len(trace) * 10 * 2 * 4


def test_rows_of_a_stateful_layer_are_chosen_after_all_of_them_ran():
    layer = layer_of("LSTM", stateful=True)
    x = numbers(BATCH, STEPS, FEATURES)
    trace = layer.trace(x, rows=1)
    assert trace.h.shape == (1, STEPS, UNITS) and layer.states[0].shape == (BATCH, UNITS)
