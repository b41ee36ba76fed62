"""Models in files: graphs, models in models, shared layers, layers of one's own; and what training goes on with."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from round_trip import both_ways, close, outputs

import minirnn
from minirnn import saving
from minirnn.files.layout import stores

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask attached:UserWarning"),
]

rng = np.random.default_rng(0)
IDS = rng.integers(0, 5, (8, 4)).astype("int32")
X = rng.normal(size=(8, 4, 3)).astype("float32")
Y = rng.normal(size=(8, 1)).astype("float32")


def chain(lib):
    L = lib.layers
    return lib.Sequential([L.Input((4, 3)), L.LSTM(3, return_sequences=True), L.GRU(2), L.Dense(1)], name="chain")


def rich(lib):
    """Masks, wrappers, cells, a model within, and a layer that is called twice."""
    L = lib.layers
    x = L.Input((4,), dtype="int32", name="ids")
    h = L.Embedding(5, 3, mask_zero=True)(x)
    h = L.Bidirectional(L.LSTM(2, return_sequences=True), name="both.ways")(h)
    h = L.GRU(3, return_sequences=True)(h)
    h = L.BatchNormalization()(h)
    h = L.TimeDistributed(lib.Sequential([L.Input((3,)), L.Dense(3, activation="relu"), L.PReLU()]))(h)
    h = L.RNN([L.LSTMCell(2), L.GRUCell(3), L.SimpleRNNCell(3)], return_sequences=True)(h)
    h = L.AdditiveAttention()([h, h])
    h = L.GlobalMaxPooling1D()(h)
    twice = L.Dense(3, name="twice")
    return lib.Model(x, L.Dense(1)(twice(twice(h))), name="rich")


def joined(lib):
    """Two inputs, two outputs, states handed on, every way of merging, and a functional model within."""
    L = lib.layers
    a, b = L.Input((4, 3), name="a"), L.Input((4, 3), name="b")
    h, *states = L.LSTM(3, return_sequences=True, return_state=True)(a)
    g = L.LSTM(3, return_sequences=True)(b, initial_state=states)
    merged = [getattr(L, kind)()([h, g]) for kind in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")]
    h = L.Attention(use_scale=True)([L.Concatenate()(merged), L.Concatenate()(merged)])
    i = L.Input((4, 18))
    inner = lib.Model(i, L.Conv1D(2, 2, activation="tanh")(i), name="inner")
    d = L.Dot(axes=2)([inner(h), inner(h)])
    flat = L.Flatten()(d)
    return lib.Model([a, b], {"p": L.Dense(1, name="p")(flat), "q": L.Dense(2, name="q")(flat)}, name="joined")


def attending(lib):
    """Words, padded, and attention, whose mask Keras computes with operations."""
    L = lib.layers
    words, targets = L.Input((4,), dtype="int32", name="words"), L.Input((4,), dtype="int32", name="targets")
    h, g = (L.LSTM(3, return_sequences=True)(L.Embedding(5, 3, mask_zero=True)(x)) for x in (words, targets))
    joined = L.Concatenate()([g, L.Attention()([g, h])])
    return lib.Model([words, targets], L.TimeDistributed(L.Dense(5, activation="softmax"))(joined), name="attending")


def shared(lib):
    """One layer in two models within a third."""
    L = lib.layers
    layer = L.Dense(3, name="one_layer")
    first = lib.Sequential([L.Input((4, 3)), layer], name="first")
    second = lib.Sequential([L.Input((4, 3)), layer, L.GRU(2)], name="second")
    x = L.Input((4, 3))
    return lib.Model(x, second(first(x)), name="shared")


@pytest.mark.parametrize(
    "make, x", [(chain, X), (rich, IDS), (joined, [X, X[::-1].copy()])], ids=["chain", "rich", "joined"]
)
def test_models_keep_their_outputs_in_both_libraries(keras, tmp_path, make, x):
    theirs = make(keras)
    ours = both_ways(keras, theirs, x, tmp_path)
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [
        layer.name for layer in theirs.layers if "mask" not in layer.name and "not_equal" not in layer.name
    ]
    fresh = make(minirnn)
    fresh.load_weights(tmp_path / "theirs.keras")
    close(outputs(fresh, x), outputs(theirs, x), "float32")


def test_operations_on_masks_are_read_over(keras, tmp_path):
    both_ways(keras, attending(keras), [IDS, IDS[::-1].copy()], tmp_path)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_layer_of_two_models_within_a_third_is_one_layer_again(keras, tmp_path, ending):
    ours, path = shared(minirnn), tmp_path / f"m{ending}"
    ours.save(path)
    again, theirs = saving.load_model(path), keras.saving.load_model(path)
    for model in (again, theirs):
        close(outputs(model, X), outputs(ours, X), "float32")
    for model in (again, theirs) if ending == ".keras" else (again,):  # from .h5 Keras makes two of it
        first, second = (model.get_layer(name).layers[-1 if name == "first" else 0] for name in ("first", "second"))
        assert first is second


def test_the_groups_of_the_weights_are_those_of_keras(keras, tmp_path):
    h5py = pytest.importorskip("h5py")
    theirs = rich(keras)
    theirs.save_weights(tmp_path / "k.weights.h5")
    found = []
    with h5py.File(tmp_path / "k.weights.h5") as file:
        file.visititems(lambda name, entry: found.append(name) if isinstance(entry, h5py.Dataset) else None)
    ours = [f"{group}/vars/{number}" for group, weights in stores(rich(minirnn)) for number, _ in enumerate(weights)]
    assert sorted(ours) == sorted(found)


# --- training goes on ---


OPTIMIZERS = {
    "SGD": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "use_ema": True},
    "RMSprop": {"centered": True, "momentum": 0.5},
    "Adam": {"amsgrad": True, "clipnorm": 1.0},
    "AdamW": {"gradient_accumulation_steps": 2},
    "Nadam": {},
    "Adamax": {},
    "Adagrad": {},
    "Adadelta": {},
    "Lion": {},
}


def compiled(lib, model, optimizer="Adam", **options):
    model.compile(
        getattr(lib.optimizers, optimizer)(**options),
        lib.losses.MeanSquaredError(),
        metrics=["mae", lib.metrics.RootMeanSquaredError(name="r")],
    )
    return model


def train(model, epochs=2):
    model.run_eagerly = True  # Keras would draw a graph for each
    return model.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0).history


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_on_in_the_other_library(keras, tmp_path, optimizer):
    theirs = compiled(keras, chain(keras), optimizer, **OPTIMIZERS[optimizer])
    train(theirs)
    theirs.save(tmp_path / "k.keras")
    ours = saving.load_model(tmp_path / "k.keras")
    ours.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    twin = saving.load_model(tmp_path / "m.keras")
    assert ours.optimizer.iterations == int(theirs.optimizer.iterations)
    wanted = train(theirs)
    for model in (ours, again):
        found = train(model)
        assert list(found) == list(wanted)
        for name, values in wanted.items():
            np.testing.assert_allclose(found[name], values, rtol=2e-5, err_msg=name)
    train(twin)
    for one, other in zip(twin.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ending", [".keras", ".hdf5"])
def test_what_a_model_was_compiled_with_comes_back(keras, tmp_path, ending):
    model, path = joined(minirnn), tmp_path / f"m{ending}"
    schedule = minirnn.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    absolute = "mae" if ending == ".keras" else minirnn.metrics.MeanAbsoluteError(name="a")
    model.compile(
        minirnn.optimizers.SGD(schedule),
        {"p": "mse", "q": minirnn.losses.Huber()},
        loss_weights={"p": 1.0, "q": 0.5},
        metrics={"p": [absolute], "q": [minirnn.metrics.MeanSquaredError(name="m")]},
    )
    batch = ([X, X], {"p": Y, "q": np.repeat(Y, 2, axis=1)})
    model.train_on_batch(*batch)
    model.save(path)
    wanted = model.test_on_batch(*batch, return_dict=True)
    for library in (minirnn, keras):
        again = library.models.load_model(path)
        found = again.test_on_batch(*batch, return_dict=True)
        assert sorted(found) == sorted(wanted)
        for name, value in wanted.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-5)
        assert int(again.optimizer.iterations) == 1


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_models_that_were_not_compiled_or_trained_come_back_as_they_were(tmp_path, ending):
    path = tmp_path / f"m{ending}"
    plain = chain(minirnn)
    plain.save(path)
    assert not saving.load_model(path).compiled
    compiled(minirnn, plain).save(path)
    assert saving.load_model(path).optimizer.iterations == 0
    assert not saving.load_model(path, compile=False).compiled
    train(plain)
    plain.save(path, include_optimizer=False)
    assert not saving.load_model(path).compiled


def test_models_without_weights_come_back_and_neither_keep_nor_take_any(tmp_path):
    path = tmp_path / "m.keras"
    unbuilt = minirnn.Sequential([minirnn.layers.LSTM(3), minirnn.layers.Dense(1)])
    unbuilt.save(path)
    assert not saving.load_model(path).built
    with pytest.raises(ValueError, match="no weights to save yet"):
        unbuilt.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ValueError, match="no weights to load into yet"):
        unbuilt.load_weights(path)


def test_frozen_layers_stay_frozen(tmp_path):
    model = chain(minirnn)
    model.layers[0].trainable = False
    train(compiled(minirnn, model))
    model.save(tmp_path / "m.keras")
    again = saving.load_model(tmp_path / "m.keras")
    assert [layer.trainable for layer in again.layers] == [False, True, True]
    np.testing.assert_array_equal(
        [float(v.numpy().sum()) for v in again.optimizer.variables],
        [float(v.numpy().sum()) for v in model.optimizer.variables],
    )


class Scale(minirnn.layers.Layer):
    """A layer of the user's."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.scale * self.factor


