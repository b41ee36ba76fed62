"""`save_weights` and `load_weights`: all or nothing, and what is said."""

from __future__ import annotations

import re

import numpy as np
import pytest

import minirnn
from minirnn import layers, saving
from minirnn.files import weights_file
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5
from minirnn.layers.weight import Weight

X = np.random.default_rng(0).normal(size=(6, 4, 2)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]


def make(units=3, dtype="float32"):
    chain = [layers.LSTM(units, dtype=dtype), layers.Dense(2, dtype=dtype), layers.Dense(1, dtype=dtype)]
    model = minirnn.Sequential([layers.Input((4, 2), dtype=dtype), *chain])
    model.compile("adam", "mse")
    return model


@pytest.fixture
def trained():
    model = make()
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def everything(model):
    return [*model.get_weights(), *(v.numpy() for v in model.optimizer.variables)]


def same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_and_what_the_optimizer_keeps_come_back(trained, tmp_path):
    trained.save_weights(tmp_path / "w.weights.h5")
    before = everything(trained)
    trained.fit(X, Y, epochs=1, verbose=0)
    trained.load_weights(tmp_path / "w.weights.h5")
    same(everything(trained), before)


def test_a_model_that_was_not_trained_takes_the_weights_alone(trained, tmp_path):
    trained.save_weights(tmp_path / "w.weights.h5")
    fresh = make()
    fresh.load_weights(tmp_path / "w.weights.h5")
    same(fresh.get_weights(), trained.get_weights())
    assert fresh.optimizer.iterations == 0


def test_rows_that_wait_for_their_updates_are_saved_with_them(tmp_path):
    model = minirnn.Sequential(
        [layers.Input((4,), dtype="int32"), layers.Embedding(3000, 32), layers.SimpleRNN(2), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    ids = np.random.default_rng(0).integers(0, 50, (8, 4))
    model.fit(ids, np.ones((8, 1)), epochs=4, batch_size=2, verbose=0)
    model.save(tmp_path / "m.keras")
    again = saving.load_model(tmp_path / "m.keras")
    same(everything(again), everything(model))
    for each in (model, again):
        minirnn.utils.set_random_seed(1)
        each.fit(ids, np.ones((8, 1)), epochs=1, verbose=0)
    same(everything(again), everything(model))


@pytest.mark.parametrize("broken", ["layers/dense_1/vars/1", "optimizer/vars/9", "layers/lstm/cell/vars/0"])
def test_a_failed_load_leaves_the_model_bit_identical(trained, tmp_path, broken):
    path = tmp_path / "w.weights.h5"
    trained.save_weights(path)
    reader = Hdf5Reader(path.read_bytes())
    arrays = {}
    for number, weights in enumerate([*_paths(reader, "")]):
        arrays[weights] = reader.array(weights, None, ("float32", "int64")) + (number and 1)
    arrays[broken] = arrays[broken].copy()
    arrays[broken].flat[0] = np.nan
    path.write_bytes(write_hdf5(arrays))
    before, changes = everything(trained), (Weight.changes, Weight.moves)
    with pytest.raises(saving.ModelFileError, match=f"{broken}: found numbers from nan to nan, expected finite"):
        trained.load_weights(path)
    same(everything(trained), before)
    assert changes == (Weight.changes, Weight.moves)


def _paths(reader, path):
    for name in reader.group(path) or ():
        inner = f"{path}/{name}" if path else name
        try:
            if reader.describe(inner):
                yield inner
        except saving.ModelFileError:
            if inner != "minirnn":
                yield from _paths(reader, inner)


def test_layers_that_do_not_fit_may_be_left_out(trained, tmp_path):
    trained.save_weights(tmp_path / "w.weights.h5")
    wider = make(units=4)
    before = wider.get_weights()
    with pytest.raises(saving.ModelFileError, match=re.escape("found shape (2, 12), expected shape (2, 16)")):
        wider.load_weights(tmp_path / "w.weights.h5")
    same(wider.get_weights(), before)
    with pytest.warns(UserWarning, match=r"skip_mismatch=True: layers/lstm/cell: found shape"):
        wider.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    same(wider.get_weights()[:4], before[:4])  # the first Dense has another number of features, too
    same(wider.get_weights()[5:], trained.get_weights()[5:])


def test_weights_of_another_dtype_are_refused(trained, tmp_path):
    trained.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(saving.ModelFileError, match="found dtype float32, expected float64"):
        make(dtype="float64").load_weights(tmp_path / "w.weights.h5")


def test_changed_weights_are_told_by_the_digest(trained, tmp_path):
    path = tmp_path / "w.weights.h5"
    trained.save_weights(path)
    data = bytearray(path.read_bytes())
    place = data.index(trained.get_weights()[0].tobytes())
    data[place : place + 4] = np.float32(0.5).tobytes()
    path.write_bytes(data)
    with pytest.raises(saving.ModelFileError, match="do not give the digest"):
        trained.load_weights(path)


def test_changed_weights_with_a_right_digest_are_told_by_the_test_vector(trained, tmp_path):
    path = tmp_path / "m.keras"
    trained.save(path)
    assert str(saving.verify(path)) == "digest verified, test vector verified"
    plan = weights_file.weights_bytes(trained, True)
    vector = Hdf5Reader(bytes(plan)).array("minirnn/test_vector/0", None, ("float32",))
    assert 0 < vector.size <= 64 and np.isfinite(vector).all()


def test_stateful_layers_keep_their_states_through_saving(tmp_path):
    model = minirnn.Sequential([layers.Input(batch_shape=(2, 3, 1)), layers.GRU(2, stateful=True)])
    x = np.ones((2, 3, 1), "float32")
    model.predict_on_batch(x)
    before = [state.copy() for state in model.layers[0].states]
    model.save(tmp_path / "m.keras")
    same(model.layers[0].states, before)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda m, f: m.save(f / "m.hdf"), "ends in '.keras' or '.h5' or '.hdf5', got"),
        (lambda m, f: m.save(f / "m"), "ends in '.keras' or '.h5' or '.hdf5', got"),
        (lambda m, f: saving.save_model(m, f / "m.weights.h5"), "a whole model is saved to"),
        (lambda m, f: m.save_weights(f / "m.h5"), "ends in '.weights.h5', got"),
        (lambda m, f: m.load_weights(f / "none.weights.h5"), "no such file"),
        (lambda m, f: saving.load_model(f), "expected a regular file"),
        (lambda m, f: saving.load_model("a\0b.keras"), "null"),
        (lambda m, f: m.load_weights(f / "x.weights.h5", by_name=True), "no such file"),
    ],
)
def test_bad_paths_are_told_in_one_line(trained, tmp_path, call, message):
    with pytest.raises(ValueError, match=message) as error:
        call(trained, tmp_path)
    assert "\n" not in str(error.value)


def test_an_existing_file_is_replaced_only_if_it_may_be(trained, tmp_path):
    path = tmp_path / "m.keras"
    trained.save(path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        trained.save(path, overwrite=False)
    trained.save(path)


def test_a_file_above_the_cap_is_not_read(trained, tmp_path):
    trained.save(tmp_path / "m.keras")
    with pytest.raises(saving.ModelFileError, match="at most 1,000; a larger max_bytes allows more"):
        saving.load_model(tmp_path / "m.keras", max_bytes=1000)


def test_a_lambda_is_neither_written_nor_read(tmp_path):
    model = minirnn.Sequential([layers.Input((2,)), layers.Lambda(lambda x: x)])
    with pytest.raises(NotImplementedError, match="no configuration"):
        model.save(tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []
