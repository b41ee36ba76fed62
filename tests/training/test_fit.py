"""fit, evaluate, predict and the single-batch calls: Keras's numbers from the same weights, and the same bits again."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers, optimizers
from reference import keras_side
from reference.tolerances import TOLERANCES

N, T, F = 20, 5, 2
BATCH = 7  # does not divide N: the last batch has 6 rows


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def data(rng):
    x = rng.standard_normal((N, T, F))
    return x, np.tanh(x.sum((1, 2), keepdims=True)[:, 0])


def regression(library, **options):
    return library.Sequential(
        [library.layers.Input((T, F)), library.layers.LSTM(4, **options), library.layers.Dense(1)]
    )


def fit_both(twins, x, y, epochs=3, **arguments):
    """Train both without shuffling, three batches an epoch, and compare every number of the history."""
    ours, theirs = twins
    arguments = {"batch_size": BATCH, "epochs": epochs, "shuffle": False, "verbose": 0} | arguments
    mine, other = ours.fit(x, y, **arguments).history, theirs.fit(x, y, **arguments).history
    assert set(mine) == set(other)
    for name in other:
        np.testing.assert_allclose(mine[name], other[name], rtol=TOLERANCES["float64"]["losses"].allowed, err_msg=name)
    for weight, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-9, atol=1e-9)
    return mine


# Keras rounds some of these numbers to float32 on their way; 0.875 stays what it is.
OPTIMIZERS = {
    "adam": lambda library: library.optimizers.Adam(0.01),
    "amsgrad": lambda library: library.optimizers.Adam(0.01, amsgrad=True),
    "sgd": lambda library: library.optimizers.SGD(0.1),
    "nesterov": lambda library: library.optimizers.SGD(0.05, momentum=0.875, nesterov=True),
    "rmsprop": lambda library: library.optimizers.RMSprop(0.01),
    "centered rmsprop": lambda library: library.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
    "clipnorm": lambda library: library.optimizers.Adam(0.01, clipnorm=0.1),
    "global_clipnorm": lambda library: library.optimizers.SGD(0.1, global_clipnorm=0.1),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_twenty_one_steps_of_each_optimizer_are_those_of_keras(twins, data, optimizer):
    history = fit_both(twins(regression, OPTIMIZERS[optimizer], "mse"), *data, epochs=7)
    assert history["loss"][-1] < history["loss"][0]


def test_twenty_one_steps_in_float32_are_those_of_keras(keras, data):
    x, y = (a.astype("float32") for a in data)
    ours, theirs = regression(minirnn), regression(keras)
    theirs.set_weights(ours.get_weights())
    histories = []
    for model in (ours, theirs):
        model.compile("adam", "mse", run_eagerly=True)
        run = model.fit(x, y, batch_size=BATCH, epochs=7, shuffle=False, verbose=0)
        histories.append(run.history["loss"])
    np.testing.assert_allclose(*histories, rtol=TOLERANCES["float32"]["losses"].allowed)


@pytest.mark.parametrize("cell, options", [("SimpleRNN", {}), ("GRU", {}), ("GRU", {"reset_after": False})])
def test_stacked_cells_train_as_in_keras(twins, data, cell, options):
    def make(library):
        kind = getattr(library.layers, cell)
        return library.Sequential([
            library.layers.Input((T, F)), kind(4, return_sequences=True, **options), library.layers.Activation("relu"),
            kind(3, **options), library.layers.Dense(4, activation="tanh"), library.layers.Dense(1),
        ])  # fmt: skip

    fit_both(twins(make, OPTIMIZERS["adam"], "mse"), *data)


def test_other_layers_on_the_way_train_as_in_keras(twins, data):
    def make(library):
        kind = library.layers
        return library.Sequential([
            kind.Input((T, F)), kind.LSTM(4, return_sequences=True), kind.Flatten(), kind.Dense(6),
            kind.Reshape((3, 2)),
            kind.GRU(3), kind.RepeatVector(2), kind.SimpleRNN(3, go_backwards=True), kind.Dense(1),
        ])  # fmt: skip

    fit_both(twins(make, OPTIMIZERS["adam"], "huber"), *data)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_weighted_samples_count_as_in_keras(twins, data, rng, loss):
    weights = rng.uniform(0, 2, N)
    weights[3] = 0.0
    fit_both(twins(regression, "adam", loss, metrics=["mse"]), *data, sample_weight=weights)


def test_validation_data_give_the_numbers_of_keras(twins, data, rng):
    held_out = rng.standard_normal((9, T, F)), rng.standard_normal((9, 1))
    pair = twins(regression, "adam", "mse", metrics=["mae"])
    history = fit_both(pair, *data, validation_data=held_out, validation_batch_size=4)
    assert set(history) == {"loss", "mae", "val_loss", "val_mae"}


def test_weighted_validation_data_give_the_numbers_of_keras(twins, data, rng):
    held_out = rng.standard_normal((9, T, F)), rng.standard_normal((9, 1)), rng.uniform(0, 2, 9)
    fit_both(twins(regression, "adam", "mse"), *data, validation_data=held_out)


@pytest.mark.parametrize("share", [0.25, 0.1])
def test_validation_split_takes_the_last_rows_as_in_keras(twins, data, share):
    fit_both(twins(regression, "adam", "mse"), *data, validation_split=share)


def test_validation_split_splits_the_weights_of_samples_too(twins, data, rng):
    fit_both(twins(regression, "adam", "mse"), *data, validation_split=0.25, sample_weight=rng.uniform(0, 2, N))


def test_validation_freq_validates_some_epochs_only(twins, data):
    history = fit_both(twins(regression, "adam", "mse"), *data, epochs=7, validation_split=0.25, validation_freq=3)
    assert len(history["loss"]) == 7 and len(history["val_loss"]) == 2


@pytest.fixture
def padded(data):
    """Sequences of different lengths, padded with zeros at the end."""
    x, y = data
    x = x.copy()
    for row in range(N):
        x[row, 1 + row % T :] = 0.0
    return x, y


def test_masked_steps_are_left_out_as_in_keras(twins, padded):
    def make(library):
        kind = library.layers
        return library.Sequential(
            [kind.Input((T, F)), kind.Masking(), kind.LSTM(4, return_sequences=True), kind.GRU(3), kind.Dense(1)]
        )

    fit_both(twins(make, "adam", "mse"), *padded)


def sequences_with_mask(library):
    kind = library.layers
    chain = [kind.Input((T, F)), kind.Masking(), kind.LSTM(4, return_sequences=True), kind.Dropout(0.0), kind.Dense(2)]
    return library.Sequential(chain)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_a_mask_that_reaches_the_loss_weighs_the_steps_as_in_keras(twins, padded, rng, reduction, weighted):
    def loss(library):
        return library.losses.MeanSquaredError(reduction=reduction)

    pair = twins(sequences_with_mask, lambda library: library.optimizers.SGD(1e-3), loss, metrics=["mae"])
    weights = rng.uniform(0, 2, (N, T)) if weighted else None
    fit_both(pair, padded[0], rng.standard_normal((N, T, 2)), sample_weight=weights, epochs=2)


def test_with_a_mask_the_weight_of_a_sample_is_that_of_each_of_its_steps(padded, rng):
    model = sequences_with_mask(minirnn)
    model.compile("adam", "mse")
    y, weights = rng.standard_normal((N, T, 2)), rng.uniform(0, 2, N)
    loss = model.evaluate(padded[0], y, sample_weight=weights, verbose=0)
    assert loss == model.evaluate(padded[0], y, sample_weight=np.repeat(weights[:, None], T, axis=1), verbose=0)
    assert loss != model.evaluate(padded[0], y, verbose=0)


def test_targets_for_every_step_train_as_in_keras(twins, data, rng):
    def make(library):
        kind = library.layers
        return library.Sequential([kind.Input((T, F)), kind.LSTM(4, return_sequences=True), kind.Dense(3)])

    fit_both(twins(make, "adam", "mse", metrics=["mae"]), data[0], rng.standard_normal((N, T, 3)))


CLASSIFIERS = {
    "sparse": ("sparse_categorical_crossentropy", 3, "softmax"),
    "categorical": ("categorical_crossentropy", 3, "softmax"),
    "binary": ("binary_crossentropy", 1, "sigmoid"),
}


@pytest.mark.parametrize("sequences", [False, True], ids=["one label", "a label a step"])
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classifiers_train_and_count_their_hits_as_in_keras(twins, data, rng, kind, sequences):
    loss, outputs, activation = CLASSIFIERS[kind]

    def make(library):
        return library.Sequential([
            library.layers.Input((T, F)), library.layers.GRU(4, return_sequences=sequences),
            library.layers.Dense(outputs, activation=activation),
        ])  # fmt: skip

    y = rng.integers(0, max(outputs, 2), (N, T) if sequences else N)
    y = np.eye(outputs)[y] if kind == "categorical" else y[..., None] if kind == "binary" else y
    history = fit_both(twins(make, "adam", loss, metrics=["accuracy"]), data[0], y)
    assert set(history) == {"loss", "accuracy"}


def test_logits_train_as_in_keras(twins, data, rng):
    def make(library):
        return library.Sequential([library.layers.Input((T, F)), library.layers.LSTM(4), library.layers.Dense(3)])

    def loss(library):
        return library.losses.SparseCategoricalCrossentropy(from_logits=True)

    fit_both(twins(make, "adam", loss, metrics=["acc"]), data[0], rng.integers(0, 3, N))


@pytest.mark.parametrize("layer", ["Dense", "Activation"])
@pytest.mark.parametrize(("activation", "loss"), [
    ("softmax", "sparse_categorical_crossentropy"), ("softmax", "categorical_crossentropy"),
    ("sigmoid", "binary_crossentropy"), ("sigmoid", "binary_focal_crossentropy"),
])  # fmt: skip
def test_saturated_outputs_train_from_their_scores_as_in_keras(twins, data, rng, activation, loss, layer):
    # Probabilities beyond the clip of 1e-7, many of them wrong: nothing could be learnt from the probabilities.
    def make(library):
        last = [library.layers.Dense(3, activation=activation)]
        if layer == "Activation":
            last = [library.layers.Dense(3), library.layers.Activation(activation)]
        return library.Sequential([library.layers.Input((T, F)), library.layers.LSTM(4), *last])

    minirnn.utils.set_random_seed(5)
    ours, theirs = models = twins(make, "sgd", loss, metrics=["accuracy"] if activation == "softmax" else ["mae"])
    weights = [w * 500 if w.ndim == 2 and w.shape == (4, 3) else w for w in ours.get_weights()]
    for model in models:
        model.set_weights(weights)
    y = rng.integers(0, 3, N)
    y = y if loss.startswith("sparse") else np.eye(3)[y]
    p = ours.predict(data[0], verbose=0)
    assert ((p < 1e-7) | (p > 1 - 1e-7)).mean() > 0.5
    fit_both(models, data[0], y)
    np.testing.assert_allclose(ours.evaluate(data[0], y, verbose=0), theirs.evaluate(data[0], y, verbose=0), rtol=1e-9)
    assert any(np.abs(a - b).max() > 1e-6 for a, b in zip(weights, ours.get_weights(), strict=True))


def test_evaluate_predict_and_single_batches_give_the_numbers_of_keras(twins, data, rng):
    x, y = data
    ours, theirs = twins(regression, "adam", "mse", metrics=["mae"])
    weights = rng.uniform(0, 2, N)
    close = dict(rtol=1e-9, atol=1e-12)
    for options in ({}, {"sample_weight": weights}):
        for batch_size in (BATCH, N, None):
            mine = ours.evaluate(x, y, batch_size=batch_size, verbose=0, **options)
            other = theirs.evaluate(x, y, batch_size=batch_size, verbose=0, **options)
            np.testing.assert_allclose(mine, other, **close)
        np.testing.assert_allclose(ours.test_on_batch(x, y, **options), theirs.test_on_batch(x, y, **options), **close)
        for _ in range(3):
            mine, other = ours.train_on_batch(x, y, **options), theirs.train_on_batch(x, y, **options)
            np.testing.assert_allclose(mine, other, **close)
    np.testing.assert_allclose(ours.predict(x, batch_size=BATCH, verbose=0), theirs.predict(x, verbose=0), **close)
    np.testing.assert_allclose(ours.predict_on_batch(x), theirs.predict_on_batch(x), **close)


def test_results_come_as_a_number_a_list_or_a_dict(data):
    x, y = data
    model = regression(minirnn)
    model.compile("adam", "mse")
    assert isinstance(model.evaluate(x, y, verbose=0), float)
    assert isinstance(model.train_on_batch(x, y), float)
    assert isinstance(model.test_on_batch(x, y), float)
    model.compile("adam", "mse", metrics=["mae"])
    for call in (model.train_on_batch, model.test_on_batch):
        assert len(call(x, y)) == 2
        assert set(call(x, y, return_dict=True)) == {"loss", "mae"}
    assert len(model.evaluate(x, y, verbose=0)) == 2
    assert set(model.evaluate(x, y, verbose=0, return_dict=True)) == {"loss", "mae"}


def test_evaluating_and_predicting_change_nothing(data):
    x, y = data
    model = regression(minirnn)
    model.compile("adam", "mse")
    before = model.get_weights()
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    model.test_on_batch(x, y)
    model.compute_gradients(x, y)
    assert model.optimizer.iterations == 0
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(now, was)


def trained(seed, data, **arguments):
    minirnn.utils.set_random_seed(seed)
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(4), layers.Dropout(0.3), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(*data, batch_size=BATCH, epochs=3, verbose=0, **arguments).history
    return history, model.get_weights()


def test_one_seed_gives_the_same_bits_and_another_seed_others(data):
    history, weights = trained(3, data, validation_split=0.2)
    again, weights_again = trained(3, data, validation_split=0.2)
    assert history == again
    for was, now in zip(weights, weights_again, strict=True):
        np.testing.assert_array_equal(now, was)
    other, _ = trained(4, data, validation_split=0.2)
    assert other["loss"] != history["loss"]


def test_shuffling_changes_the_order_and_nothing_else(data):
    def losses_of(shuffle, batch_size):
        minirnn.utils.set_random_seed(1)
        model = regression(minirnn)
        model.compile(optimizers.SGD(0.1), "mse")
        return model.fit(*data, batch_size=batch_size, epochs=3, shuffle=shuffle, verbose=0).history["loss"]

    assert losses_of(True, BATCH) != losses_of(False, BATCH)
    np.testing.assert_allclose(losses_of(True, N), losses_of(False, N), rtol=1e-5)


def test_the_history_lists_every_epoch_and_initial_epoch_goes_on_from_there(data):
    model = regression(minirnn)
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(*data, epochs=3, verbose=0)
    assert history is model.history
    assert history.epoch == [0, 1, 2]
    assert list(history.history) == ["loss", "mae"] or set(history.history) == {"loss", "mae"}
    assert all(len(values) == 3 and all(type(v) is float for v in values) for values in history.history.values())
    later = model.fit(*data, epochs=5, initial_epoch=3, verbose=0)
    assert later.epoch == [3, 4] and len(later.history["loss"]) == 2


def test_the_loss_of_an_epoch_is_the_mean_over_rows_not_over_batches(data):
    x, y = data
    model = regression(minirnn)
    model.compile(optimizers.SGD(1e-30), "mse")
    p = model.predict(x, verbose=0)
    loss = model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0).history["loss"][0]
    np.testing.assert_allclose(loss, np.mean((p - y) ** 2), rtol=1e-5)


def test_training_goes_on_where_it_stopped(data):
    whole, halves = (regression(minirnn) for _ in range(2))
    halves.set_weights(whole.get_weights())
    for model in (whole, halves):
        model.compile("adam", "mse")
    expected = whole.fit(*data, epochs=4, shuffle=False, verbose=0).history["loss"]
    first = halves.fit(*data, epochs=2, shuffle=False, verbose=0).history["loss"]
    assert first + halves.fit(*data, epochs=2, shuffle=False, verbose=0).history["loss"] == expected


def test_compile_again_begins_anew_with_the_weights_as_they_are(data):
    model = regression(minirnn)
    model.compile("adam", "mse")
    model.fit(*data, epochs=2, verbose=0)
    weights = model.get_weights()
    model.compile("adam", "mae")
    assert model.optimizer.iterations == 0
    for was, now in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(now, was)
    model.fit(*data, epochs=1, verbose=0)


def test_a_model_of_layers_of_two_dtypes_trains(data):
    model = minirnn.Sequential(
        [minirnn.Input((T, F)), layers.LSTM(4, dtype="float64"), layers.Dense(1, dtype="float32")]
    )
    model.compile(optimizers.Adam(0.01), "mse")
    history = model.fit(*data, epochs=10, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert model.predict(data[0], verbose=0).dtype == np.float32


def test_gradients_of_a_model_are_those_of_keras(twins, data):
    x, y = data
    ours, theirs = twins(regression, "adam", "mse")
    loss, gradients, dx = ours.compute_gradients(x, y)
    expected_loss, expected, expected_dx = keras_side.model_gradients(theirs, x, y)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    for gradient, other in zip([*gradients, dx], [*expected, expected_dx], strict=True):
        np.testing.assert_allclose(gradient, other, rtol=1e-9, atol=1e-12)
