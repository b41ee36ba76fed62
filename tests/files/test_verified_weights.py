"""Weights that are loaded are verified: by a digest, by a test vector, and slots by the optimizer that they are of."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from structures import arrays_of

import minirnn
from minirnn import interop, layers, optimizers, saving
from minirnn.files import commit, likeness, optimizer_states, probe, weights_file
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.interop import safetensors

X = np.random.default_rng(0).normal(size=(6, 4, 2)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]


def make(optimizer=None, batch=None, activation="tanh", returns=False):
    model = minirnn.Sequential(
        [
            layers.Input((4, 2), batch_size=batch),
            layers.LSTM(3, stateful=batch is not None, activation=activation, return_sequences=returns),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer or "adam", "mse")
    return model


def trained(optimizer=None):
    model = make(optimizer)
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def everything(model):
    kept = [] if model.optimizer is None else [v.numpy() for v in model.optimizer.variables]
    return [a.tobytes() for a in (*model.get_weights(), *kept)], commit.counters(model.optimizer)


def lying(model, path):
    """A file whose digest is right and whose test vector is that of other weights."""
    arrays = arrays_of(bytes(weights_file.weights_bytes(model, True)))
    del arrays[weights_file.DIGEST]
    arrays["layers/dense/vars/0"] *= 2
    path.write_bytes(weights_file.sealed(arrays))
    return path


# --- the test vector ---


def test_a_test_vector_that_does_not_come_out_leaves_the_model_bit_identical(tmp_path):
    path = lying(trained(), tmp_path / "w.weights.h5")
    other = trained()
    before = everything(other)
    for load in (other.load_weights, lambda path: saving.verify(path, model=other)):
        with pytest.raises(saving.ModelFileError, match="output 0 of the test vector .* away"):
            load(path)
        assert everything(other) == before


def test_names_do_not_matter_to_it_and_what_computes_other_numbers_does(tmp_path):
    path = lying(trained(), tmp_path / "w.weights.h5")
    with pytest.raises(saving.ModelFileError, match="test vector"):
        make().load_weights(path)
    for other in (make(batch=1), make(activation="relu"), make(returns=True)):
        other.load_weights(path)  # meant for something else: the vector says nothing of it
        np.testing.assert_array_equal(other.get_weights()[0], Hdf5Reader(path.read_bytes()).array(
            "layers/lstm/cell/vars/0", None, ("float32",)))  # fmt: skip


def test_what_a_model_computes_is_told_by_everything_but_names_and_what_is_frozen():
    def branched(first, second, merge, **options):
        a, b = layers.Input((4, 2), name=first), layers.Input((4, 2), name=second)
        h = [layers.GRU(2, name=f"{first}_gru", **options)(a), layers.GRU(2, name=f"{second}_gru", **options)(b)]
        return minirnn.Model([a, b], layers.Dense(1)(merge()(h)))

    base = likeness.function_digest(branched("x", "y", layers.Subtract))
    assert base == likeness.function_digest(branched("y", "x", layers.Subtract))
    frozen = branched("p", "q", layers.Subtract)
    frozen.trainable = False
    assert base == likeness.function_digest(frozen)
    others = [
        branched("x", "y", layers.Add),
        branched("x", "y", layers.Subtract, reset_after=False),
        branched("x", "y", layers.Subtract, dtype="float64"),
        minirnn.Model((m := branched("x", "y", layers.Subtract)).inputs[::-1], m.outputs),
    ]
    found = [likeness.function_digest(model) for model in others]
    assert base not in found and len(set(found)) == len(found)
    assert likeness.function_digest(minirnn.Sequential([layers.Input((2,)), layers.Lambda(lambda x: x)])) is None


def test_weights_that_hold_nan_are_put_back_too(tmp_path):
    path, other = lying(trained(), tmp_path / "w.weights.h5"), trained()
    other.layers[0]._kernel.packed[...] = np.nan
    before = everything(other)
    with pytest.raises(saving.ModelFileError, match="test vector"):
        other.load_weights(path)
    assert everything(other) == before


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_verify_says_what_was_verified_of_every_kind(tmp_path, ending):
    model = trained()
    path = tmp_path / f"m{ending}"
    model.save(path)
    before = everything(model)
    assert saving.verify(path, model=model) == (True, True)
    assert everything(model) == before
    assert saving.verify(path) == (True, ending != ".weights.h5")
    assert saving.verify(path, model=make(batch=2)) == (True, False)
    with pytest.raises(ValueError, match="no weights to load into yet"):
        saving.verify(path, model=minirnn.Sequential([layers.LSTM(3)]))
    model.layers[0].trainable = False
    assert saving.verify(path, model=model) == (True, True)


def test_verify_knows_safetensors_and_files_of_others(tmp_path):
    path = tmp_path / "m.safetensors"
    interop.save_safetensors(interop.to_torch(trained()), path)
    assert saving.verify(path) == (True, False)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(saving.ModelFileError, match="do not give the digest"):
        saving.verify(path)
    with pytest.raises(saving.ModelFileError, match="no such file"):
        saving.verify(tmp_path / "none.weights.h5")


def test_safetensors_carry_the_test_vector_of_the_model_that_they_were_saved_with(tmp_path, monkeypatch):
    path, model, wrong = tmp_path / "m.safetensors", trained(), tmp_path / "wrong.safetensors"
    interop.save_safetensors(interop.to_torch(model), path, model=model)
    assert saving.verify(path) == (True, False) and saving.verify(path, model=make()) == (True, True)
    assert saving.verify(path, model=make(returns=True)) == (True, False)  # it computes something else
    with monkeypatch.context() as patched:
        patched.setattr(safetensors.probe, "finite_vector", lambda model: [np.full(3, 0.5, "float32")])
        interop.save_safetensors(interop.to_torch(model), wrong, model=model)
    other = trained()
    before = everything(other)
    for load in (interop.load_torch_weights, lambda model, path: saving.verify(path, model=model)):
        with pytest.raises(saving.ModelFileError, match="test vector"):
            load(other, wrong)
        assert everything(other) == before
    interop.load_torch_weights(other, path)
    assert [w.tobytes() for w in other.get_weights()] == [w.tobytes() for w in model.get_weights()]
    model = minirnn.Sequential([layers.Input((None, 2)), layers.LSTM(3), layers.Dense(1)])
    with monkeypatch.context() as patched:
        patched.setattr(safetensors.probe, "finite_vector", lambda model: [np.full(1, 0.5, "float32")])
        interop.save_safetensors(interop.to_torch(model), wrong, model=model)
    with pytest.raises(saving.ModelFileError, match="test vector"):
        interop.from_torch(wrong, return_sequences=False)
    interop.from_torch(wrong)  # every step: another function
    with monkeypatch.context() as patched:
        patched.setattr(safetensors.probe, "finite_vector", lambda model: [np.array(["x"])])
        interop.save_safetensors(interop.to_torch(model), wrong, model=model)
    with pytest.raises(saving.ModelFileError, match="lists of at most 64 finite numbers"):
        interop.load_torch_weights(model, wrong)


def test_a_test_vector_has_every_array_of_nested_outputs():
    x = layers.Input((4, 2))
    y, lstm, gru = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], return_state=True)(x)
    vector = probe.test_vector(minirnn.Model(x, [y, lstm, gru]))
    assert [kept.size for kept in vector] == [3, 2, 2, 3]


# --- which optimizer the slots are of ---

SAME_NUMBER = [
    ("adam", "adamax", "Adamax: momentum norm"),
    ("nadam", lambda: optimizers.Adam(amsgrad=False, use_ema=False), None),
    (lambda: optimizers.RMSprop(centered=True), lambda: optimizers.RMSprop(momentum=0.5), "RMSprop: velocity momentum"),
    (lambda: optimizers.SGD(momentum=0.9), lambda: optimizers.SGD(use_ema=True), "SGD: average"),
]


def made(optimizer):
    return optimizer() if callable(optimizer) else optimizer


@pytest.mark.parametrize("ours, theirs, said", SAME_NUMBER)
@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_slots_of_another_optimizer_are_left_with_a_warning(tmp_path, ours, theirs, said, ending):
    source, target = trained(made(theirs)), trained(made(ours))
    source.save(tmp_path / f"m{ending}")
    _, counted = everything(target)
    kept = [v.numpy().tobytes() for v in target.optimizer.variables]
    with pytest.warns(UserWarning, match=f"goes on with its own slots: the file has those of {said or 'Adam'}"):
        target.load_weights(tmp_path / f"m{ending}")
    assert [v.numpy().tobytes() for v in target.optimizer.variables] == kept
    assert everything(target)[1] == counted
    for one, other in zip(target.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_slots_of_another_number_are_left_with_a_warning(tmp_path):
    source, target = make("adam"), trained("adam")
    source.save_weights(tmp_path / "w.weights.h5")  # never trained: a count and a learning rate
    with pytest.warns(UserWarning, match="goes on with its own 12 arrays: the file has 2 of an optimizer"):
        target.load_weights(tmp_path / "w.weights.h5")
    assert target.optimizer.iterations == 2


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_slots_in_files_of_keras_are_known_by_what_the_model_was_compiled_with(keras, tmp_path, ending):
    def theirs(optimizer):
        model = keras.Sequential([keras.layers.Input((4, 2)), keras.layers.LSTM(3), keras.layers.Dense(1)])
        model.compile(optimizer, "mse")
        model.run_eagerly = True
        model.fit(X, Y, epochs=1, verbose=0)
        path = tmp_path / f"{optimizer}{ending}"
        (model.save if ending == ".keras" else model.save_weights)(path)
        return path

    same, other = theirs("adam"), theirs("adamax")
    model = trained("adam")
    model.load_weights(same)
    assert model.optimizer.iterations == 1
    model = trained("adam")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.load_weights(other)
    # Weights alone of Keras do not say whose slots are beside them: those of the same shapes are taken, as Keras does.
    assert model.optimizer.iterations == (2 if ending == ".keras" else 1)
    assert [str(each.message) for each in told] == (
        ["adam (Adam: momentum velocity) goes on with its own slots: the file has those of Adamax"]
        if ending == ".keras"
        else []
    )


def test_a_whole_model_whose_slots_are_of_another_optimizer_than_it_says_is_refused(tmp_path):
    model = trained("adam")
    data = bytes(weights_file.weights_bytes(trained("adamax"), True))
    with pytest.raises(saving.ModelFileError, match="optimizer: found what Adamax: momentum norm keeps"):
        optimizer_states.read_optimizer(Hdf5Reader(data), model, "model.weights.h5")
