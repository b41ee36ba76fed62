"""Embedding beside Keras: rows, masks, gradients, integers that stay exact, and its errors."""

from __future__ import annotations

import numpy as np
import pytest
from both import B, T, compare, compare_configs

import minirnn
from minirnn import layers

X = np.random.default_rng(0).integers(0, 9, (B, T))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [1, 3, 16, 37])
def test_rows_and_their_gradients_are_those_of_keras(keras, width, dtype):
    compare(lambda lib: lib.layers.Embedding(9, width), (B, T), integers=9, dtype=dtype)
    compare(lambda lib: lib.layers.Embedding(9, width), (B, T, 2), integers=9, dtype=dtype)


def test_a_gradient_holds_its_own_batch_only():
    layer = layers.Embedding(9, 2)
    dy = np.ones((2, 1, 2))
    _, (first,) = layer.vjp([[1], [1]], dy)
    np.testing.assert_array_equal(first[1], [2, 2])
    _, (second,) = layer.vjp([[3], [4]], dy)
    np.testing.assert_array_equal(np.flatnonzero(second.any(axis=1)), [3, 4])


@pytest.mark.parametrize("mask_zero", [False, True])
def test_mask_and_configuration_are_those_of_keras(keras, mask_zero):
    ours, theirs = (lib.layers.Embedding(9, 2, mask_zero=mask_zero) for lib in (minirnn, keras))
    mine, other = ours.compute_mask(X), theirs.compute_mask(X)
    assert (mine is None and other is None) or np.array_equal(mine, other)
    assert ours.compute_output_shape((None, T)) == theirs.compute_output_shape((None, T))
    compare_configs(lambda lib: lib.layers.Embedding(9, 2, mask_zero=mask_zero, embeddings_initializer="he_normal"))


def masked_model(lib):
    chain = [lib.layers.Embedding(9, 4, mask_zero=True), lib.layers.GRU(3, return_sequences=True)]
    return lib.Sequential([lib.Input((T,), dtype="int32"), *chain, lib.layers.LSTM(3), lib.layers.Dense(1)])


def test_padding_is_skipped_by_the_layers_behind_as_in_keras(keras):
    ours, theirs = masked_model(minirnn), masked_model(keras)
    theirs.set_weights(ours.get_weights())
    x = X.copy()
    x[:, 0], x[1:, 2:] = 1, 0
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("as_list", [False, True])
def test_given_weights_are_the_table(as_list):
    table = np.random.default_rng(0).standard_normal((9, 3)).astype("float32")
    layer = layers.Embedding(9, 3, weights=[table] if as_list else table)
    np.testing.assert_array_equal(layer(X), table[X])


def test_input_length_declares_the_shape_without_a_word():
    model = minirnn.Sequential([layers.Embedding(9, 3, input_length=T), layers.Flatten(), layers.Dense(1)])
    assert model.input_shape == (None, T) and model.count_params() == 9 * 3 + T * 3 + 1


@pytest.mark.parametrize("cast", [np.int64, np.int32, np.uint8, np.float32, np.float64, np.ndarray.tolist], ids=str)
def test_whole_numbers_of_any_kind_name_rows(cast):
    model = minirnn.Sequential([layers.Embedding(9, 3), layers.Flatten()])
    x = cast(X) if cast is np.ndarray.tolist else X.astype(cast)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(X, verbose=0))
    np.testing.assert_array_equal(layers.Embedding(9, 3, weights=np.eye(9, 3))(x), np.eye(9, 3, dtype="float32")[X])


@pytest.mark.parametrize("dtype", [None, "int32", "int64"])
def test_numbers_that_float32_cannot_hold_stay_exact(dtype):
    size = 2**24 + 4
    numbers = minirnn.Input((1,), dtype=dtype)
    layer = layers.Embedding(size, 1, embeddings_initializer="zeros")
    model = minirnn.Model(numbers, layers.Flatten()(layer(numbers)))
    layer.embeddings.packed[2**24 + 1, 0] = 7
    assert model.predict(np.array([[2**24 + 1], [2**24]]), verbose=0).ravel().tolist() == [7, 0]


def test_integers_reach_other_layers_as_floats():
    numbers = minirnn.Input((3,), dtype="int32")
    model = minirnn.Model(numbers, layers.Dense(1, kernel_initializer="ones")(numbers))
    assert model.predict(np.array([[1, 2, 3]]), verbose=0).item() == 6
    with pytest.raises(ValueError, match=r"got 1.5 at index \[0, 0\], expected whole numbers \(int32\)"):
        model.predict(np.array([[1.5, 2, 3]]), verbose=0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (9, "got the index 9 .* expected whole numbers from 0 to 8"),
        (-1, "got the index -1 .* expected whole numbers from 0 to 8"),
        (2**40, "got the index 1099511627776"),
        (0.5, "got 0.5 at index|got the index 0.5"),
        (np.nan, "got nan|got the index nan"),
        (np.inf, "got inf|got the index inf"),
    ],
)
@pytest.mark.parametrize("where", ["layer", "fit", "predict", "functional"])
def test_what_names_no_row_is_refused_in_one_line_and_changes_nothing(where, wrong, words):
    x = np.concatenate([np.ones((40, T)), np.full((1, T), wrong)])
    x = x.astype(np.int64) if isinstance(wrong, int) else x
    numbers = minirnn.Input((T,))
    layer = layers.Embedding(9, 2)
    model = minirnn.Model(numbers, layers.Dense(1)(layers.Flatten()(layer(numbers))))
    if where == "fit":
        model = minirnn.Sequential([layer, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = layer.get_weights()
    with pytest.raises(ValueError, match=words) as caught:
        if where == "layer":
            layer(x)
        elif where == "predict":
            model.predict(x, verbose=0)
        else:
            model.fit(x, np.ones((41, 1)), batch_size=4, shuffle=False, verbose=0)
    assert "\n" not in str(caught.value)
    np.testing.assert_array_equal(layer.get_weights()[0], before[0])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((0, 3), ValueError), ((3.5, 3), TypeError), ((3, True), TypeError), ((3, -1), ValueError)],
)
def test_sizes_must_be_whole_numbers(arguments, error):
    with pytest.raises(error) as caught:
        layers.Embedding(*arguments)
    assert "\n" not in str(caught.value)
