"""The `.h5` format of Keras 2, both ways: Keras reads what minirnn writes, and the other way round."""

from __future__ import annotations

import numpy as np
import pytest
from legacy_cases import case
from round_trip import close, outputs
from test_layers_in_files import LAYERS, TWICE, batch
from test_models_in_files import IDS, X, chain, compiled, joined, rich, train

import minirnn
from minirnn import layers, saving
from minirnn.files import hard_sigmoid
from minirnn.files.hdf5_attributes import Attributes
from minirnn.files.hdf5_reader import Hdf5Reader

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask attached:UserWarning"),
    pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`:UserWarning"),
    pytest.mark.filterwarnings("ignore:LayerNormalization. rms_scaling=True is an older argument:UserWarning"),
]
# Keras forgets all axes but one in such a file; what minirnn writes it reads.
FORGOTTEN = {("LayerNormalization", "axis"), ("UnitNormalization", "axis")}
KEPT = [entry for entry in LAYERS if (entry[0], next(iter(entry[1]), None)) not in FORGOTTEN]


def both_ways(keras, theirs, x, folder, dtype="float32"):
    """Keras's model -> its file -> ours -> our file -> Keras's, compared by their outputs."""
    path, back = folder / "theirs.h5", folder / "ours.h5"
    theirs.save(path)
    ours = saving.load_model(path)
    wanted = outputs(keras.saving.load_model(path), x)
    close(outputs(ours, x), wanted, dtype)
    ours.save(back)
    close(outputs(keras.saving.load_model(back), x), wanted, dtype)
    assert saving.verify(back) == (True, True)
    return ours


def all_at_once(library, entries, dtype):
    """One model with an output for each layer, and a batch for it."""
    shapes = {shape[1:]: (3, *(n or 7 for n in shape[1:])) for _, _, shape in entries}
    kinds = [(name, shape[1:]) for name, _, shape in entries]
    kinds = list(dict.fromkeys(("Embedding" if name == "Embedding" else "", shape) for name, shape in kinds))
    inputs = {
        kind: library.layers.Input(batch_shape=shapes[kind[1]], dtype="int32" if kind[0] else dtype) for kind in kinds
    }
    found = []
    for name, options, shape in entries:
        x = inputs["Embedding" if name == "Embedding" else "", shape[1:]]
        y = getattr(library.layers, name)(**options, dtype=dtype)(x)
        found.append(y[0] if isinstance(y, (list, tuple)) else y)
    return library.Model(list(inputs.values()), found), [batch(kind[0], shapes[kind[1]], dtype) for kind in kinds]


@pytest.mark.parametrize(
    "dtype, entries", [("float32", KEPT), ("float64", [entry for entry in KEPT if entry[0] in TWICE])]
)
def test_every_layer_keeps_its_outputs_in_both_libraries(keras, tmp_path, dtype, entries):
    theirs, x = all_at_once(keras, entries, dtype)
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.uniform(0.1, 1, w.shape).astype(w.dtype) for w in theirs.weights])
    both_ways(keras, theirs, x, tmp_path, dtype)


def test_keras_reads_of_our_files_what_it_forgets_in_its_own(keras, tmp_path):
    ours, x = all_at_once(minirnn, [entry for entry in LAYERS if entry not in KEPT], "float32")
    ours.save(tmp_path / "m.h5")
    close(outputs(keras.saving.load_model(tmp_path / "m.h5"), x), outputs(ours, x), "float32")


@pytest.mark.parametrize("make, x", [(rich, IDS), (joined, [X, X[::-1].copy()])], ids=["rich", "joined"])
def test_keras_reads_models_of_which_it_cannot_read_its_own_files(keras, tmp_path, make, x):
    # It writes operations on masks that it does not find again, and takes Attention's "dot" for a function.
    ours = make(minirnn)
    ours.save(tmp_path / "m.h5")
    for library in (keras, minirnn):
        again = library.models.load_model(tmp_path / "m.h5")
        assert again.name == ours.name
        close(outputs(again, x), outputs(ours, x), "float32")
    fresh = make(minirnn)
    fresh.load_weights(tmp_path / "m.h5")
    close(outputs(fresh, x), outputs(ours, x), "float32")


@pytest.mark.parametrize(
    "optimizer, options", [("Adam", {"amsgrad": True}), ("SGD", {"momentum": 0.9, "use_ema": True})]
)
def test_training_goes_on_where_keras_stopped(keras, tmp_path, optimizer, options):
    theirs = compiled(keras, chain(keras), optimizer, **options)
    train(theirs)
    theirs.save(tmp_path / "k.h5")
    ours = saving.load_model(tmp_path / "k.h5")
    ours.save(tmp_path / "m.h5")
    twin = saving.load_model(tmp_path / "m.h5")
    assert ours.optimizer.iterations == int(theirs.optimizer.iterations)
    wanted = train(theirs)
    for model in (ours, twin):  # not Keras's: it builds the optimizer of such a file for no weights at all
        found = train(model)
        for name, values in wanted.items():
            np.testing.assert_allclose(found[name], values, rtol=2e-5, err_msg=name)


def test_many_layers_have_their_names_in_parts(keras, tmp_path):
    names = [f"{number:03d}_{'n' * 200}" for number in range(400)]
    chain = [*(layers.Identity(name=name) for name in names), layers.Dense(1, name="dense")]
    model = minirnn.Sequential([layers.Input((3,)), *chain])
    model.save(tmp_path / "m.h5")
    attributes = Attributes(Hdf5Reader((tmp_path / "m.h5").read_bytes()))
    assert attributes.text("model_weights", "layer_names") is None
    assert attributes.names("model_weights", "layer_names") == [*names, "dense"]
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "m.h5") as file:
        parts = [file["model_weights"].attrs[f"layer_names{n}"] for n in range(2)]
        assert [name.decode() for part in parts for name in part] == [*names, "dense"]
    x = np.ones((2, 3), "float32")
    close(outputs(saving.load_model(tmp_path / "m.h5"), x), outputs(model, x), "float32")


# --- weights by names, and what does not fit ---


def small(**options):
    chain = [layers.LSTM(3, name="l", **options), layers.Dense(2, name="d"), layers.Dense(1, name="e")]
    return minirnn.Sequential([layers.Input((4, 3)), *chain])


def test_weights_may_be_found_by_the_names_of_layers(tmp_path):
    source = small()
    source.save(tmp_path / "m.h5")
    other = minirnn.Sequential([layers.Input((4, 3)), layers.LSTM(3, name="l"), layers.Dense(7), layers.Dense(1)])
    before = other.get_weights()
    other.load_weights(tmp_path / "m.h5", by_name=True)
    for ours, theirs in zip(other.get_weights()[:3], source.get_weights()[:3], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(other.get_weights()[3:], before[3:], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(saving.ModelFileError, match=r"d: kernel: found shape \(3, 2\), expected shape \(3, 7\)"):
        other.load_weights(tmp_path / "m.h5")
    with pytest.warns(UserWarning, match="skip_mismatch=True: d: found shape"):
        other.load_weights(tmp_path / "m.h5", skip_mismatch=True)
    source.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ValueError, match="by_name"):
        other.load_weights(tmp_path / "w.weights.h5", by_name=True)


def test_a_failed_load_leaves_the_model_bit_identical(tmp_path):
    small().save(tmp_path / "m.h5")
    other = minirnn.Sequential([layers.Input((4, 3)), layers.LSTM(3), layers.Dense(2), layers.Dense(2)])
    before = other.get_weights()
    with pytest.raises(saving.ModelFileError, match="e: kernel"):
        other.load_weights(tmp_path / "m.h5")
    for ours, theirs in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_unbuilt_model_and_a_lambda_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="no weights to save yet"):
        minirnn.Sequential([layers.LSTM(3)]).save(tmp_path / "m.h5")
    with pytest.raises(NotImplementedError, match="no configuration"):
        minirnn.Sequential([layers.Input((2,)), layers.Lambda(lambda x: x)]).save(tmp_path / "m.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_what_its_bytes_say(tmp_path):
    model = small()
    for written, named in ((".h5", ".keras"), (".keras", ".h5")):
        model.save(tmp_path / f"m{written}")
        (tmp_path / f"m{written}").rename(tmp_path / f"n{named}")
        close(outputs(saving.load_model(tmp_path / f"n{named}"), X), outputs(model, X), "float32")
    model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(saving.ModelFileError, match="a whole model; build it and call load_weights"):
        saving.load_model(tmp_path / "w.weights.h5")


# --- Keras 2 ---


def test_a_hard_sigmoid_that_no_weights_can_make_is_refused():
    for layer in (layers.Activation("hard_sigmoid"), layers.LSTM(3, activation="hard_sigmoid")):
        model = minirnn.Sequential([layers.Input((4, 3)), layer])
        with pytest.raises(saving.ModelFileError, match="hard_sigmoid of Keras 1 or 2 as the activation of"):
            hard_sigmoid.as_keras3(model, [])


def test_time_major_is_refused_in_words(tmp_path):
    found = case("2.15.0/lstm.h5")
    assert found.data.count(b'"time_major": false') == 2
    path = tmp_path / "m.h5"
    path.write_bytes(found.data.replace(b'"time_major": false', b'"time_major": true '))
    with pytest.raises(saving.ModelFileError, match="time_major.*found True, expected .*batch first"):
        saving.load_model(path)
