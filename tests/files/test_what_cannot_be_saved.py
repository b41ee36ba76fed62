"""No file is written that would not load again: models that have learnt NaN, optimizers and outputs that overflow."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minirnn
from minirnn import layers, models

ENDINGS = ("m.keras", "m.h5", "m.weights.h5")


def save(model, path):
    (model.save_weights if ".weights." in path.name else model.save)(path)


def trained(value):
    minirnn.utils.set_random_seed(2)
    model = minirnn.Sequential([minirnn.Input((3,)), layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.full((4, 2), value), verbose=0)
    return model


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_not_saved_over_a_good_file(tmp_path, name, value):
    model, path = trained(1.0), tmp_path / name
    save(model, path)
    before = path.read_bytes()
    model.layers[0]._kernel.packed[...] = value
    with pytest.raises(ValueError, match="dense.*/kernel holds NaN or infinity") as error:
        save(model, path)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ENDINGS[:2])
def test_an_optimizer_that_has_overflowed_begins_anew(tmp_path, name):
    model, path = trained(1e22), tmp_path / name
    with pytest.warns(UserWarning, match="what the optimizer keeps holds NaN or infinity"):
        model.save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = models.load_model(path)
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(loaded.optimizer.iterations) == 0


@pytest.mark.parametrize("name", ENDINGS[:2])
def test_a_model_whose_outputs_overflow_is_saved_without_a_test_vector(tmp_path, name):
    huge = minirnn.initializers.Constant(1e30)
    model = minirnn.Sequential(
        [minirnn.Input((3,)), layers.Dense(2, kernel_initializer=huge), layers.Dense(2, kernel_initializer=huge)]
    )
    model.save(tmp_path / name)
    loaded = models.load_model(tmp_path / name)
    assert loaded.get_weights()[0].max() == np.float32(1e30)
