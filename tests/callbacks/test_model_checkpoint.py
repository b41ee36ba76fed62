"""ModelCheckpoint: which files a run leaves, and what is in them."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import callbacks, layers, models

X = np.random.default_rng(0).normal(size=(12, 4, 2)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]


@pytest.fixture
def model():
    minirnn.utils.set_random_seed(0)
    model = minirnn.Sequential([layers.Input((4, 2)), layers.SimpleRNN(3), layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def fit(model, *watched, **options):
    return model.fit(X, Y, batch_size=4, verbose=0, callbacks=list(watched), **{"epochs": 3, **options})


def test_a_file_for_each_epoch_under_the_name_that_the_logs_give(model, tmp_path):
    history = fit(model, callbacks.ModelCheckpoint(tmp_path / "new" / "{epoch:02d}-{loss:.4f}.keras")).history
    names = [f"{epoch:02d}-{loss:.4f}.keras" for epoch, loss in enumerate(history["loss"], 1)]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(names)
    again = models.load_model(tmp_path / "new" / names[-1])
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.optimizer.iterations == 9


def test_only_the_best_is_kept(model, tmp_path, capsys):
    path = tmp_path / "best.weights.h5"
    best = callbacks.ModelCheckpoint(path, "loss", 1, save_best_only=True, save_weights_only=True, mode="max")
    history = fit(model, best).history["loss"]  # it falls: the first is the highest
    assert history[0] == max(history) == best.best
    printed = capsys.readouterr().out
    assert printed.count("improved from None") == 1 and printed.count("did not improve") == 2
    before = model.get_weights()
    model.load_weights(path)
    assert model.optimizer.iterations == 3
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_threshold_is_to_be_beaten(model, tmp_path):
    never = callbacks.ModelCheckpoint(tmp_path / "m.keras", "loss", save_best_only=True, initial_value_threshold=-1.0)
    fit(model, never)
    assert list(tmp_path.iterdir()) == []


def test_every_so_many_batches(model, tmp_path):
    fit(model, callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=2))
    assert sorted(path.name[:3] for path in tmp_path.iterdir()) == ["1-2", "2-1", "2-3", "3-2"]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"filepath": "m.h5"}, "ends in '.keras'"),
        ({"filepath": "m.keras", "save_weights_only": True}, "ends in '.weights.h5'"),
        ({"filepath": "m.keras", "mode": "mn"}, "did you mean 'min'"),
        ({"filepath": "m.keras", "save_freq": 0}, "a number of batches"),
        ({"filepath": "m.keras", "save_freq": 1.5}, "a whole number"),
    ],
)
def test_bad_arguments_are_refused_when_it_is_made(options, message):
    with pytest.raises(ValueError, match=message):
        callbacks.ModelCheckpoint(**options)


def test_a_value_that_no_epoch_has_is_refused_before_the_first(model, tmp_path):
    with pytest.raises(ValueError, match="monitors 'val_loss'"):
        fit(model, callbacks.ModelCheckpoint(tmp_path / "m.keras", save_best_only=True))
    with pytest.raises(ValueError, match="names 'acc'"):
        fit(model, callbacks.ModelCheckpoint(tmp_path / "{acc}.keras"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, of its variables
def test_the_files_of_a_run_are_those_of_keras(keras, tmp_path):
    left = []
    for library in (minirnn, keras):
        folder = tmp_path / library.__name__
        chain = [library.layers.SimpleRNN(3), library.layers.Dense(1)]
        model = library.Sequential([library.layers.Input((4, 2)), *chain])
        model.compile("sgd", "mse")
        kinds = library.callbacks.ModelCheckpoint
        fit(
            model,
            kinds(str(folder / "{epoch}.keras")),
            kinds(str(folder / "{epoch}-{batch}.weights.h5"), save_weights_only=True, save_freq=4),
            kinds(str(folder / "b-{epoch}.keras"), "loss", save_best_only=True, mode="max"),
        )
        left.append(sorted(path.name for path in folder.iterdir()))
    assert left[0] == left[1]
