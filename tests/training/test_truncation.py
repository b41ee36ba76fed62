"""fit(truncate=k): what stateful layers and train_on_batch give by hand, and one line for what cannot be cut."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers

ROWS, TIME, FEATURES = 6, 11, 3
CELLS = ["SimpleRNN", "LSTM", "GRU", "PeepholeLSTM", "CoupledLSTM", "LayerNormLSTM"]


def data(seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, TIME, FEATURES)).astype("float32")
    return x, np.cumsum(x.sum(axis=2, keepdims=True), axis=1).astype("float32") / 5


def chain(cell="LSTM", stateful=False, **options):
    model = minirnn.Sequential(
        [
            layers.Input((None, FEATURES)),
            getattr(layers, cell)(5, return_sequences=True, stateful=stateful, **options),
            layers.Dense(4, activation="tanh"),
            layers.GRU(3, return_sequences=True, stateful=stateful),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    return model


def by_hand(model, x, y, steps, batch_size, epochs=1):
    """What `truncate` stands for: the losses of every step of the optimizer."""
    losses = []
    for _ in range(epochs):
        for row in range(0, len(x), batch_size):
            for layer in model.layers:
                if hasattr(layer, "reset_state"):
                    layer.reset_state()
            for start in range(0, x.shape[1], steps):
                part = slice(row, row + batch_size), slice(start, start + steps)
                losses.append(model.train_on_batch(x[part], y[part]))
    return losses


class Losses(minirnn.callbacks.Callback):
    """The loss of each step: the average is reset after it."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])
        self.model.reset_metrics()


@pytest.mark.parametrize("steps", [1, 3, 4, TIME, 2 * TIME])
def test_truncated_training_is_that_of_stateful_layers_by_hand(steps):
    x, y = data()
    ours, theirs = chain(), chain(stateful=True)
    theirs.set_weights(ours.get_weights())
    heard = Losses()
    ours.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0, truncate=steps, callbacks=[heard])
    # An average of one loss is that loss times the rows, and divided by them.
    np.testing.assert_allclose(heard.losses, by_hand(theirs, x, y, steps, 3, epochs=2), rtol=1e-15)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_carries_its_states(cell):
    x, y = data()
    ours, theirs = chain(cell), chain(cell, stateful=True)
    theirs.set_weights(ours.get_weights())
    ours.fit(x, y, batch_size=ROWS, shuffle=False, verbose=0, truncate=4)
    by_hand(theirs, x, y, 4, ROWS)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_cutting_nothing_is_training_as_ever():
    x, y = data()
    ours, plain = chain(), chain()
    plain.set_weights(ours.get_weights())
    ours.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0, truncate=TIME)
    plain.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_states_matter_and_do_not_outlive_their_batch():
    x, y = data()
    carried, cold = chain(), chain()
    cold.set_weights(carried.get_weights())
    carried.fit(x, y, batch_size=ROWS, shuffle=False, verbose=0, truncate=5)
    for start in range(0, TIME, 5):
        cold.train_on_batch(x[:, start : start + 5], y[:, start : start + 5])
    assert any(np.abs(a - b).max() > 1e-5 for a, b in zip(carried.get_weights(), cold.get_weights(), strict=True))
    for layer in carried.layers:
        assert not getattr(layer, "stateful", False) and getattr(layer, "states", None) is None


def test_validation_and_callbacks_see_whole_series_without_states():
    x, y = data()
    model, seen = chain(), []

    class Looks(minirnn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append([self.model.predict_on_batch(x) for _ in range(2)])

    history = model.fit(x, y, validation_data=(x, y), batch_size=3, verbose=0, truncate=4, callbacks=[Looks()]).history
    assert len(seen) == 2 * 3
    for first, second in seen:
        np.testing.assert_array_equal(first, second)
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-6)


def test_a_stateful_layer_goes_on_through_batches_as_it_says():
    x, y = data()
    ours, theirs = chain(stateful=True), chain(stateful=True)
    theirs.set_weights(ours.get_weights())
    for model, fit in ((ours, True), (theirs, False)):
        if fit:
            model.fit(x, y, batch_size=3, shuffle=False, verbose=0, truncate=4)
        else:
            for row in (0, 3):
                for start in range(0, TIME, 4):
                    part = slice(row, row + 3), slice(start, start + 4)
                    model.train_on_batch(x[part], y[part])
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert ours.layers[0].states is not None


