"""Methods of models that Keras has dropped, against what they stand for."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.utils import PyDataset

X = np.random.default_rng(8).standard_normal((20, 4, 2))
Y = X[:, :, :1].sum(axis=1)


def network(outputs=1):
    minirnn.utils.set_random_seed(2)
    model = minirnn.Sequential([layers.GRU(3, input_shape=(4, 2)), layers.Dense(outputs, "sigmoid")])
    model.compile("adam", "mse", metrics=["mae"])
    return model


class Batches(PyDataset):
    """5 batches of 4 rows."""

    keeps_order = True

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


def endless(made=None, size=4):
    while True:
        for start in range(0, 20, size):
            if made is not None:
                made.append(size)
            yield X[start : start + size], Y[start : start + size]


def test_classes_are_the_largest_output_or_what_lies_above_one_half(older):
    single, several = network(), network(3)
    with older() as warned:
        above, largest = single.predict_classes(X), several.predict_classes(X, batch_size=7)
        same = several.predict_proba(X)
    np.testing.assert_array_equal(above, (single.predict(X, verbose=0) > 0.5).astype(int))
    np.testing.assert_array_equal(largest, several.predict(X, verbose=0).argmax(axis=1))
    np.testing.assert_array_equal(same, several.predict(X, verbose=0))
    assert above.shape == (20, 1) and above.dtype == np.int32 and largest.shape == (20,)
    assert [old for old, _ in warned()] == ["model.predict_classes(x)", "model.predict_proba(x)"]


def test_classes_of_several_outputs_are_refused(older):
    x = minirnn.Input((4, 2))
    h = layers.GRU(3)(x)
    model = minirnn.models.Model(x, [layers.Dense(1)(h), layers.Dense(2)(h)])
    with older(), pytest.raises(ValueError, match="predict_classes needs a model with one output, .* has 2"):
        model.predict_classes(X)


def test_fit_generator_with_the_arguments_of_keras_2_is_fit(older):
    expected = network().fit(
        endless(), steps_per_epoch=3, epochs=2, validation_data=endless(), validation_steps=2, verbose=0
    )
    by_name, by_place = network(), network()
    with older():
        history = by_name.fit_generator(
            endless(), steps_per_epoch=3, epochs=2, validation_data=endless(), validation_steps=2, verbose=0, workers=1
        )
        placed = by_place.fit_generator(endless(), 3, 2, 0, None, endless(), 2)
    assert history.history == placed.history == expected.history
    assert {"loss", "mae", "val_loss", "val_mae"} == set(history.history)


def test_fit_generator_of_keras_1_counts_rows(older):
    expected = network().fit(endless(), steps_per_epoch=3, epochs=2, validation_data=(X, Y), verbose=0)
    made = []
    with older() as warned:
        history = network().fit_generator(
            endless(made), samples_per_epoch=11, nb_epoch=2, validation_data=(X, Y), nb_val_samples=9, verbose=0
        )
        placed = network().fit_generator(endless(), 11, nb_epoch=2, validation_data=(X, Y), verbose=0)
        indexed = network().fit_generator(Batches(), samples_per_epoch=20, nb_epoch=1, verbose=0, shuffle=False)
    assert history.history == placed.history == expected.history
    assert len(made) == 6 and len(indexed.history["loss"]) == 1
    assert [old for old, _ in warned()] == ["model.fit_generator(generator)", "nb_epoch=", "samples_per_epoch="]


def test_steps_and_rows_together_are_refused(older):
    with older():
        with pytest.raises(TypeError, match="got both samples_per_epoch= and steps_per_epoch="):
            network().fit_generator(endless(), steps_per_epoch=3, samples_per_epoch=12)
        with pytest.raises(TypeError, match="fit_generator got steps_per_epoch twice"):
            network().fit_generator(endless(), 3, steps_per_epoch=3)
        with pytest.raises(TypeError, match="evaluate_generator takes 1 arguments by position after the generator"):
            network().evaluate_generator(endless(), 3, 4)
        with pytest.raises(TypeError, match="samples_per_epoch must be a whole number of at least 1, got 2.5"):
            network().fit_generator(endless(), samples_per_epoch=2.5)


def test_newer_names_beside_nb_epoch_count_batches(older):
    made = []
    with older():
        network().fit_generator(endless(made), steps_per_epoch=3, nb_epoch=2, verbose=0)
    assert len(made) == 6


def test_evaluate_generator_and_predict_generator_are_evaluate_and_predict(older, capsys):
    model = network()
    with older() as warned:
        assert model.evaluate_generator(endless(), 5) == model.evaluate(X, Y, batch_size=4, verbose=0)
        assert model.evaluate_generator(endless(), val_samples=19) == model.evaluate_generator(Batches())
        predicted = model.predict_generator(endless(), steps=5, workers=1, pickle_safe=False)
        np.testing.assert_array_equal(predicted, model.predict(X, batch_size=4, verbose=0))
        assert model.predict_generator(Batches()).shape == (20, 1)
    assert len(warned()) == 5 and capsys.readouterr().out == ""


def test_states_of_a_model_are_reset_without_a_warning(older):
    model = minirnn.Sequential([minirnn.Input(batch_shape=(2, 4, 2)), layers.GRU(3, stateful=True)])
    with older() as warned:
        first = model.predict(X[:2], verbose=0)
        second = model.predict(X[:2], verbose=0)
        model.reset_states()
        third = model.predict(X[:2], verbose=0)
    assert not np.array_equal(first, second) and np.array_equal(first, third) and warned() == []


@pytest.mark.parametrize("name", ["acc", "accuracy"])
def test_history_keys_follow_the_spelling_of_the_metric(name):
    model = network()
    model.compile("adam", "binary_crossentropy", metrics=[name])
    y = (Y > 0).astype(float)
    assert set(model.fit(X, y, verbose=0, validation_split=0.25).history) == {"loss", "val_loss", name, f"val_{name}"}
