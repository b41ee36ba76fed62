"""SimpleRNN, LSTM and GRU against Keras from identical random weights, which differ from gate to gate."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import layers
from reference import keras_side
from reference.tolerances import TOLERANCES

CELLS = [
    pytest.param("SimpleRNN", {}, id="simple_rnn"),
    pytest.param("LSTM", {}, id="lstm"),
    pytest.param("GRU", {}, id="gru"),
    pytest.param("GRU", {"reset_after": False}, id="gru_reset_before"),
]
B, T, F, U = 3, 4, 2, 5
# Padding at the end, holes, a first step left out, and a row that is left out altogether.
MASK = np.array([[1, 1, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]], bool)
# See "first step masked, initial state not zero" in docs/differences.md.
MASK_AFTER_FIRST = np.array([[1, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 0]], bool)


def assert_close(ours, theirs, what="outputs"):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    allowed = TOLERANCES[ours.dtype.name][what].allowed
    size = np.abs(theirs).max()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=allowed * (size if what == "gradients" else max(1.0, size)))


def state_count(name):
    return 2 if name == "LSTM" else 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, arguments", CELLS)
def test_the_last_output_is_that_of_keras(twins, rng, name, arguments, dtype):
    ours, theirs = twins(name, (None, T, F), units=U, dtype=dtype, **arguments)
    x = rng.standard_normal((B, T, F)).astype(dtype)
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("name, arguments", CELLS)
def test_more_units_than_a_vector_has_lanes_agree_with_keras(twins, rng, name, arguments):
    ours, theirs = twins(name, (None, T, 9), scale=0.3, units=37, **arguments)
    x = rng.standard_normal((7, T, 9)).astype("float32")
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize(
    "options",
    [
        {"use_bias": False},
        {"return_sequences": True},
        {"go_backwards": True},
        {"return_sequences": True, "go_backwards": True},
        {"unroll": True},
    ],
    ids=lambda options: "+".join(options),
)
@pytest.mark.parametrize("name, arguments", CELLS)
def test_every_option_agrees_with_keras(twins, rng, name, arguments, options):
    ours, theirs = twins(name, (None, T, F), units=U, **arguments, **options)
    x = rng.standard_normal((B, T, F)).astype("float32")
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("activation, recurrent_activation", [("relu", "hard_sigmoid"), ("softsign", "tanh")])
@pytest.mark.parametrize("name, arguments", CELLS)
def test_other_activations_agree_with_keras(twins, rng, name, arguments, activation, recurrent_activation):
    if name != "SimpleRNN":
        arguments = {**arguments, "recurrent_activation": recurrent_activation}
    ours, theirs = twins(name, (None, T, F), units=U, activation=activation, dtype="float64", **arguments)
    x = rng.standard_normal((B, T, F))
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("options", [{}, {"zero_output_for_mask": True}, {"go_backwards": True}], ids=str)
@pytest.mark.parametrize("name, arguments", CELLS)
def test_masked_steps_carry_state_and_output_over_as_in_keras(twins, rng, name, arguments, options):
    ours, theirs = twins(
        name, (None, T, F), units=U, return_sequences=True, return_state=True, **arguments, **options
    )
    x = rng.standard_normal((B, T, F)).astype("float32")
    for mine, other in zip(ours(x, mask=MASK), theirs(x, mask=MASK), strict=True):
        assert_close(mine, other)


@pytest.mark.parametrize("name, arguments", CELLS)
def test_states_go_in_and_come_out_as_in_keras(twins, rng, name, arguments):
    ours, theirs = twins(name, (None, T, F), units=U, return_state=True, **arguments)
    x = rng.standard_normal((B, T, F)).astype("float32")
    states = [rng.standard_normal((B, U)).astype("float32") for _ in range(state_count(name))]
    results = ours(x, initial_state=states)
    assert len(results) == 1 + state_count(name)
    for mine, other in zip(results, theirs(x, initial_state=states), strict=True):
        assert_close(mine, other)


@pytest.mark.parametrize("name, arguments", CELLS)
def test_until_the_first_step_that_counts_output_and_states_are_the_initial_ones(rng, name, arguments):
    layer = getattr(layers, name)(U, return_sequences=True, return_state=True, **arguments)
    x = rng.standard_normal((B, T, F)).astype("float32")
    states = [rng.standard_normal((B, U)).astype("float32") for _ in range(state_count(name))]
    y, *last = layer(x, mask=MASK, initial_state=states)
    np.testing.assert_array_equal(y[1, 0], states[0][1])
    np.testing.assert_array_equal(y[2], np.tile(states[0][2], (T, 1)))
    for after, before in zip(last, states, strict=True):
        np.testing.assert_array_equal(after[2], before[2])


@pytest.mark.parametrize("name, arguments", CELLS)
def test_two_halves_joined_by_their_states_equal_the_whole(rng, name, arguments):
    layer = getattr(layers, name)(U, return_state=True, dtype="float64", **arguments)
    x = rng.standard_normal((B, T, F))
    whole = layer(x)
    _, *states = layer(x[:, :2])
    for half, full in zip(layer(x[:, 2:], initial_state=states), whole, strict=True):
        np.testing.assert_allclose(half, full, rtol=0, atol=1e-15)


@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, arguments", CELLS)
def test_gradients_of_input_weights_and_states_are_those_of_keras(twins, rng, name, arguments, dtype, masked):
    ours, theirs = twins(
        name, (None, T, F), units=U, return_sequences=True, return_state=True, dtype=dtype, **arguments
    )
    n = state_count(name)
    x, dy = rng.standard_normal((B, T, F)).astype(dtype), rng.standard_normal((B, T, U)).astype(dtype)
    states, d_states = rng.standard_normal((2, n, B, U)).astype(dtype)
    mask = MASK_AFTER_FIRST if masked else None
    mine = ours.vjp(x, dy, mask=mask, initial_state=list(states), d_states=list(d_states))
    others = keras_side.layer_vjp(theirs, x, dy, list(states), mask, list(d_states))
    assert_close(mine[0], others[0], "gradients")
    assert [len(part) for part in mine[1:]] == [3, n]
    for part, other_part in zip(mine[1:], others[1:], strict=True):
        for gradient, other in zip(part, other_part, strict=True):
            assert_close(gradient, other, "gradients")


@pytest.mark.parametrize("name, arguments", CELLS)
def test_gradients_of_the_last_output_alone_are_those_of_keras(twins, rng, name, arguments):
    ours, theirs = twins(name, (None, T, F), units=U, go_backwards=True, use_bias=False, dtype="float64", **arguments)
    x, dy = rng.standard_normal((B, T, F)), rng.standard_normal((B, U))
    mine, others = ours.vjp(x, dy), keras_side.layer_vjp(theirs, x, dy)
    assert_close(mine[0], others[0], "gradients")
    for gradient, other in zip(mine[1], others[1], strict=True):
        assert_close(gradient, other, "gradients")


@pytest.mark.parametrize("name, arguments", CELLS)
def test_a_stateful_layer_goes_on_where_it_stopped_as_in_keras(twins, rng, name, arguments):
    ours, theirs = twins(name, (B, T, F), units=U, stateful=True, **arguments)
    x = rng.standard_normal((B, T, F)).astype("float32")
    first = ours(x)
    assert_close(first, theirs(x))
    second = ours(x)
    assert_close(second, theirs(x))
    assert np.abs(first - second).max() > 1e-3
    ours.reset_state()
    np.testing.assert_array_equal(ours(x), first)


@pytest.mark.parametrize("name, arguments", CELLS)
def test_the_states_of_a_stateful_layer_are_those_of_keras(twins, rng, name, arguments):
    ours, theirs = twins(name, (B, T, F), units=U, stateful=True, dtype="float64", **arguments)
    x = rng.standard_normal((B, T, F))
    given = [rng.standard_normal((B, U)) for _ in range(state_count(name))]
    for change in (lambda layer: None, lambda layer: layer(x), lambda layer: layer(x, mask=MASK),
                   lambda layer: layer.reset_state(), lambda layer: layer(x, initial_state=given),
                   lambda layer: layer.reset_states()):  # fmt: skip
        for layer in (ours, theirs):
            change(layer)
        assert len(ours.states) == len(theirs.states) == state_count(name)
        for mine, other in zip(ours.states, theirs.states, strict=True):
            assert_close(mine, other)


def test_a_layer_that_is_not_stateful_has_no_states_to_reset():
    layer = layers.LSTM(U)
    layer(np.zeros((B, T, F)))
    layer.reset_state()
    layer.reset_states()
    assert layer.states is None


@pytest.mark.parametrize("name, arguments", CELLS)
def test_the_initial_states_of_a_batch_are_those_of_keras(twins, name, arguments):
    ours, theirs = twins(name, (None, T, F), units=U, dtype="float64", **arguments)
    assert ours.state_size == theirs.state_size
    for mine, other in zip(ours.get_initial_state(7), theirs.get_initial_state(7), strict=True):
        assert_close(mine, other)


@pytest.mark.parametrize("given", [False, True], ids=["kept states", "initial_state"])
def test_a_stateful_layer_refuses_another_batch_size(given):
    layer = layers.LSTM(U, stateful=True)
    layer(np.zeros((B, T, F)))
    kept = layer.states
    states = [np.zeros((2, U))] * 2 if given else None
    with pytest.raises(ValueError, match=r"keeps states for a batch of 3, got 2 rows; .* reset_state"):
        layer(np.zeros((2, T, F)), initial_state=states)
    assert layer.states is kept
    layer.reset_state()
    layer(np.zeros((2, T, F)), initial_state=states)
    assert [state.shape for state in layer.states] == [(2, U)] * 2


@pytest.mark.parametrize("value", ["no", None, 2], ids=repr)
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_use_cudnn_takes_what_keras_takes(keras, name, value):
    for library in (layers, keras.layers):
        with pytest.raises(ValueError, match="use_cudnn"):
            getattr(library, name)(U, use_cudnn=value)


@pytest.mark.parametrize("options", [{"implementation": 1}, {"implementation": 2}, {"use_cudnn": False},
                                     {"use_cudnn": True}, {"unroll": True}], ids=str)  # fmt: skip
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_arguments_that_choose_an_implementation_change_nothing(rng, name, options):
    x = rng.standard_normal((B, T, F)).astype("float32")
    plain, layer = (getattr(layers, name)(U, **chosen) for chosen in ({}, options))
    y = plain(x)
    layer(x)
    layer.set_weights(plain.get_weights())
    np.testing.assert_array_equal(layer(x), y)
