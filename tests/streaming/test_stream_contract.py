"""What a stream promises beside its numbers: states, memory, threads, live weights, and errors that change nothing."""

from __future__ import annotations

import pickle
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from minirnn import Input, Model, Sequential, layers
from minirnn.jit import JIT_ENABLED
from minirnn.streaming import State
from tests.streaming.stream_models import FEATURES, MODELS, chain, inputs, part


@pytest.fixture(scope="module")
def model():
    return MODELS["lstm_chain"]()


X = np.random.default_rng(0).normal(size=(1, 12, FEATURES)).astype(np.float32)


# --- what goes in and comes out -------------------------------------------------------------------------------------


def test_a_vector_a_list_and_other_dtypes_are_steps_too(model):
    expected = model.stream().step(X[:, 0])
    for x in (X[0, 0], X[0, 0].tolist(), X[:, 0].astype(np.float64), np.asfortranarray(X[:, 0]), X[:, ::1][:, 0]):
        y = model.stream().step(x)
        assert (y.shape, y.dtype, y.tobytes()) == ((1, 2), np.dtype(np.float32), expected.tobytes())


def test_a_whole_sequence_may_lack_its_batch_axis_and_be_a_dict(model):
    expected = model.stream().run(X)
    assert model.stream().run(X[0]).tobytes() == expected.tobytes()
    several = MODELS["several"]()
    xs = inputs(several, 1, 4)
    by_name = dict(zip(several.input_names, xs, strict=True))
    for y, of_dict in zip(several.stream().run(xs), several.stream().run(by_name), strict=True):
        assert y.tobytes() == of_dict.tobytes()


def test_outputs_come_in_the_nesting_of_the_model():
    y = MODELS["with_states"]().stream().step(X[:, 0])
    assert {name: array.shape for name, array in y.items()} == {"y": (1, 1), "h": (1, 4), "c": (1, 4)}


@pytest.mark.parametrize("name", ["lstm_chain", "masked", "several"])
def test_out_is_filled_and_returned(name):
    made = MODELS[name]()
    xs = inputs(made, 2, 5)
    fresh, filled = made.stream(2), made.stream(2)
    for t in range(5):
        ys = fresh.step(part(xs, t))
        out = [np.full_like(y, 9) for y in ys] if isinstance(ys, list) else np.full_like(ys, 9)
        assert filled.step(part(xs, t), out=out) is out
        assert np.concatenate(out, axis=None).tobytes() == np.concatenate(ys, axis=None).tobytes()
    whole = made.stream(2).run(part(xs, slice(None)))
    out = [np.empty_like(y) for y in whole] if isinstance(whole, list) else np.empty_like(whole)
    assert made.stream(2).run(part(xs, slice(None)), out=out) is out
    assert np.concatenate(out, axis=None).tobytes() == np.concatenate(whole, axis=None).tobytes()


@pytest.mark.skipif(not JIT_ENABLED, reason="kernels in plain Python allocate")
def test_a_step_with_out_allocates_nothing(model):
    stream, x, out = model.stream(), X[:, 0].copy(), np.empty((1, 2), np.float32)

    def steps():
        for _ in range(1000):
            stream.step(x, out=out)

    steps()
    tracemalloc.start()
    before, blocks = tracemalloc.get_traced_memory(), sys.getallocatedblocks()
    tracemalloc.reset_peak()
    steps()
    after, (now, peak) = sys.getallocatedblocks(), tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert now - before[0] < 500 and after - blocks < 10
    assert peak - before[0] < 1000, "no array, not even one that is given back at once"


# --- states ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_a_snapshot_is_where_the_stream_goes_on_from(name):
    made = MODELS[name]()
    xs = inputs(made, 2, 8)
    stream = made.stream(2)
    begin = stream.state
    first = stream.run(part(xs, slice(0, 5)))
    middle = pickle.loads(pickle.dumps(stream.state))
    last = stream.run(part(xs, slice(5, 8)))
    assert stream.steps == 8 and middle.steps == 5
    other = made.stream(2)
    other.state = middle
    for array in middle.arrays:
        array[...] = 7  # the stream has copies
    assert packed(other.run(part(xs, slice(5, 8)))) == packed(last)
    other.state = begin
    assert packed(other.run(part(xs, slice(0, 5)))) == packed(first)
    other.reset()
    assert packed(other.run(part(xs, slice(0, 5)))) == packed(first)