class Twice(minirnn.Model):
    """A model of the user's, with layers in a list."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units, self.blocks = units, [minirnn.layers.LSTM(units, return_sequences=True) for _ in range(2)]
        self.out = minirnn.layers.Dense(1)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.out(x)

    def get_config(self):
        return {"units": self.units, "name": self.name}


def test_classes_of_the_callers_own_come_back_when_they_are_named(tmp_path):
    own = minirnn.Sequential([minirnn.layers.Input((4, 3)), Scale(2.0), minirnn.layers.Dense(1)])
    own.save(tmp_path / "m.keras")
    with pytest.raises(saving.ModelFileError, match="'Scale'.*custom_objects"):
        saving.load_model(tmp_path / "m.keras")
    again = saving.load_model(tmp_path / "m.keras", {"Scale": Scale})
    np.testing.assert_array_equal(outputs(again, X), outputs(own, X))
    model = Twice(3)
    model.build((None, 4, 3))
    model.save(tmp_path / "t.keras")
    again = saving.load_model(tmp_path / "t.keras", {"Twice": Twice})
    np.testing.assert_array_equal(outputs(again, X), outputs(model, X))
    paths = [path for path, weights in stores(model) if weights]
    assert paths == ["blocks/lstm/cell", "blocks/lstm_1/cell", "out"]


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model = chain(minirnn)
    for name in ("a.keras", "b.keras"):
        model.save(tmp_path / name)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert archive.testzip() is None
        assert sorted(json.loads(archive.read("metadata.json"))["minirnn"]["sha256"]) == [
            "config.json",
            "model.weights.h5",
        ]


def test_to_json_is_read_by_both_libraries(keras, tmp_path):
    text = rich(minirnn).to_json()
    for library in (minirnn, keras):
        assert library.models.model_from_json(text).count_params() == rich(minirnn).count_params()
