"""TimeDistributed and Wrapper beside Keras: layers, models, masks, layers that keep states, and errors."""

from __future__ import annotations

import numpy as np
import pytest
from both import MASK, B, F, T, check_gradients, compare, compare_configs

import minirnn
from minirnn import layers

INNER = {
    "dense": (lambda lib: lib.layers.Dense(4, activation="softmax"), (B, T, F)),
    "lstm": (lambda lib: lib.layers.LSTM(4), (B, T, 3, F)),
    "sequences": (lambda lib: lib.layers.GRU(4, return_sequences=True), (B, T, 3, F)),
    "flatten": (lambda lib: lib.layers.Flatten(), (B, T, 3, F)),
    "nested": (lambda lib: lib.layers.TimeDistributed(lib.layers.Dense(3)), (B, T, 3, F)),
    "bidirectional": (lambda lib: lib.layers.Bidirectional(lib.layers.GRU(2)), (B, T, 3, F)),
    "model": (
        lambda lib: lib.Sequential([lib.Input((3, F)), lib.layers.SimpleRNN(4), lib.layers.Dense(2)]),
        (B, T, 3, F),
    ),
}


@pytest.mark.parametrize("name", INNER)
def test_outputs_and_all_gradients_are_those_of_keras(keras, name):
    inner, shape = INNER[name]
    compare(lambda lib: lib.layers.TimeDistributed(inner(lib)), shape)


@pytest.mark.parametrize("name", INNER)
def test_configurations_are_those_of_keras(keras, name):
    compare_configs(lambda lib: lib.layers.TimeDistributed(INNER[name][0](lib)))


@pytest.mark.parametrize("shape", [(1, T, F), (B, 1, F), (1, 1, 1)])
def test_single_rows_and_steps_agree_with_keras(keras, shape):
    compare(lambda lib: lib.layers.TimeDistributed(lib.layers.Dense(1)), shape, dtype="float32")


def test_a_mask_passes_by_a_layer_that_takes_none_as_in_keras(keras):
    compare(lambda lib: lib.layers.TimeDistributed(lib.layers.Dense(3)), mask=MASK)
    layer = layers.TimeDistributed(layers.Dense(3))
    layer.build((None, T, F))
    assert layer.compute_mask(np.zeros((B, T, F)), MASK) is MASK


def test_a_mask_with_more_axes_reaches_the_layer_as_in_keras(keras):
    mask = np.random.default_rng(0).random((B, T, 4)) < 0.6
    mask[..., 0] = True
    compare(lambda lib: lib.layers.TimeDistributed(lib.layers.LSTM(3)), (B, T, 4, F), mask=mask)


def test_words_of_sentences_are_read_with_both_masks():
    """Sentences of words: padding words are skipped within, padding sentences without."""
    numbers = layers.Input((T, 4), dtype="int32")
    words = layers.Embedding(9, 3, mask_zero=True)(numbers)
    sentences = layers.TimeDistributed(layers.LSTM(3))(words)
    model = minirnn.Model(numbers, layers.GRU(2)(sentences))
    x = np.random.default_rng(0).integers(1, 9, (B, T, 4))
    x[:, 3:] = 0
    x[:, :3, 2:] = 0
    short = minirnn.Model.from_config(model.get_config())
    short.set_weights(model.get_weights())
    other = x.copy()
    other[:, 3:] = 0
    np.testing.assert_array_equal(model.predict(x, verbose=0), short.predict(other, verbose=0))
    cut = layers.Input((3, 2), dtype="int32")
    of = {name: layer for name, layer in zip("etg", model.layers[1:], strict=True)}
    plain = minirnn.Model(cut, of["g"](of["t"](of["e"](cut))))
    np.testing.assert_allclose(plain.predict(x[:, :3, :2], verbose=0), model.predict(x, verbose=0), atol=1e-6)


def test_a_layer_that_keeps_states_sees_one_step_after_the_other(keras):
    compare(lambda lib: lib.layers.TimeDistributed(lib.layers.LSTM(4, stateful=True)), (B, T, 3, F), dtype="float32")


class Running(layers.Layer):
    """Adds what it has seen so far: rows computed at once would give something else."""

    def run_tape(self, shapes, training):
        return None

    def forward(self, x, mask, tape, training):
        self.calls = getattr(self, "calls", 0) + 1
        return x + self.calls


def test_a_layer_of_the_users_own_sees_one_step_after_the_other():
    y = layers.TimeDistributed(Running())(np.zeros((2, 3, 1)))
    np.testing.assert_array_equal(y[0, :, 0], [1, 2, 3])


@pytest.mark.parametrize("at_once", [True, False])
def test_gradients_are_differences(at_once, monkeypatch):
    if not at_once:
        monkeypatch.setattr("minirnn.layers.time_distributed._steps_matter", lambda layer: True)
    layer = layers.TimeDistributed(layers.LSTM(3, dtype="float64"), dtype="float64")
    check_gradients(layer, np.random.default_rng(0).standard_normal((B, T, 3, F)))


def test_it_learns_in_a_model():
    minirnn.utils.set_random_seed(0)
    chain = [layers.GRU(8, return_sequences=True), layers.TimeDistributed(layers.Dense(1))]
    model = minirnn.Sequential([minirnn.Input((T, 1)), *chain])
    model.compile(minirnn.optimizers.Adam(0.03), "mse")
    x = np.random.default_rng(0).standard_normal((64, T, 1))
    history = model.fit(x, np.cumsum(x, axis=1), epochs=60, verbose=0).history["loss"]
    assert history[-1] < 0.1 * history[0]


def test_the_base_writes_and_builds_its_layer(keras):
    compare_configs(lambda lib: lib.layers.Wrapper(lib.layers.Dense(3)))
    wrapper = layers.Wrapper(layers.Dense(3))
    wrapper.build((None, 2))
    assert wrapper.layer.built and wrapper.count_params() == 9


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.TimeDistributed("dense"), "TimeDistributed takes a layer, got str"),
        (lambda: layers.Wrapper(3), "Wrapper takes a layer, got int"),
        (lambda: layers.TimeDistributed(layers.Dense(2))(np.ones((2, 3))), r"at least 3 axes, got shape \(None, 3\)"),
        (lambda: layers.TimeDistributed(layers.GRU(2, return_state=True))(np.ones((2, 3, 4, 1))), "has 2 outputs"),
        (lambda: layers.TimeDistributed(layers.GRU(2))(np.ones((2, 3, 4))), "expects 3 dimensions"),
        (
            lambda: layers.TimeDistributed(layers.Dense(2))(np.ones((2, 3, 4)), mask=MASK),
            r"shape \(3, 5\), expected \(2, 3\)",
        ),
    ],
)  # fmt: skip
def test_what_it_cannot_take_is_refused_in_one_line(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