def packed(ys) -> bytes:
    ys = list(ys.values()) if isinstance(ys, dict) else ys if isinstance(ys, list) else [ys]
    return b"".join(np.ascontiguousarray(y).tobytes() for y in ys)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda state: state.arrays, TypeError, "got list, expected the State that stream.state gives"),
        (lambda state: State(1, state.arrays[:1]), ValueError, "got 1 arrays, expected 2, one for each state"),
        (lambda state: State(1, [a[:, :2] for a in state.arrays]), ValueError, "0 is of shape (1, 2) and float32"),
        (lambda state: State(1, [a.astype("float64") for a in state.arrays]), ValueError, "(1, 5) and float64"),
        (lambda state: State(1, [state.arrays[0], state.arrays[1] + np.inf]), ValueError, "array 1: got inf"),
        (lambda state: State(-1, state.arrays), ValueError, "stream.state steps must be at least 0, got -1"),
        (lambda state: State(1, [None, None]), ValueError, "array 0 is of shape () and object"),
    ],
)
def test_a_wrong_state_is_refused_and_changes_nothing(model, change, error, says):
    stream = model.stream()
    stream.run(X[:, :3])
    before = stream.state
    with pytest.raises(error) as caught:
        stream.state = change(stream.state)
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert packed(stream.state.arrays) == packed(before.arrays) and stream.steps == 3


def test_streams_of_one_model_do_not_meet_also_in_threads(model):
    xs = np.random.default_rng(1).normal(size=(4, 1, 300, FEATURES)).astype(np.float32)
    expected = [model.predict(x, verbose=0).tobytes() for x in xs]

    def stepped(x):
        stream = model.stream()
        return [stream.step(x[:, t]) for t in range(300)][-1].tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(stepped, xs)) == expected


def test_a_stream_leaves_states_of_stateful_layers_alone():
    layer = layers.LSTM(4, stateful=True)
    made = Sequential([Input((None, FEATURES), batch_size=1), layer])
    stream = made.stream()
    y = stream.run(X)
    assert not any(state.any() for state in layer.states)
    assert y[:, -1].tobytes() == made.predict(X, verbose=0).tobytes()
    assert stream.run(X[:, :1]).tobytes() == made.predict(X[:, :1], verbose=0).tobytes()


# --- weights are live -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lstm_chain", "cells"])
def test_training_and_new_weights_are_seen_between_steps_and_states_stay(name):
    made = MODELS[name]()
    stream = made.stream()
    stream.run(X[:, :5])
    made.compile("sgd", "mse")  # moves the weights' memory at the first step of training
    made.fit(X, made.predict(X, verbose=0) + 1, verbose=0)
    state = stream.state
    other = made.stream()
    other.state = state
    expected = other.step(X[:, 5])
    assert stream.step(X[:, 5]).tobytes() == expected.tobytes()
    other.state = state = stream.state
    as_before = other.step(X[:, 6])
    made.set_weights([w * 0.5 for w in made.get_weights()])
    halved = made.stream()
    halved.state = state
    assert stream.step(X[:, 6]).tobytes() == halved.step(X[:, 6]).tobytes() != as_before.tobytes()
    stream.reset()
    assert stream.run(X)[:, -1].tobytes() == made.predict(X, verbose=0).tobytes()


# --- errors ---------------------------------------------------------------------------------------------------------


def bad(value):
    x = X[:, 0].copy()
    x[0, 1] = value
    return x


@pytest.mark.parametrize("name", ["lstm_chain", "masked"])
@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (bad(np.nan), ValueError, "x: got nan at index [0, 1]"),
        (bad(-np.inf), ValueError, "x: got -inf at index [0, 1]"),
        (X[:, 0, :2].copy(), ValueError, "x: got shape (1, 2), expected (1, 3)"),
        (X, ValueError, "x: got shape (1, 12, 3), expected (1, 3)"),
        (None, TypeError, "x: got"),
        ("abc", TypeError, "x: got"),
    ],
)
def test_a_bad_step_is_refused_in_one_line_and_changes_nothing(name, x, error, says):
    stream = MODELS[name]().stream()
    stream.run(X[:, :3])
    before = stream.state
    with pytest.raises(error) as caught:
        stream.step(x)
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert packed(stream.state.arrays) == packed(before.arrays) and stream.steps == 3


