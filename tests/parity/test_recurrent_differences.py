"""Recurrent layers and their wrappers: where minirnn differs from Keras, on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from deliberate import difference

import minirnn
from minirnn import layers
from reference import keras_side

B, T, F, U = 3, 4, 2, 3
SHAPE = (B, T, F)


@pytest.fixture
def x(rng):
    return rng.normal(size=SHAPE).astype("float32")


@difference("first step masked, initial state not zero")
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_before_the_first_step_that_counts_the_output_is_the_initial_state(both, x, name):
    ours, theirs = both(lambda lib: getattr(lib.layers, name)(U, return_sequences=True), SHAPE)
    states = [np.full((B, U), 0.5 + k, "float32") for k in range(2 if name == "LSTM" else 1)]
    mask = np.array([[0, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 1]], bool)
    mine, other = (np.asarray(layer(x, mask=mask, initial_state=states)) for layer in (ours, theirs))
    before = ~np.logical_or.accumulate(mask, axis=1)
    assert (other[before] == 0).all() and (mine[before] == 0.5).all()
    np.testing.assert_allclose(mine[~before], other[~before], atol=1e-6)


def test_and_with_jax_keras_gives_the_initial_state_too(x):
    """The other half of that row, of the function that Keras's layers call on JAX."""
    pytest.importorskip("jax")
    from keras.src.backend.jax.rnn import rnn

    step = lambda x, states: (x + states[0], [x + states[0]])  # noqa: E731
    _, y, _ = rnn(step, x, [np.full((B, F), 0.5, "float32")], mask=np.arange(T) > np.zeros((B, 1)))
    np.testing.assert_array_equal(np.asarray(y)[:, 0], 0.5)


@difference("`unroll` with `go_backwards` and `zero_output_for_mask`")
def test_unrolled_and_turned_the_outputs_of_masked_steps_are_zero(both, x):
    options = {"return_sequences": True, "go_backwards": True, "zero_output_for_mask": True}
    ours, unrolled = both(lambda lib: lib.layers.LSTM(U, unroll=True, **options), SHAPE)
    mask = np.array([[1, 1, 0, 0]] * B, bool)
    mine, other = ours(x, mask=mask), np.asarray(unrolled(x, mask=mask))
    assert (mine[:, :2] == 0).all() and (mine[:, 2:] != 0).all()  # the last steps come first
    assert (other[:, 2:] == 0).all() and not (other == mine).all()
    unrolled.unroll = False
    np.testing.assert_allclose(mine, np.asarray(unrolled(x, mask=mask)), atol=1e-6)


@difference("called on arrays an RNN of several cells gives the one state")
def test_the_one_state_of_a_cell_among_others_comes_by_itself(keras, x):
    kinds = {}
    for library in (minirnn, keras):
        make = library.layers
        rnn = make.RNN([make.GRUCell(U), make.LSTMCell(U)], return_state=True)
        kinds[library] = [[isinstance(s, list) for s in rnn(given)[1:]] for given in (library.Input((T, F)), x)]
    assert kinds == {keras: [[False, True], [True, True]], minirnn: [[False, True], [False, True]]}


@difference("a stateful `Bidirectional` with `return_state`")
def test_a_stateful_bidirectional_gives_its_states(both, x):
    kept = {"stateful": True, "return_state": True}
    ours, theirs = both(lambda lib: lib.layers.Bidirectional(lib.layers.GRU(U, **kept)), SHAPE)
    with pytest.raises(TypeError, match="generator"):
        theirs(x)
    y, *states = ours(x)
    np.testing.assert_array_equal(y, np.concatenate(states, axis=1))


@difference("Bidirectional cuts `initial_state` in the middle")
def test_unlike_states_are_cut_where_those_of_the_forward_layer_end(both, x, rng):
    def make(lib):
        return lib.layers.Bidirectional(lib.layers.LSTM(U), backward_layer=lib.layers.GRU(2, go_backwards=True))

    ours, theirs = both(make, SHAPE)
    states = [rng.normal(size=(B, units)).astype("float32") for units in (U, U, 2)]
    with pytest.raises(Exception, match="state"):
        theirs(x, initial_state=states)
    ahead, back = ours.forward_layer(x, states[:2]), ours.backward_layer(x, states[2:])
    np.testing.assert_array_equal(ours(x, initial_state=states), np.concatenate([ahead, back], axis=1))


