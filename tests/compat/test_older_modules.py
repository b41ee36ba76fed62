"""Older paths of modules and classes, stand-ins for what is not there, and `import keras`."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minirnn
from minirnn import backend, layers
from minirnn.compat import absent, as_keras, modules

PACKAGE = Path(minirnn.__file__).parent


@pytest.mark.parametrize("path, home", modules.MOVED.items())
def test_an_older_path_has_the_names_of_its_new_place(older, path, home):
    module, new = importlib.import_module(f"minirnn.{path}"), importlib.import_module(f"minirnn.{home}")
    name = next(name for name in vars(new) if name[0].isupper())
    with older() as warned:
        assert getattr(module, name) is getattr(new, name)
        getattr(module, name)
    assert warned() == [(f"minirnn.{path}", f"minirnn.{home}")]


@pytest.mark.parametrize("path", [*modules.MOVED, *absent.MODULES])
def test_no_file_of_minirnn_stands_in_the_way_of_an_older_path(path):
    """A real module would hide it. What has come to minirnn since is to be taken out of the table."""
    place = PACKAGE.joinpath(*path.split("."))
    if path in modules.MOVED:
        assert not place.exists() and not place.with_suffix(".py").exists()
    else:
        found = importlib.import_module(f"minirnn.{path}")
        real = place.exists() or place.with_suffix(".py").exists()
        assert isinstance(found, absent.AbsentModule) != real


def test_older_paths_are_found_in_every_way_of_importing(older):
    with older() as warned:
        import minirnn.layers.core as core
        from minirnn.layers.core import Dense
        from minirnn.utils.np_utils import to_categorical

        from minirnn.layers import recurrent

        names: dict = {}
        exec(compile("from minirnn.layers.core import *", __file__, "exec"), names)
        assert core.Dense is Dense is layers.Dense is names["Dense"]
        assert recurrent.LSTM is layers.LSTM is minirnn.layers.recurrent.LSTM
    assert to_categorical is minirnn.utils.to_categorical is minirnn.utils.np_utils.to_categorical
    assert [old for old, _ in warned()] == [
        "minirnn.layers.core", "minirnn.utils.np_utils", "minirnn.layers.recurrent",
    ]  # fmt: skip


def test_a_name_that_keras_has_not_is_missing_as_from_any_module():
    with pytest.raises(AttributeError, match="module 'minirnn.layers' has no attribute 'LSMT'"):
        _ = layers.LSMT
    with pytest.raises(ImportError, match="LSMT"):
        exec("from minirnn.layers import LSMT")
    with pytest.raises(ModuleNotFoundError, match="minirnn.layers.recurent"):
        importlib.import_module("minirnn.layers.recurent")
    assert not hasattr(minirnn.utils, "np_util") and not hasattr(minirnn.datasets, "mnistt")


def test_a_module_is_not_called_unless_it_is_merge():
    with pytest.raises(TypeError, match="minirnn.layers.core is a module; take a name out of it"):
        importlib.import_module("minirnn.layers.core")()
    with pytest.raises(ValueError, match="merge knows the modes 'sum', 'mul', .*, got 'concatenate'"):
        importlib.import_module("minirnn.layers.merge")([], mode="concatenate")


@pytest.mark.skipif("concatenate" not in layers.__all__, reason="minirnn has no layers.concatenate yet")
@pytest.mark.parametrize(
    "mode, width, cls",
    [("sum", 3, "Add"), ("mul", 3, "Multiply"), ("ave", 3, "Average"), ("max", 3, "Maximum"),
     ("concat", 6, "Concatenate"), ("dot", 1, "Dot"), ("cos", 1, "Dot")],
)  # fmt: skip
def test_modes_of_merge_are_the_layers_of_today(older, mode, width, cls):
    a, b = minirnn.Input((3,)), minirnn.Input((3,))
    with older() as warned:
        joined = layers.merge([a, b], mode=mode, name="joined")
    layer = joined._keras_history.operation
    assert (joined.shape, type(layer).__name__, layer.name) == ((None, width), cls, "joined")
    assert len(warned()) == 1


# --- classes under other names ---


def test_layers_of_cudnn_are_the_ones_of_today(older):
    x = np.random.default_rng(3).standard_normal((2, 4, 3))
    with older() as warned:
        made = [layers.CuDNNLSTM(5, return_sequences=True), layers.CuDNNGRU(units=5), layers.CuDNNLSTM(5)]
    assert [old for old, _ in warned()] == ["minirnn.layers.CuDNNLSTM", "minirnn.layers.CuDNNGRU"]
    lstm, gru = made[0], made[1]
    same = layers.LSTM(5, return_sequences=True)
    same.build((None, 4, 3))
    lstm(x)
    same.set_weights(lstm.get_weights())
    np.testing.assert_array_equal(lstm(x), same(x))
    assert (lstm.activation, lstm.recurrent_activation, gru.reset_after) == ("tanh", "sigmoid", True)


@pytest.mark.parametrize("argument", ["activation", "recurrent_dropout", "reset_after"])
def test_layers_of_cudnn_refuse_what_cudnn_cannot(older, argument):
    with older(), pytest.raises(TypeError, match=f"CuDNNGRU got an unknown argument '{argument}'; GRU takes it"):
        layers.CuDNNGRU(5, **{argument: "relu"})


# --- what is not there ---


def test_what_is_absent_can_be_imported_and_says_what_it_is_when_used():
    from minirnn.applications.vgg16 import VGG16
    from minirnn.preprocessing.image import ImageDataGenerator
    from minirnn.wrappers.scikit_learn import KerasRegressor

    from minirnn.datasets import mnist
    from minirnn.layers import Conv2D

    with pytest.raises(NotImplementedError, match="minirnn has no datasets.mnist.load_data: it downloads nothing"):
        mnist.load_data()
    for name in (Conv2D, ImageDataGenerator, VGG16):
        with pytest.raises(NotImplementedError, match="minirnn is an engine for sequences; use Keras for it"):
            name(3)
    with pytest.raises(NotImplementedError, match="scikit-learn"):
        KerasRegressor(build_fn=None)
    assert repr(Conv2D) == "<absent layers.Conv2D>" and not isinstance(layers.LSTM(2), Conv2D)
    with pytest.raises(NotImplementedError, match="minirnn has no layers.Conv2D"):
        _ = Conv2D.from_config
    with pytest.raises(NotImplementedError, match="minirnn has no layers.Conv2D"):
        exec("class Mine(Conv2D): pass", {"Conv2D": Conv2D})


@pytest.mark.parametrize("package", absent.NAMES)
def test_every_absent_name_can_be_looked_up_and_refuses_unless_it_has_come_since(package):
    module = importlib.import_module(f"minirnn.{package}")
    for why, names in absent.NAMES[package].items():
        for name in names.split():
            found = getattr(module, name)
            if isinstance(found, absent.Absent):
                with pytest.raises(NotImplementedError) as error:
                    found()
                assert str(error.value) == f"minirnn has no {package}.{name}: {why}"
            else:
                assert why == absent.NOT_YET and name in module.__all__


def test_what_may_come_says_not_yet_and_not_that_it_never_will():
    assert absent.stand_in("layers", "MultiHeadAttention")._why == "it is not there yet"
    assert absent.stand_in("layers", "Conv3D")._why == absent.OUTSIDE
    assert absent.stand_in("layers", "Dense") is None


def test_every_absent_name_is_one_of_keras_or_was(keras):
    """The tables hold no misspelt name: all but those of Keras 1 and 2 are in Keras 3."""
    dropped = """AbstractRNNCell AtrousConvolution2D ConvLSTM2DCell Deconvolution2D Highway
        LocallyConnected1D LocallyConnected2D MaxoutDense Merge ThresholdedReLU""".split()
    for names in absent.NAMES["layers"].values():
        for name in names.split():
            assert name in dropped or hasattr(keras.layers, name) or hasattr(keras._legacy.layers, name), name


@pytest.mark.parametrize("package", ["losses", "metrics", "objectives"])
def test_short_names_of_functions_are_older_spellings(older, package):
    with older() as warned:
        module = importlib.import_module(f"minirnn.{package}")
        functions = [getattr(module, name) for name in ("mse", "MAE", "kld", "logcosh")]
    assert functions[0] is module.mean_squared_error and functions[1].__name__ == "mean_absolute_error"
    home = "losses" if package == "objectives" else package
    assert (f"minirnn.{home}.mse", f"minirnn.{home}.mean_squared_error") in warned()
    model = minirnn.Sequential([minirnn.Input((3,)), layers.Dense(2)])
    model.compile("sgd", functions[0] if home == "losses" else "mse", metrics=[functions[0]])
    logs = model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0).history
    np.testing.assert_allclose(logs["mean_squared_error"], logs["loss"], rtol=1e-6)


def test_cosine_proximity_is_the_loss_that_cosine_similarity_is_now(older):
    with older():
        assert minirnn.losses.cosine_proximity is minirnn.losses.cosine_similarity
    assert isinstance(minirnn.losses.get("cosine_proximity"), minirnn.losses.CosineSimilarity)


# --- the backend ---


def test_the_backend_holds_what_scripts_ask_of_it(older):
    assert (backend.backend(), backend.floatx(), backend.epsilon()) == ("minirnn", "float32", 1e-7)
    assert backend.image_data_format() == "channels_last"
    layer = layers.Dense(2, input_shape=(3,))
    layer.build((None, 3))
    backend.set_value(layer.weights[1], [1.0, 2.0])
    np.testing.assert_array_equal(backend.get_value(layer.weights[1]), [1, 2])
    assert backend.int_shape(minirnn.Input((4, 2))) == (None, 4, 2) and backend.ndim(np.ones((2, 3))) == 2
    backend.clear_session()
    assert layers.LSTM(2).name == "lstm"
    backend.set_epsilon(1e-7)


def test_the_backend_sets_learning_rates_in_a_callback_of_older_scripts(older):
    class Halving(minirnn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rate = backend.get_value(self.model.optimizer.lr)
            backend.set_value(self.model.optimizer.lr, rate * 0.5)

    model = minirnn.Sequential([minirnn.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    start = float(model.optimizer.learning_rate)
    with older() as warned:
        model.fit(np.ones((4, 3)), np.ones((4, 1)), epochs=3, verbose=0, callbacks=[Halving()])
    assert warned() == [(".lr", ".learning_rate")]
    assert model.optimizer.learning_rate == pytest.approx(start / 8)


def test_what_the_backend_cannot_do_is_one_line():
    with pytest.raises(ValueError, match="epsilon is 1e-07 and cannot be set, got 0.1"):
        backend.set_epsilon(0.1)
    with pytest.raises(TypeError, match="set_value sets weights, got float; .* optimizer.learning_rate = value"):
        backend.set_value(0.5, 0.1)
    with pytest.raises(NotImplementedError, match="minirnn has no backend.gradients: it has no symbolic arithmetic"):
        backend.gradients(3, 4)


def test_the_default_dtype_is_set_through_the_backend():
    backend.set_floatx("float64")
    try:
        assert backend.floatx() == minirnn.config.floatx() == layers.LSTM(2).dtype == "float64"
    finally:
        backend.set_floatx("float32")


# --- import keras ---


def test_keras_means_minirnn_within_the_context_and_not_after(without_keras):
    with as_keras():
        import keras
        from keras import backend as K
        from keras.layers.recurrent import __doc__ as text
        from keras.models import Sequential

        assert keras is minirnn and K is backend and Sequential is minirnn.Sequential
        assert sys.modules["keras.layers"] is layers and text == "An older path of minirnn.layers."
        assert layers.__spec__.name == "minirnn.layers"
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("keras.layers.recurent")
    assert not [name for name in sys.modules if name.partition(".")[0] == "keras"]


def test_keras_itself_is_not_replaced_once_it_is_imported(keras):
    with pytest.raises(RuntimeError, match="as_keras\\(\\) came too late"):
        as_keras()
    assert sys.modules["keras"] is not minirnn


def test_called_once_it_holds_for_the_rest_of_the_process():
    program = "import minirnn.compat; minirnn.compat.as_keras(); import keras.layers; print(keras.layers.LSTM)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert (done.stdout, done.stderr) == ("<class 'minirnn.layers.lstm.LSTM'>\n", "")
