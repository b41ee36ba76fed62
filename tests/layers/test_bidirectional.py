"""Bidirectional beside Keras: merge modes, states, masks, names, configurations, and its errors."""

from __future__ import annotations

import numpy as np
import pytest
from both import MASK, SHAPE, B, F, T, check_gradients, compare, compare_configs, pair

import minirnn
from minirnn import layers

CELLS = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}
MODES = ["concat", "sum", "mul", "ave", None]


def bidirectional(cell, mode="concat", **options):
    return lambda lib: lib.layers.Bidirectional(getattr(lib.layers, cell)(4, **options), merge_mode=mode)


@pytest.mark.parametrize("mask", [None, MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_all_gradients_are_those_of_keras(keras, cell, mode, sequences, mask):
    compare(bidirectional(cell, mode, return_sequences=sequences), mask=mask)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", CELLS)
def test_states_go_in_and_out_in_halves_as_in_keras(keras, cell, mode):
    make = bidirectional(cell, mode, return_sequences=True, return_state=True)
    compare(make, state_sizes=[4] * 2 * CELLS[cell])


@pytest.mark.parametrize("cell", CELLS)
def test_states_and_masks_together_agree_with_keras(keras, cell):
    compare(bidirectional(cell, return_sequences=True), mask=MASK, state_sizes=[4] * 2 * CELLS[cell])


@pytest.mark.parametrize("shape", [(1, T, F), (B, 1, F), (1, 1, 1)])
def test_single_rows_steps_and_units_agree_with_keras(keras, shape):
    compare(lambda lib: lib.layers.Bidirectional(lib.layers.LSTM(1, return_sequences=True)), shape=shape)


@pytest.mark.parametrize("cell", CELLS)
def test_float32_agrees_with_keras(keras, cell):
    compare(bidirectional(cell, return_sequences=True), dtype="float32")


@pytest.mark.parametrize("mode", MODES)
def test_gradients_are_differences(mode):
    inner = layers.GRU(3, return_sequences=True, return_state=True, dtype="float64")
    layer = layers.Bidirectional(inner, mode, dtype="float64")
    random = np.random.default_rng(1)
    states = [random.standard_normal((B, 3)) for _ in range(2)]
    check_gradients(layer, random.standard_normal(SHAPE), initial_state=states, mask=MASK)


def test_a_backward_layer_of_another_kind_agrees_with_keras(keras):
    compare(lambda lib: lib.layers.Bidirectional(
        lib.layers.LSTM(4), backward_layer=lib.layers.GRU(3, go_backwards=True)))  # fmt: skip


@pytest.mark.parametrize("first, second", [("LSTM", "GRU"), ("GRU", "LSTM")])
def test_the_gradients_of_unlike_states_reach_the_layer_whose_states_they_are(keras, first, second):
    def make(lib):
        ahead, back = getattr(lib.layers, first), getattr(lib.layers, second)
        return lib.layers.Bidirectional(
            ahead(4, return_state=True), backward_layer=back(3, go_backwards=True, return_state=True)
        )

    compare(make)


def test_nested_states_go_in_and_come_out_nested_as_in_keras(keras):
    def make(lib):
        cells = [lib.layers.LSTMCell(4), lib.layers.LSTMCell(3)]
        return lib.layers.Bidirectional(lib.layers.RNN(cells, return_state=True))

    ours, theirs = compare(make, state_sizes=[[4, 4], [3, 3]] * 2, mask=MASK)
    x = np.ones(SHAPE, "float32")
    for results in (ours(x), theirs(x), ours(minirnn.Input((T, F)))):
        assert [len(part) if isinstance(part, list) else 0 for part in results] == [0, 2, 2, 2, 2]


def test_a_layer_that_goes_backwards_first_agrees_with_keras(keras):
    compare(lambda lib: lib.layers.Bidirectional(
        lib.layers.LSTM(4, go_backwards=True, return_sequences=True),
        backward_layer=lib.layers.LSTM(4, return_sequences=True)))  # fmt: skip


def test_a_layer_of_a_cell_agrees_with_keras(keras):
    def make(lib):
        return lib.layers.Bidirectional(lib.layers.RNN(lib.layers.LSTMCell(4), return_sequences=True))

    compare(make, mask=MASK)


@pytest.mark.parametrize("cell", CELLS)
def test_a_stateful_one_goes_on_where_it_stopped_as_in_keras(keras, cell):
    ours, theirs = pair(bidirectional(cell, stateful=True))
    x = np.random.default_rng(0).standard_normal(SHAPE).astype("float32")
    first = ours(x)
    np.testing.assert_allclose(first, theirs(x), atol=1e-6)
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-6)
    assert len(ours.states) == len(theirs.states) == 2 * CELLS[cell]
    ours.reset_state()
    np.testing.assert_array_equal(ours(x), first)


def test_copies_are_named_after_the_layer_as_in_keras(keras):
    for name in ("mine", "forward_mine", "backward_mine"):
        ours, theirs = (lib.layers.Bidirectional(lib.layers.GRU(2, name=name)) for lib in (minirnn, keras))
        assert ours.forward_layer.name == theirs.forward_layer.name
        assert ours.backward_layer.name == theirs.backward_layer.name


@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"return_state": True}], ids=str)
@pytest.mark.parametrize("mode", MODES)
def test_output_shapes_are_those_of_keras(keras, mode, options):
    ours, theirs = pair(bidirectional("LSTM", mode, **options))
    assert ours.compute_output_shape(SHAPE) == theirs.compute_output_shape(SHAPE)


