"""Every option of the wrappers: all gradients are differences, in float64."""

from __future__ import annotations

import numpy as np
import pytest
from both import SHAPE, B, F, T, check_gradients
from test_rnn_cells import Minimal

import minirnn
from minirnn import layers
from minirnn.layers.unchanged import unchanged

MODES = ["concat", "sum", "mul", "ave", None]
# A first step that is masked, a row without any step, and holes.
MASK = np.array([[0, 1, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 0, 1, 0]], bool)
DTYPE = {"dtype": "float64"}
OPTIONS = {
    "last": {},
    "sequences": {"return_sequences": True},
    "states": {"return_state": True},
    "sequences and states": {"return_sequences": True, "return_state": True},
}
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
X = np.random.default_rng(7).standard_normal(SHAPE)


def states(*sizes):
    random = np.random.default_rng(8)
    return [random.standard_normal((B, size)) for size in sizes]


class Asked:
    """A layer whose calls leave it as it is, as `vjp` does: states begin alike in all of them, and draws are alike."""

    def __init__(self, layer, **always):
        self.layer, self.always = layer, always

    def __getattr__(self, name):
        return getattr(self.layer, name)

    @property
    def weights(self):
        """Those that have gradients."""
        return self.layer.trainable_weights

    def get_weights(self):
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, values):
        for weight, value in zip(self.weights, values, strict=True):
            weight.assign(value)

    def __call__(self, *args, **kwargs):
        with unchanged(self.layer):
            return self.layer(*args, **kwargs, **self.always)


# --- Bidirectional ---


def gru(**options):
    return layers.GRU(3, **options, **DTYPE)


@every_option
@pytest.mark.parametrize("mode", MODES)
def test_both_directions_with_states_where_the_first_step_is_masked(mode, options):
    layer = layers.Bidirectional(gru(**options), mode, **DTYPE)
    check_gradients(layer, X, mask=MASK, initial_state=states(3, 3))


@every_option
def test_a_backward_layer_of_another_kind(options):
    other = layers.SimpleRNN(2, go_backwards=True, **options, **DTYPE)
    layer = layers.Bidirectional(gru(**options), backward_layer=other, **DTYPE)
    check_gradients(layer, X, mask=MASK, initial_state=states(3, 2))


@every_option
def test_a_layer_that_goes_backwards_first(options):
    layer = layers.Bidirectional(gru(go_backwards=True, **options), "sum", backward_layer=gru(**options), **DTYPE)
    check_gradients(layer, X, mask=MASK, initial_state=states(3, 3))


@every_option
def test_both_directions_of_cells(options):
    cells = [layers.GRUCell(3, **DTYPE), layers.SimpleRNNCell(2, **DTYPE)]
    layer = layers.Bidirectional(layers.RNN(cells, **options, **DTYPE), **DTYPE)
    check_gradients(layer, X, mask=MASK, initial_state=states(3, 2, 3, 2))


@every_option
def test_both_directions_that_keep_their_states(options):
    layer = layers.Bidirectional(gru(stateful=True, **options), **DTYPE)
    layer(X)
    assert all(np.abs(state).min() > 0 for state in layer.states)
    check_gradients(Asked(layer), X, mask=MASK)


def test_both_directions_with_dropout():
    layer = layers.Bidirectional(gru(dropout=0.4, recurrent_dropout=0.4, return_sequences=True), **DTYPE)
    check_gradients(Asked(layer, training=True), X, mask=MASK, initial_state=states(3, 3))


# --- RNN ---

CELLS = {
    "ours": lambda: layers.GRUCell(3, **DTYPE),
    "own": lambda: Minimal(3, **DTYPE),
    "several": lambda: [layers.GRUCell(2, **DTYPE), Minimal(3, **DTYPE)],
}
SIZES = {"ours": [3], "own": [3], "several": [2, 3]}
FURTHER = {"": {}, "backwards": {"go_backwards": True}, "zero output": {"zero_output_for_mask": True}}


@pytest.mark.parametrize("further", FURTHER.values(), ids=FURTHER)
@every_option
@pytest.mark.parametrize("name", CELLS)
def test_cells_with_states_where_the_first_step_is_masked(name, options, further):
    layer = layers.RNN(CELLS[name](), **options, **further, **DTYPE)
    check_gradients(layer, X, mask=MASK, initial_state=states(*SIZES[name]))


@pytest.mark.parametrize("name", CELLS)
def test_cells_that_keep_their_states(name):
    layer = layers.RNN(CELLS[name](), stateful=True, return_sequences=True, **DTYPE)
    layer(X)
    assert all(np.abs(state).min() > 0 for state in layer.states)
    check_gradients(Asked(layer), X, mask=MASK)


def test_cells_with_dropout():
    cells = [layers.GRUCell(3, dropout=0.4, recurrent_dropout=0.4, **DTYPE), layers.GRUCell(2, dropout=0.4, **DTYPE)]
    layer = layers.RNN(cells, return_sequences=True, **DTYPE)
    check_gradients(Asked(layer, training=True), X, mask=MASK)


# --- TimeDistributed ---


def small_model():
    chain = [layers.Dense(3, activation="tanh", **DTYPE), layers.BatchNormalization(**DTYPE), layers.Dense(2, **DTYPE)]
    return minirnn.Sequential([minirnn.Input((F,), **DTYPE), *chain])


EACH_STEP = {
    "dense": (lambda: layers.Dense(3, activation="softmax", **DTYPE), X),
    "statistics of a step": (lambda: layers.BatchNormalization(**DTYPE), X),
    "dropout": (lambda: layers.Dropout(0.5, **DTYPE), X),
    "model": (small_model, X),
    "sequences": (lambda: gru(), np.random.default_rng(9).standard_normal((B, 2, T, F))),
    "both directions": (
        lambda: layers.Bidirectional(gru(return_sequences=True), "mul", **DTYPE),
        np.random.default_rng(9).standard_normal((B, 2, T, F)),
    ),
}


@pytest.mark.parametrize("name", EACH_STEP)
def test_each_step(name):
    make, x = EACH_STEP[name]
    layer = layers.TimeDistributed(make(), **DTYPE)
    layer(x)
    given = {"mask": np.stack([MASK, ~MASK], axis=1)} if x.ndim == 4 else {}
    check_gradients(Asked(layer, training=True), x, **given)


def test_a_sequence_of_length_one_and_a_single_row():
    for x in (X[:, :1], X[:1], X[:1, :1]):
        check_gradients(layers.Bidirectional(gru(return_sequences=True), **DTYPE), x)
        check_gradients(layers.RNN(Minimal(3, **DTYPE), **DTYPE), x)
        check_gradients(layers.TimeDistributed(layers.Dense(2, **DTYPE), **DTYPE), x)