@difference("Bidirectional(concat) of unequal units")
def test_the_shape_of_unequal_units_side_by_side_is_their_sum(both, x):
    def make(lib):
        return lib.layers.Bidirectional(lib.layers.LSTM(3), backward_layer=lib.layers.LSTM(2, go_backwards=True))

    ours, theirs = both(make, SHAPE)
    assert theirs(x).shape == ours(x).shape == ours.compute_output_shape(SHAPE) == (B, 5)
    assert theirs.compute_output_shape(SHAPE) == (B, 6)


@difference("stretches an `initial_state` of the wrong batch")
def test_an_initial_state_of_another_batch_is_refused(both, x):
    ours, theirs = both(lambda lib: lib.layers.GRU(U), SHAPE)
    state = np.ones((1, U), "float32")
    np.testing.assert_allclose(theirs(x, initial_state=state), ours(x, initial_state=np.ones((B, U))), atol=1e-6)
    with pytest.raises(ValueError, match=r"initial_state of shape \(1, 3\), expected \(3, 3\)"):
        ours(x, initial_state=state)


@difference("a symbolic `initial_state` makes a recurrent layer forget the mask")
def test_a_mask_counts_with_a_symbolic_initial_state(both, x):
    def make(lib, masking=True):
        a, h = lib.Input((T, F)), lib.Input((U,))
        y = lib.layers.Masking()(a) if masking else lib.layers.Identity()(a)
        return lib.Model([a, h], lib.layers.GRU(U)(y, initial_state=h))

    x[:, 2:] = 0
    given = [x, np.ones((B, U), "float32")]
    ours, theirs = both(make)
    plain = make(minirnn, masking=False)
    plain.set_weights(ours.get_weights())
    np.testing.assert_allclose(theirs.predict(given, verbose=0), plain.predict(given, verbose=0), atol=1e-6)
    short = ours.layers[-1](x[:, :2], initial_state=given[1])
    np.testing.assert_allclose(ours.predict(given, verbose=0), short, atol=1e-6)


@difference("SimpleRNN forgets its activity_regularizer")
def test_the_activity_regularizer_of_a_simple_rnn_counts(both, x):
    ours, theirs = both(lambda lib: lib.layers.SimpleRNN(U, activity_regularizer="l2"), SHAPE)
    y, _ = ours(x), theirs(x)
    assert theirs.losses == []
    np.testing.assert_allclose(ours.losses, [0.01 * np.sum(y**2) / B], rtol=1e-6)


@difference("recurrent dropout has a mask for each gate")
def test_recurrent_dropout_has_one_mask_for_all_gates(both, x):
    ours, theirs = both(lambda lib: lib.layers.LSTM(20, recurrent_dropout=0.5, seed=1), SHAPE)
    assert theirs.cell.implementation == 1
    masks = [np.asarray(m) for m in theirs.cell.get_recurrent_dropout_mask(np.ones((B, 20), "float32"))]
    assert len(masks) == 4 and (masks[0] != masks[1]).any()
    tape = ours.new_tape(SHAPE, True)
    ours.forward(x, None, tape, True)
    (h_in, mask) = tape.drop
    assert mask[:, :20].shape == (B, 20) and set(np.unique(mask[:, :20])) == {0, 2}
    np.testing.assert_array_equal(h_in[1, :, :20], tape.h[1, :, :20] * mask[:, :20])


@difference("dropout rates of recurrent layers outside [0, 1)")
@pytest.mark.parametrize(("rate", "clamped"), [(5.0, 1.0), (-1.0, 0.0), (1.0, 1.0)])
@pytest.mark.parametrize("argument", ["dropout", "recurrent_dropout"])
def test_rates_of_recurrent_layers_outside_0_to_1_are_refused(keras, argument, rate, clamped):
    assert getattr(keras.layers.LSTM(U, **{argument: rate}), argument) == clamped
    with pytest.raises(ValueError, match=f"{argument} must be at least 0 and below 1"):
        layers.LSTM(U, **{argument: rate})


@difference("OrthogonalRegularizer of a single row")
def test_a_single_row_is_refused_by_the_orthogonal_regularizer_which_takes_float64(keras):
    ours, theirs = (library.regularizers.OrthogonalRegularizer(0.1) for library in (minirnn, keras))
    row, square = np.ones((1, 3), "float32"), np.arange(9.0).reshape(3, 3)
    assert np.isnan(float(theirs(row)))
    with pytest.raises(ValueError, match="at least 2 rows"):
        ours(row)
    with pytest.raises(keras_side.load()[1].errors.InvalidArgumentError, match="float"):
        theirs(keras.ops.convert_to_tensor(square, "float64"))
    assert float(ours(square)) == pytest.approx(float(theirs(square.astype("float32"))), rel=1e-6)
