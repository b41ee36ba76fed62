"""Batches from generators, datasets and other iterables, and epochs of a given number of steps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import minirnn
from minirnn import utils

N, T, F, BATCH = 12, 3, 2, 4


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    return rng.normal(size=(N, T, F)), rng.normal(size=(N, 1))


def regression(library):
    layers = library.layers
    return library.Sequential([layers.Input((T, F)), layers.GRU(3), layers.Dense(1)])


def batches(x, y, *more, forever=False):
    for start in itertools.cycle(range(0, N, BATCH)) if forever else range(0, N, BATCH):
        rows = slice(start, start + BATCH)
        yield tuple(part[rows] for part in (x, y, *more))


def dataset(library, x, y, **options):
    class Batches(library.utils.PyDataset):
        told: list[str] = []

        def __len__(self):
            return N // BATCH

        def __getitem__(self, index):
            rows = slice(index * BATCH, (index + 1) * BATCH)
            return x[rows], y[rows]

        def on_epoch_begin(self):
            self.told.append("begin")

        def on_epoch_end(self):
            self.told.append("end")

    return Batches(**options)


def close(ours, theirs):
    assert list(ours) == list(theirs)
    for key in ours:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.filterwarnings("ignore:.shuffle=True. was passed")  # Keras, of its own default
def test_a_generator_trains_as_in_keras(twins, data):
    models = twins(regression, "sgd", "mse", metrics=["mae"])
    x, y = data
    weights = np.linspace(0.5, 2, N)
    options = {"epochs": 3, "steps_per_epoch": 3, "verbose": 0, "validation_data": (x, y), "validation_batch_size": 5}
    close(*[m.fit(batches(x, y, weights, forever=True), **options).history for m in models])
    evaluated = [m.evaluate(batches(x, y), steps=3, verbose=0) for m in models]
    np.testing.assert_allclose(*evaluated, rtol=1e-9)
    predicted = [m.predict(((batch,) for batch, _ in batches(x, y)), steps=3, verbose=0) for m in models]
    np.testing.assert_allclose(*predicted, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(predicted[0], models[0].predict(x, batch_size=BATCH, verbose=0))


def test_a_dataset_trains_as_in_keras(keras, twins, data):
    models = twins(regression, "adam", "mse")
    sets = dataset(minirnn, *data), dataset(keras, *data)
    histories = [
        m.fit(d, epochs=3, shuffle=False, verbose=0, validation_data=data).history
        for m, d in zip(models, sets, strict=True)
    ]
    close(*histories)
    np.testing.assert_allclose(*[m.evaluate(d, verbose=0) for m, d in zip(models, sets, strict=True)], rtol=1e-9)
    np.testing.assert_allclose(*[m.predict(d, verbose=0) for m, d in zip(models, sets, strict=True)], rtol=1e-9)


def test_a_dataset_is_told_of_its_epochs_and_shuffled_by_its_batches(data):
    x, y = data
    seen = []

    class Watching(utils.PyDataset):
        def __len__(self):
            return N // BATCH

        def __getitem__(self, index):
            seen.append(index)
            return x[:BATCH] * index, y[:BATCH]

    model = regression(minirnn)
    model.compile("sgd", "mse")
    told = dataset(minirnn, x, y)
    model.fit(told, epochs=2, verbose=0)
    assert told.told == ["begin", "end"] * 2
    model.fit(Watching(), epochs=20, verbose=0)
    epochs = [seen[1 + 3 * k : 4 + 3 * k] for k in range(20)]  # the first one was looked at before
    assert all(sorted(epoch) == [0, 1, 2] for epoch in epochs) and len({tuple(epoch) for epoch in epochs}) > 2


@pytest.mark.filterwarnings("ignore:.shuffle=True. was passed")  # Keras, of its own default
def test_a_timeseries_dataset_keeps_its_order(keras, twins):
    series = np.sin(np.arange(60) / 4)[:, None]
    models = twins(
        lambda library: library.Sequential(
            [library.layers.Input((5, 1)), library.layers.LSTM(3), library.layers.Dense(1)]
        ),
        "sgd", "mse",
    )  # fmt: skip
    sets = [m.utils.timeseries_dataset_from_array(series, series[5:], 5, batch_size=16) for m in (minirnn, keras)]
    close(*[m.fit(d, epochs=2, verbose=0).history for m, d in zip(models, sets, strict=True)])


def test_steps_per_epoch_of_arrays_go_on_where_they_stopped(twins, data):
    models = twins(regression, "sgd", "mse")
    options = {"batch_size": 2, "steps_per_epoch": 2, "epochs": 5, "shuffle": False, "verbose": 0}
    close(*[m.fit(*data, **options).history for m in models])


def test_without_batch_size_the_steps_divide_the_rows(data):
    model = regression(minirnn)
    model.compile("sgd", "mse")
    model.fit(*data, steps_per_epoch=3, epochs=2, verbose=0)
    assert model.optimizer.iterations == 6


def test_a_list_of_batches_is_a_stream_once_it_is_an_iterator(data):
    model = regression(minirnn)
    model.compile("sgd", "mse")
    model.fit(iter(list(batches(*data))), verbose=0)
    assert model.optimizer.iterations == 3


def test_an_unbuilt_model_is_built_for_the_first_batch(data):
    model = minirnn.Sequential([minirnn.layers.LSTM(3), minirnn.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(batches(*data), verbose=0)
    assert model.built and model.optimizer.iterations == 3 and set(history.history) == {"loss", "mae"}


def test_a_generator_that_ends_early_warns_and_one_that_has_ended_is_an_error(data):
    model = regression(minirnn)
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="ended after 3 of 5 steps"):
        model.fit(batches(*data), steps_per_epoch=5, verbose=0)
    with pytest.raises(ValueError, match="a generator is read once"):
        model.fit(batches(*data), epochs=2, verbose=0)


REFUSED = {
    "y beside it": ({"y": np.zeros((N, 1))}, "y must be left out when x is a generator"),
    "weights beside it": ({"sample_weight": np.ones(N)}, "sample_weight must be left out"),
    "batch_size beside it": ({"batch_size": 3}, "batch_size must be left out"),
    "a split of it": ({"validation_split": 0.5}, "validation_split needs arrays"),
    "steps 0": ({"steps_per_epoch": 0}, "steps_per_epoch must be at least 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_arguments_that_do_not_go_with_a_stream_are_refused(data, case):
    options, words = REFUSED[case]
    model = regression(minirnn)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=words):
        model.fit(batches(*data), **options, verbose=0)


def test_a_bad_batch_stops_before_its_step(data):
    x, y = data
    model = regression(minirnn)
    model.compile("sgd", "mse")
    stream = iter([(x[:4], y[:4]), (x[:4], y[:4]), (np.full((4, T, F), np.nan), y[:4])])
    with pytest.raises(ValueError, match="got nan"):
        model.fit(stream, verbose=0)
    assert model.optimizer.iterations == 2 and all(np.isfinite(w).all() for w in model.get_weights())
    for stream, words in (
        (iter([]), "without any batch"),
        (iter([(x, y, y, y)]), "got 4 parts"),
        (iter([(x, y[:3])]), "equally long"),
    ):
        with pytest.raises(ValueError, match=words):
            model.fit(stream, verbose=0)
    assert np.isfinite(model.predict(x, verbose=0)).all()


def test_validation_steps_take_the_same_batches_every_epoch_as_in_keras(twins, data):
    x, y = data
    ours, theirs = twins(regression, "sgd", "mse")
    options = {"epochs": 3, "verbose": 0, "shuffle": False, "batch_size": BATCH, "validation_steps": 1}
    for held_out in (lambda _: (x, y), lambda library: dataset(library, x, y)):
        mine = ours.fit(x, y, validation_data=held_out(minirnn), **options)
        other = theirs.fit(x, y, validation_data=held_out(twins.keras), **options)
        close(mine.history, other.history)


def test_validation_steps_that_do_not_divide_the_rows_do_not_warn(data):
    model = regression(minirnn)
    model.compile("sgd", "mse")
    model.fit(*data, epochs=3, validation_data=data, validation_steps=2, verbose=0)


def test_data_that_ends_too_soon_warns_at_the_callers_line(data):
    model = regression(minirnn)
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="ended after 3 of 5 steps") as caught:
        model.fit(batches(*data), steps_per_epoch=5, verbose=0)
    assert {warning.filename for warning in caught} == {__file__}


def test_batches_may_be_lists_unless_a_generator_gives_them(data):
    class Loader:
        def __iter__(self):
            return map(list, batches(*data))

    model, twin = regression(minirnn), regression(minirnn)
    twin.set_weights(model.get_weights())
    for one in (model, twin):
        one.compile("sgd", "mse")
    mine = model.fit(Loader(), epochs=2, verbose=0)
    assert mine.history == twin.fit(*data, batch_size=BATCH, shuffle=False, epochs=2, verbose=0).history
    np.testing.assert_array_equal(model.predict(Loader(), verbose=0), twin.predict(data[0], verbose=0))
