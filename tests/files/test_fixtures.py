"""Files that older Keras versions wrote: each loads, predicts what that Keras predicted, and trains on as it did."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from legacy_cases import FOLDER, case, cases

import minirnn
from minirnn import layers, saving
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.legacy_weights import LegacyWeights
from reference.tolerances import TOLERANCES

ALLOWED = TOLERANCES["float32"]["outputs"].allowed
ALL = list(cases())
WHOLE = [found for found in ALL if found.name != "weights_only"]


def loaded(found, folder):
    """The model of a case, which tells of a hard sigmoid if it has one, and of nothing else."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = saving.load_model(found.write(folder))
    assert ["hard_sigmoid of Keras 1 and 2" in str(each.message) for each in said] == [True] * found.is_hard
    return model


def batch(arrays):
    return arrays if len(arrays) > 1 else arrays[0]


def test_there_are_files_of_keras_1_to_3():
    assert {found.version for found in ALL} == {
        "1.2.2", "2.2.4", "2.4.0", "2.11.0", "2.15.0", "3.0.5", "3.3.3", "3.6.0"
    }  # fmt: skip
    assert {found.name for found in ALL if found.version == "2.2.4"} == {
        "lstm", "gru", "bidirectional", "masked", "states", "stateful", "hard", "cudnn", "weights_only"
    }  # fmt: skip
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 600_000


@pytest.mark.parametrize("found", WHOLE, ids=repr)
def test_every_file_predicts_what_its_keras_predicted(found, tmp_path):
    model = loaded(found, tmp_path)
    assert found.away(model.predict_on_batch(batch(found.arrays("x")))) <= ALLOWED


# TensorFlow 1 let Keras 2.2 read weights and the count of steps after it had changed them: no one repeats its steps.
TRAINED = [found for found in WHOLE if found.arrays("z") and not found.is_hard and found.version != "2.2.4"]


@pytest.mark.parametrize("found", TRAINED, ids=repr)
def test_training_goes_on_with_what_the_optimizer_kept(found, tmp_path):
    model = loaded(found, tmp_path)
    assert model.optimizer.iterations == 2
    model.train_on_batch(found.arrays("x")[0], found.arrays("t")[0])
    assert found.away(model.predict_on_batch(found.arrays("x")[0]), "z") <= 2 * ALLOWED
    fresh = saving.load_model(tmp_path / found.member, compile=False)
    fresh.compile(type(model.optimizer).from_config(model.optimizer.get_config()), model.loss)
    fresh.train_on_batch(found.arrays("x")[0], found.arrays("t")[0])
    assert found.away(fresh.predict_on_batch(found.arrays("x")[0]), "z") > 20 * ALLOWED


def test_slots_that_lie_one_kind_after_the_other_find_their_weights(tmp_path):
    found = case("2.2.4/lstm.h5")
    arrays = list(LegacyWeights(Hdf5Reader(found.data)).arrays("optimizer_weights"))
    model = loaded(found, tmp_path)
    steps, rate, *slots = model.optimizer.variables
    assert int(steps.numpy()) == int(arrays[0]) == 2
    assert len(slots) == 2 * len(model.weights) == 16
    for number in range(8):
        np.testing.assert_array_equal(slots[2 * number].numpy(), arrays[1 + number])
        np.testing.assert_array_equal(slots[2 * number + 1].numpy(), arrays[9 + number])
    assert np.abs(arrays[1]).max() > 0


@pytest.mark.parametrize("found", [each for each in ALL if each.name == "weights_only"], ids=repr)
def test_files_of_weights_alone_fill_a_model_of_ones_own(found, tmp_path):
    if found.major == 1:
        chain = [
            layers.LSTM(3, return_sequences=True, recurrent_activation="hard_sigmoid"),
            layers.LSTM(4, return_sequences=True),
            layers.GRU(3, return_sequences=True, reset_after=False, recurrent_activation="hard_sigmoid"),
            layers.SimpleRNN(2, return_sequences=True),
            layers.TimeDistributed(layers.Dense(3, activation="tanh")),
            layers.Flatten(),
            layers.Dense(1),
        ]
    else:
        chain = [layers.LSTM(3, return_sequences=True), layers.LSTM(2), layers.Dense(1)]
    model = minirnn.Sequential([layers.Input((4, 3)), *chain])
    path = found.write(tmp_path)
    if found.is_hard:
        with pytest.warns(UserWarning, match=r"times 1\.2 in lstm.*, gru"):
            model.load_weights(path)
    else:
        model.load_weights(path)
    assert found.away(model.predict_on_batch(found.arrays("x")[0])) <= ALLOWED


def test_a_stateful_model_keeps_its_batch_and_its_states(tmp_path):
    for found in WHOLE:
        if found.name == "stateful" and not found.is_hard:
            model = loaded(found, tmp_path)
            assert model.input_shape == (2, 4)
            first, second = (model.predict_on_batch(found.arrays("x")[0]) for _ in range(2))
            assert np.abs(first - second).max() > 1e-3
