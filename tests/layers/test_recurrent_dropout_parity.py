"""dropout and recurrent_dropout of SimpleRNN, LSTM and GRU: Keras with the same masks, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from test_recurrent_parity import CELLS, MASK_AFTER_FIRST, B, F, T, U, assert_close, state_count

import minirnn
from minirnn import layers
from minirnn.kernels import threads
from minirnn.kernels.dropout import draw_and_drop
from minirnn.kernels.philox import philox
from minirnn.random import set_random_seed
from reference import keras_side

RATES = {
    "features": {"dropout": 0.4},
    "states": {"recurrent_dropout": 0.4},
    "both": {"dropout": 0.3, "recurrent_dropout": 0.5},
}
DRAWS = 20_000
every_cell = pytest.mark.parametrize("name, arguments", CELLS)
every_rate = pytest.mark.parametrize("rates", RATES.values(), ids=RATES)


def masks_of(layer, shape=(B, T, F)):
    """The masks of the features and of the states that a pass in training draws; None for what is not dropped."""
    tape = layer.new_tape(shape, True)
    layer._dropping.apply(np.ones(shape, layer.dtype), tape, True)
    of_x = tape.x_masks if layer.dropout else None
    return of_x, tape.drop[1][:, : layer.units] if layer.recurrent_dropout else None


def drop_alike(ours, theirs):
    """Let both layers drop the same at each call: what ours draws first."""
    apply, masks = ours._dropping.apply, masks_of(ours)

    def apply_again(*arguments):
        ours._dropping.draws = 0
        return apply(*arguments)

    ours._dropping.apply = apply_again

    def for_keras(mask):
        # With recurrent dropout Keras changes to its implementation 1, which takes one mask for each gate.
        count = getattr(theirs.cell, "dropout_mask_count", None)
        given = None if mask is None else [mask] * count if count else mask
        return lambda step_input: given

    theirs.cell.get_dropout_mask, theirs.cell.get_recurrent_dropout_mask = map(for_keras, masks)


@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"mask": MASK_AFTER_FIRST}], ids=["", "back", "mask"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_rate
@every_cell
def test_outputs_states_and_gradients_are_those_of_keras_with_the_same_masks(
    twins, rng, name, arguments, rates, dtype, options
):
    mask = options.get("mask")
    options = {key: value for key, value in options.items() if key != "mask"}
    ours, theirs = twins(
        name, (None, T, F), units=U, return_sequences=True, return_state=True, dtype=dtype,
        **arguments, **rates, **options,
    )  # fmt: skip
    drop_alike(ours, theirs)
    n = state_count(name)
    x, dy = rng.standard_normal((B, T, F)).astype(dtype), rng.standard_normal((B, T, U)).astype(dtype)
    states, d_states = rng.standard_normal((2, n, B, U)).astype(dtype)
    outputs = ours(x, initial_state=list(states), mask=mask, training=True)
    for mine, other in zip(outputs, theirs(x, initial_state=list(states), mask=mask, training=True), strict=True):
        assert_close(mine, other)
    mine = ours.vjp(x, dy, mask=mask, initial_state=list(states), d_states=list(d_states))
    others = keras_side.layer_vjp(theirs, x, dy, list(states), mask, list(d_states), training=True)
    assert_close(mine[0], others[0], "gradients")
    for part, other_part in zip(mine[1:], others[1:], strict=True):
        for gradient, other in zip(part, other_part, strict=True):
            assert_close(gradient, other, "gradients")


@every_cell
def test_a_stateful_layer_carries_states_that_were_not_dropped_as_keras_does(twins, rng, name, arguments):
    ours, theirs = twins(name, (B, T, F), units=U, stateful=True, dtype="float64", **arguments, **RATES["both"])
    drop_alike(ours, theirs)
    x = rng.standard_normal((B, T, F))
    for training in (True, False, True):
        assert_close(ours(x, training=training), theirs(x, training=training))
        for mine, other in zip(ours.states, theirs.states, strict=True):
            assert_close(mine, other)


@pytest.mark.parametrize("training", [False, None], ids=str)
@every_rate
@every_cell
def test_nothing_is_dropped_but_in_training(rng, name, arguments, rates, training):
    rated, plain = (getattr(layers, name)(U, **arguments, **options) for options in (rates, {}))
    x = rng.standard_normal((B, T, F)).astype("float32")
    rated(x)
    plain(x)
    plain.set_weights(rated.get_weights())
    np.testing.assert_array_equal(rated(x, training=training), plain(x))
    assert np.abs(rated(x, training=True) - plain(x)).max() > 1e-3


def built(**options):
    layer = layers.LSTM(30, **options)
    layer.build((None, 2, 20))
    return layer


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_share_of_rate_is_zero_and_the_rest_is_scaled(dtype):
    masks = masks_of(built(dropout=0.25, recurrent_dropout=0.4, seed=1, dtype=dtype), (500, 2, 20))
    for mask, rate in zip(masks, (0.25, 0.4), strict=True):
        assert mask.dtype == dtype
        assert set(np.unique(mask)) == {0, mask.dtype.type(1 / (1 - rate))}
        # Five standard deviations of that many draws.
        assert abs((mask == 0).mean() - rate) < 5 * (rate * (1 - rate) / mask.size) ** 0.5


def test_every_sample_and_every_batch_has_masks_of_its_own():
    layer = built(dropout=0.5, recurrent_dropout=0.5, seed=1)
    (x_first, h_first), (x_second, h_second) = (masks_of(layer, (50, 2, 20)) for _ in range(2))
    for first, second in ((x_first, x_second), (h_first, h_second)):
        assert (first != second).any()
        assert len(np.unique(first, axis=0)) == len(first)


def test_all_steps_of_a_sample_drop_the_same_features():
    layer = layers.SimpleRNN(20, activation="linear", recurrent_initializer="zeros", return_sequences=True, dropout=0.5)
    layer.build((None, 6, 20))
    layer.set_weights([np.eye(20), np.zeros((20, 20)), np.zeros(20)])
    y = layer(np.ones((3, 6, 20)), training=True)
    assert set(np.unique(y)) == {0, 2}
    np.testing.assert_array_equal(y, np.tile(y[:, :1], (1, 6, 1)))


def test_states_are_dropped_on_their_way_into_the_product_not_where_they_are_kept():
    layer = layers.GRU(20, recurrent_dropout=0.5, use_bias=False, recurrent_activation="sigmoid", dtype="float64")
    layer.build((None, 1, 1))
    # Without weights z = 1/2 and n = 0: half of h is kept, whatever is dropped of what the product sees.
    layer.set_weights([np.zeros(w.shape) for w in layer.weights])
    h = np.arange(60.0).reshape(3, 20)
    np.testing.assert_array_equal(layer(np.zeros((3, 1, 1)), initial_state=h, training=True), h / 2)


def test_the_mean_over_many_draws_of_a_linear_layer_is_its_output_without_dropout(rng):
    layer = layers.SimpleRNN(U, activation="linear", **RATES["both"], dtype="float64", seed=5)
    x, h = rng.standard_normal((1, 1, F)), rng.standard_normal((1, U))
    y = layer(np.repeat(x, DRAWS, 0), initial_state=np.repeat(h, DRAWS, 0), training=True)
    deviation = y.std(0) / DRAWS**0.5
    assert (deviation > 0).all()
    assert (np.abs(y.mean(0) - layer(x, initial_state=h)[0]) < 5 * deviation).all()


@every_cell
def test_mean_and_spread_over_many_draws_are_those_of_keras(twins, keras, rng, name, arguments):
    # Recurrent dropout of a gated cell has other masks for each gate in Keras: there only the draws of one gate agree.
    rates = RATES["both"] if name == "SimpleRNN" else RATES["features"]
    keras.utils.set_random_seed(1)
    ours, theirs = twins(name, (None, T, F), units=U, dtype="float64", seed=2, **arguments, **rates)
    x = np.repeat(rng.standard_normal((1, T, F)), DRAWS, 0)
    mine, others = ours(x, training=True), np.asarray(theirs(x, training=True))
    deviation = ((mine.var(0) + others.var(0)) / DRAWS) ** 0.5
    assert (deviation > 0).all()
    assert (np.abs(mine.mean(0) - others.mean(0)) < 5 * deviation).all()
    np.testing.assert_allclose(mine.std(0), others.std(0), rtol=0.1)


def trained(count, **options):
    """The weights after two epochs of training with several batches."""
    random = np.random.default_rng(3)
    threads.set_num_threads(count)
    model = minirnn.Sequential([
        minirnn.Input((T, F)), layers.GRU(20, return_sequences=True, **options), layers.LSTM(9, **options),
        layers.Dense(1),
    ])  # fmt: skip
    model.compile("adam", "mse")
    model.fit(random.normal(size=(64, T, F)), random.normal(size=(64, 1)), batch_size=16, epochs=2, verbose=0)
    return model.get_weights()


def test_training_with_one_seed_gives_the_same_bits_for_every_number_of_threads(thread_count, share_everything):
    runs = []
    for count in (1, 3, 3):
        set_random_seed(8)
        runs.append(trained(count, **RATES["both"]))
    set_random_seed(9)
    other = trained(1, **RATES["both"])
    for first, second, third in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, third)
    assert any((a != b).any() for a, b in zip(runs[0], other, strict=True))


@every_rate
def test_the_seed_of_a_layer_repeats_its_masks(rates):
    x = np.ones((B, T, F), "float32")
    layer, same, other = (layers.LSTM(U, seed=seed, **rates) for seed in (7, 7, 8))
    for each in (layer, same, other):
        each.build((None, T, F))
        each.set_weights(layer.get_weights())
    for _ in range(2):
        y = layer(x, training=True)
        np.testing.assert_array_equal(same(x, training=True), y)
        assert (other(x, training=True) != y).any()


def test_draws_are_those_of_philox_and_do_not_depend_on_how_rows_are_shared():
    # The known answers of the authors' Random123 1.14, file kat_vectors, philox 4x32 with 10 rounds.
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
    assert philox(*pi) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)
    assert philox(*(0xFFFFFFFF,) * 6) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    k0, k1, draw, rate = 0x89ABCDEF, 0xF1234567, 2**33 + 5, 0.3
    x = np.random.default_rng(0).normal(size=(9, 2, 6))

    def drawn(*ranges):
        h_masks, x_masks, x_kept = np.ones((9, 16)), np.ones((9, 6)), np.ones((9, 2, 6))
        for start, stop in ranges:
            draw_and_drop(x, h_masks, 10, x_masks, x_kept, rate, 0.6, k0, k1, draw, draw + 1, start, stop)
        return h_masks, x_masks, x_kept

    h_masks, x_masks, x_kept = drawn((0, 9))
    for whole, parts in zip((h_masks, x_masks, x_kept), drawn((4, 9), (0, 4)), strict=True):
        np.testing.assert_array_equal(whole, parts)
    np.testing.assert_array_equal(h_masks[:, 10:], 1)
    np.testing.assert_array_equal(x_kept, x * x_masks[:, None])
    for i in range(9):
        for low, masks, size, share in ((5, h_masks, 10, rate), (6, x_masks, 6, 0.6)):
            words = np.array([philox(k, i, low, 2, k0, k1) for k in (0, 4, 8)]).reshape(-1)[:size]
            np.testing.assert_array_equal(masks[i, :size], np.where(words < share * 2**32, 0, 1 / (1 - share)))


@every_rate
def test_the_draws_of_a_layer_have_numbers_that_of_the_states_first(rates):
    layer, number = built(**rates, seed=2**35 + 3), 0
    for _ in range(3):
        masks = masks_of(layer, (4, 2, 20))
        for mask, rate in ((masks[1], layer.recurrent_dropout), (masks[0], layer.dropout)):
            number += rate > 0
            for i, row in enumerate(() if mask is None else mask):
                words = [word for k in range(0, len(row), 4) for word in philox(k, i, number, 0, 3, 8)][: len(row)]
                np.testing.assert_array_equal(row == 0, np.array(words) < rate * 2**32)


def test_both_dtypes_drop_the_same_with_one_seed():
    single, double = (masks_of(built(**RATES["both"], seed=4, dtype=d), (9, 2, 20)) for d in ("float32", "float64"))
    for a, b in zip(single, double, strict=True):
        np.testing.assert_array_equal(a != 0, b != 0)


def test_without_dropout_the_global_sequence_of_seeds_is_left_alone():
    draws = []
    for options in ({}, {"seed": 3}, {"seed": 3, "dropout": 0.5}):
        set_random_seed(1)
        layers.LSTM(3, **options)
        draws.append(minirnn.random.next_seed())
    assert draws[0] == draws[1] == draws[2]


@every_rate
def test_a_functional_model_trains_and_predicts_without_dropping(rng, rates):
    x, y = rng.normal(size=(40, T, F)).astype("float32"), rng.normal(size=(40, 1)).astype("float32")
    inputs = minirnn.Input((T, F))
    outputs = layers.Dense(1)(layers.LSTM(U, seed=2, **rates)(layers.Masking()(inputs)))
    model = minirnn.Model(inputs, outputs)
    model.compile(minirnn.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    np.testing.assert_array_equal(model(x), model(x, training=False))
    assert (model(x, training=True) != model(x, training=True)).any()


@pytest.mark.parametrize("rate", [1, 1.0, -0.1, 5, float("nan"), "half", None, True], ids=str)
@pytest.mark.parametrize("argument", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_a_rate_outside_0_to_1_is_refused_in_one_line(name, argument, rate):
    with pytest.raises(ValueError, match=f"{name}: {argument} must be at least 0 and below 1") as caught:
        getattr(layers, name)(3, **{argument: rate})
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("rate", [0, 0.5, np.float32(0.5), np.float64(0.5)], ids=repr)
def test_a_rate_of_any_kind_of_number_is_kept_as_a_float(rate):
    layer = layers.GRU(3, dropout=rate, recurrent_dropout=rate)
    for value in (layer.dropout, layer.recurrent_dropout, layer.get_config()["dropout"]):
        assert type(value) is float and value == rate


@pytest.mark.parametrize("seed", [1.5, "one", True], ids=str)
def test_a_seed_that_is_no_integer_is_refused(seed):
    with pytest.raises(TypeError, match="seed must be an integer"):
        layers.LSTM(3, seed=seed)
