"""Layers around the recurrent ones: where minirnn differs from Keras, on purpose."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from deliberate import difference

import minirnn
from minirnn import layers
from reference import keras_side


@difference("Dropout(1.0) drops everything")
def test_a_dropout_of_everything_is_refused(keras):
    np.testing.assert_array_equal(keras.layers.Dropout(1.0)(np.ones((2, 3)), training=True), 0)
    with pytest.raises(ValueError, match="below 1"):
        layers.Dropout(1.0)


@difference("Embedding takes -1")
def test_an_index_below_zero_is_refused(both):
    ours, theirs = both(lambda lib: lib.layers.Embedding(5, 2), (None, 1))
    np.testing.assert_array_equal(theirs(np.array([[-1]])), theirs(np.array([[4]])))
    with pytest.raises(ValueError, match="-1"):
        ours(np.array([[-1]]))


@difference("Embedding's gradient of an index that stands twice")
def test_the_gradients_of_an_index_that_stands_twice_are_summed_first(keras):
    def trained(library):
        model = library.Sequential([library.layers.Embedding(3, 1), library.layers.Flatten(), library.layers.Dense(1)])
        model.build((None, 2))
        model.set_weights([np.full((3, 1), 0.5), np.array([[1.0], [3.0]]), np.zeros(1)])
        model.compile(library.optimizers.RMSprop(0.1, rho=0.5), "mse")
        model.train_on_batch(np.array([[1, 1]]), np.array([[0.0]]))
        return model.get_weights()[0][1, 0] - 0.5

    # The parts of the gradient are as 1 to 3: g = g1 + g2, and Keras divides by the root of g1**2 + g2**2.
    g = np.array([1.0, 3.0]) * 2 * (0.5 * 4)
    assert trained(minirnn) == pytest.approx(-0.1 * g.sum() / np.sqrt(0.5 * g.sum() ** 2), rel=1e-4)
    assert trained(keras) != pytest.approx(-0.1 * g.sum() / np.sqrt(0.5 * g.sum() ** 2), rel=1e-2)


@difference("GlobalAveragePooling1D of a sample without any step")
def test_the_average_of_no_step_is_zero(keras):
    x, mask = np.ones((2, 3, 4), "float32"), np.array([[1, 1, 0], [0, 0, 0]], bool)
    ours, theirs = (library.layers.GlobalAveragePooling1D()(x, mask=mask) for library in (minirnn, keras))
    assert np.isnan(np.asarray(theirs)[1]).all()
    np.testing.assert_array_equal(ours, [[1] * 4, [0] * 4])


@difference("UnitNormalization of zeros")
def test_the_gradient_of_zeros_that_are_normalised_is_zero(keras):
    _, tf = keras_side.load()
    x = tf.zeros((1, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = keras.layers.UnitNormalization()(x)
    np.testing.assert_allclose(tape.gradient(y, x), 1e12, rtol=1e-3)
    dx, _ = layers.UnitNormalization().vjp(np.zeros((1, 3)), np.ones((1, 3)))
    np.testing.assert_array_equal(dx, 0)


@difference("Normalization keeps silent outside the range")
def test_normalization_warns_of_what_it_has_not_seen(keras):
    data = np.array([[1.0], [2.0], [3.0]])
    ours, theirs = (library.layers.Normalization() for library in (minirnn, keras))
    for layer in (ours, theirs):
        layer.adapt(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs(np.array([[9.0]]))
        ours(data)
    with pytest.warns(UserWarning, match="outside the range"):
        ours(np.array([[9.0]]))


@difference("`Concatenate(axis=0)` in a model")
def test_rows_of_a_batch_are_not_joined(keras):
    def make(library):
        a, b = library.Input((2,)), library.Input((2,))
        return library.Model([a, b], library.layers.Concatenate(axis=0)([a, b]))

    assert make(keras)([np.ones((3, 2)), np.ones((3, 2))]).shape == (6, 2)
    with pytest.raises(ValueError, match="axis"):
        make(minirnn)


@difference('`Flatten("channels_first")`')
def test_flatten_takes_channels_last_only(keras):
    x = np.arange(6.0).reshape(1, 2, 3)
    np.testing.assert_array_equal(keras.layers.Flatten("channels_first")(x), [[0, 3, 1, 4, 2, 5]])
    with pytest.raises(NotImplementedError, match="channels_first"):
        layers.Flatten("channels_first")


@difference("RMSNormalization(axis=1) lays its scale")
def test_the_scale_of_rms_normalization_lies_along_its_axis(keras):
    ours, theirs = (library.layers.RMSNormalization(axis=1) for library in (minirnn, keras))
    for layer in (ours, theirs):
        layer.build((None, 2, 2))
        layer.set_weights([np.array([1.0, 10.0])])
    x = np.ones((1, 2, 2), "float32")
    np.testing.assert_allclose(theirs(x), [[[1, 10], [1, 10]]], rtol=1e-6)
    np.testing.assert_allclose(ours(x), [[[1, 1], [10, 10]]], rtol=1e-6)


@difference("the activity_regularizer of a cell inside RNN")
def test_the_activity_regularizer_of_a_cell_is_refused_in_training(keras):
    def fit(library):
        cell = library.layers.SimpleRNNCell(2)
        cell.activity_regularizer = library.regularizers.L2(0.1)
        model = library.Sequential([library.Input((3, 2)), library.layers.RNN(cell)])
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 3, 2)), np.ones((4, 2)), verbose=0)

    with pytest.raises(Exception, match="out of scope"):
        fit(keras)
    with pytest.raises(NotImplementedError, match="give it to the RNN$"):
        fit(minirnn)


@difference("takes the `hard_sigmoid` of a file of Keras 1 or 2")
@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
def test_an_old_hard_sigmoid_keeps_its_outputs(keras, tmp_path):
    fixtures = Path(__file__).parents[1] / "files" / "fixtures"
    with zipfile.ZipFile(fixtures / "keras-2.2.4.zip") as archive:
        (tmp_path / "m.h5").write_bytes(archive.read("masked.h5"))
        arrays = np.load(io.BytesIO(archive.read("masked.npz")))
    x, wanted = [arrays["x0"], arrays["x1"]], arrays["y0"]
    theirs = np.asarray(keras.saving.load_model(tmp_path / "m.h5")(x, training=False))
    with pytest.warns(UserWarning, match=r"hard_sigmoid of Keras 1 and 2, .* times 1\.2 in lstm_1, gru_1"):
        ours = minirnn.saving.load_model(tmp_path / "m.h5").predict_on_batch(x)
    assert np.abs(theirs - wanted).max() > 0.01
    assert np.abs(ours - wanted).max() < 1e-6