def test_a_bad_number_late_in_a_run_stops_all_of_it(model):
    x = X.copy()
    x[0, 11, 2] = np.nan
    stream = model.stream()
    with pytest.raises(ValueError, match=r"got nan at index \[0, 11, 2\]"):
        stream.run(x)
    assert stream.steps == 0


def test_numbers_that_an_embedding_does_not_know_are_refused_before_anything_changes():
    stream = MODELS["words"]().stream()
    with pytest.raises(ValueError, match="got the index 7"):
        stream.run([[1, 2, 7]])
    assert stream.steps == 0 and not any(array.any() for array in stream.state.arrays)


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.empty((1, 3), np.float32), ValueError),
        (np.empty((1, 2)), ValueError),
        (np.empty((1, 4), np.float32)[:, ::2], ValueError),
        ([[0.0, 0.0]], TypeError),
        ("out", TypeError),
    ],
)
def test_an_out_that_does_not_fit_is_refused_and_changes_nothing(model, out, error):
    stream = model.stream()
    with pytest.raises(error, match="out"):
        stream.step(X[:, 0], out=out)
    assert stream.steps == 0 and not any(array.any() for array in stream.state.arrays)


# --- models that are not causal -------------------------------------------------------------------------------------


def attention():
    x = Input((None, FEATURES))
    h = layers.LSTM(4, return_sequences=True)(x)
    return Model(x, layers.Attention(name="culprit")([h, h]))


def encoder_decoder():
    x = Input((None, FEATURES))
    _, *states = layers.LSTM(4, return_state=True)(x)
    return Model(x, layers.LSTM(4, name="culprit")(x, initial_state=states))


def sequence_and_latest():
    x = Input((None, 4))
    h = layers.LSTM(4)(x)
    return Model(x, layers.Add(name="culprit")([x, layers.Reshape((1, 4))(h)]))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: chain(layers.Bidirectional(layers.LSTM(4), name="culprit")), "(Bidirectional) reads the sequence"),
        (lambda: chain(layers.LSTM(4, go_backwards=True, name="culprit")), "(LSTM) goes backwards"),
        (lambda: chain(layers.RNN(layers.GRUCell(4), go_backwards=True, name="culprit")), "(RNN) goes backwards"),
        (lambda: chain(layers.GlobalAveragePooling1D(name="culprit")), "pools over the whole sequence"),
        (lambda: chain(layers.MaxPooling1D(2, name="culprit")), "makes one step of several"),
        (lambda: chain(layers.Conv1D(4, 3, padding="same", name="culprit")), "set padding='causal'"),
        (lambda: chain(layers.Conv1D(4, 1, strides=2, name="culprit")), "set strides=1"),
        (lambda: chain(layers.UpSampling1D(2, name="culprit")), "changes the number or the order of steps"),
        (lambda: chain(layers.Flatten(name="culprit"), shape=(4, 3)), "mixes steps"),
        (lambda: chain(layers.Lambda(lambda x: x, name="culprit")), "may look at other steps"),
        (lambda: chain(layers.LayerNormalization(axis=1, name="culprit"), shape=(4, 3)), "along the axis of time"),
        (attention, "(Attention) looks at all steps at once"),
        (encoder_decoder, "which is not known before its end"),
        (sequence_and_latest, "joins a sequence with a value that has no axis of time"),
    ],
)
def test_a_layer_that_looks_ahead_is_refused_by_name_in_one_line(make, says):
    with pytest.raises(ValueError) as caught:
        make().stream()
    message = str(caught.value)
    assert message.startswith("stream: culprit (") and says in message and "\n" not in message


@pytest.mark.parametrize(
    ("make", "arguments", "says"),
    [
        (lambda: Sequential([layers.LSTM(4)]), (), "is not built: give it an Input, or call it, first"),
        (lambda: Sequential([Input((3,)), layers.Dense(1)]), (), "no input with an axis of time"),
        (lambda: Sequential([Input((None, 3), batch_size=2), layers.LSTM(4)]), (3,), "batch of 2, got batch_size=3"),
        (lambda: Sequential([Input((None, 3)), layers.LSTM(4)]), (0,), "batch_size must be at least 1, got 0"),
    ],
)
def test_a_model_or_batch_that_cannot_be_streamed_is_refused(make, arguments, says):
    with pytest.raises(ValueError) as caught:
        make().stream(*arguments)
    assert says in str(caught.value)