def test_masks_and_weights_of_steps_are_cut_with_them():
    x, y = data()
    x[1, 4:] = 0
    weights = np.random.default_rng(1).random((ROWS, TIME))

    def masked(stateful):
        model = minirnn.Sequential(
            [
                layers.Input((None, FEATURES)), layers.Masking(),
                layers.LSTM(4, return_sequences=True, stateful=stateful), layers.Dense(1),
            ]
        )  # fmt: skip
        model.compile("sgd", "mse")
        return model

    ours, theirs = masked(False), masked(True)
    theirs.set_weights(ours.get_weights())
    ours.fit(x, y, sample_weight=weights, batch_size=ROWS, shuffle=False, verbose=0, truncate=4)
    for start in range(0, TIME, 4):
        part = slice(None), slice(start, start + 4)
        theirs.train_on_batch(x[part], y[part], sample_weight=weights[part])
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_graph_with_branches_and_a_stream_of_batches():
    x, y = data()

    def branched(stateful):
        seed = minirnn.Input((None, FEATURES))
        left = layers.LSTM(4, return_sequences=True, stateful=stateful)(seed)
        right = layers.SimpleRNN(4, return_sequences=True, stateful=stateful)(seed)
        out = layers.Dense(1)(layers.Concatenate()([layers.Add()([left, right]), right]))
        model = minirnn.Model(seed, out)
        model.compile("sgd", "mse")
        return model

    ours, theirs = branched(False), branched(True)
    theirs.set_weights(ours.get_weights())
    ours.fit(((x[i : i + 3], y[i : i + 3]) for i in (0, 3)), verbose=0, truncate=4)
    by_hand(theirs, x, y, 4, 3)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# --- what cannot be cut -----------------------------------------------------------------------------------------------


def built(*stack):
    model = minirnn.Sequential([layers.Input((TIME, FEATURES)), *stack])
    model.compile("sgd", "mse")
    return model


def with_initial_state():
    seed = minirnn.Input((TIME, FEATURES))
    y, *states = layers.LSTM(2, return_sequences=True, return_state=True)(seed)
    model = minirnn.Model(seed, layers.LSTM(2, return_sequences=True)(y, initial_state=states))
    model.compile("sgd", "mse")
    return model


def called_twice():
    seed, shared = minirnn.Input((TIME, FEATURES)), layers.GRU(FEATURES, return_sequences=True)
    model = minirnn.Model(seed, shared(shared(seed)))
    model.compile("sgd", "mse")
    return model


def sequence(**options):
    return layers.LSTM(2, return_sequences=True, **options)


@pytest.mark.parametrize(
    ("make", "shape", "words"),
    [
        (lambda: built(layers.LSTM(2)), (2,), "gives its last output only; set return_sequences=True"),
        (lambda: built(sequence(), layers.GRU(2)), (2,), "gru.* gives its last output only"),
        (lambda: built(sequence(go_backwards=True)), (TIME, 2), "goes backwards"),
        (lambda: built(sequence(), layers.Flatten(), layers.Dense(1)), (1,), r"\(Flatten\) does not treat each step"),
        (lambda: built(sequence(), layers.Reshape((2, TIME))), (2, TIME), r"\(Reshape\) does not treat each step"),
        (lambda: built(sequence(), layers.Normalization(axis=1)), (TIME, 2), r"\(Normalization\)"),
        (lambda: built(layers.Dense(2)), (TIME, 2), "has no recurrent layer"),
        (with_initial_state, (TIME, 2), "takes or gives states"),
        (called_twice, (TIME, FEATURES), "is called twice"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_is_refused_in_one_line_and_left_as_it_was(make, shape, words):
    model = make()
    before = model.get_weights()
    with pytest.raises(ValueError, match=f"truncate: .*{words}") as caught:
        model.fit(np.zeros((2, TIME, FEATURES)), np.zeros((2, *shape)), verbose=0, truncate=4)
    assert "\n" not in str(caught.value)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("steps", "error"), [(0, ValueError), (-3, ValueError), (2.0, TypeError), (True, TypeError)])
def test_steps_that_are_no_count_are_refused_in_one_line(steps, error):
    x, y = data()
    with pytest.raises(error, match="truncate must be"):
        chain().fit(x, y, verbose=0, truncate=steps)