def test_configurations_are_those_of_keras(keras):
    compare_configs(bidirectional("LSTM", "ave", return_sequences=True))
    compare_configs(lambda lib: lib.layers.Bidirectional(lib.layers.RNN(lib.layers.GRUCell(4))))


def test_weights_given_are_those_of_both_directions():
    first = layers.Bidirectional(layers.GRU(3))
    first.build(SHAPE)
    second = layers.Bidirectional(layers.GRU(3), weights=first.get_weights())
    second.build(SHAPE)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def encoder_decoder(lib):
    """Symbolic states from one Bidirectional to the next."""
    k = lib.layers
    x = lib.Input((T, F), name="x")
    y, *states = k.Bidirectional(k.LSTM(4, return_state=True, return_sequences=True, name="a"), name="b")(x)
    z = k.Bidirectional(k.LSTM(4, return_sequences=True, name="c"), merge_mode="sum", name="d")(y, initial_state=states)
    return lib.Model(x, [k.Dense(1, name="e")(z), k.Dense(2, name="f")(states[3])])


def test_symbolic_states_reach_the_next_layer_as_in_keras(keras):
    ours, theirs = encoder_decoder(minirnn), encoder_decoder(keras)
    random = np.random.default_rng(2)
    values = [random.uniform(-1, 1, w.shape) for w in ours.weights]
    ours.set_weights(values)
    theirs.set_weights(values)
    x = random.standard_normal(SHAPE).astype("float32")
    for mine, other in zip(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(mine, other, atol=2e-6)
    for library, model in ((keras, ours), (minirnn, theirs)):
        again = library.Model.from_config(model.get_config())
        assert [layer.name for layer in again.layers] == [layer.name for layer in ours.layers]


def test_it_learns_in_a_model_and_can_be_frozen():
    minirnn.utils.set_random_seed(0)
    model = minirnn.Sequential([minirnn.Input((T, 1)), layers.Bidirectional(layers.LSTM(4)), layers.Dense(1)])
    model.compile(minirnn.optimizers.Adam(0.02), "mse")
    x = np.random.default_rng(0).standard_normal((64, T, 1))
    y = x[:, 0] + x[:, -1]
    history = model.fit(x, y, epochs=40, verbose=0).history["loss"]
    assert history[-1] < 0.1 * history[0]
    model.layers[0].trainable = False
    before = model.layers[0].get_weights()
    model.fit(x, y, verbose=0)
    for a, b in zip(before, model.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.Bidirectional("lstm"), "layer must be a recurrent layer, got str"),
        (lambda: layers.Bidirectional(layers.Dense(2)), "layer must be a recurrent layer, got Dense"),
        (lambda: layers.Bidirectional(layers.LSTM(2), "plus"), "merge_mode must be .* or None, got 'plus'"),
        (lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2)), "both .* go_backwards=False"),
        (
            lambda: layers.Bidirectional(
                layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, return_sequences=True)
            ),
            "return_sequences is False in the forward layer and True in the backward one",
        ),
        (
            lambda: layers.Bidirectional(layers.GRU(2), "sum", backward_layer=layers.GRU(3, go_backwards=True))(
                np.ones(SHAPE)
            ),
            "'sum' needs equally many units, got 2 and 3",
        ),
        (
            lambda: layers.Bidirectional(layers.GRU(2))(np.ones(SHAPE), initial_state=[np.ones((B, 2))]),
            "holds 1 states; give the 1 of the forward layer and the 1 of the backward one",
        ),
        (lambda: layers.Bidirectional(layers.GRU(2))(np.ones((3, 2))), "expects 3 dimensions"),
    ],
)  # fmt: skip
def test_what_it_cannot_take_is_refused_in_one_line(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
