"""Every layer through files, both ways: a file of Keras is read, what minirnn writes of it loads in Keras."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from round_trip import both_ways, close, outputs

import minirnn
from minirnn import layers, saving
from minirnn.files import tables

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`:UserWarning"),
    pytest.mark.filterwarnings("ignore:LayerNormalization. rms_scaling=True is an older argument:UserWarning"),
]

SEQUENCE, ROW, CUBE = (None, 7, 4), (None, 6), (None, 5, 3, 4)
LAYERS = [
    ("SimpleRNN", {"units": 3, "go_backwards": True, "unroll": True}, SEQUENCE),
    ("LSTM", {"units": 3, "use_bias": False, "return_sequences": True, "unit_forget_bias": False}, SEQUENCE),
    ("LSTM", {"units": 3, "return_state": True, "recurrent_activation": "hard_sigmoid", "seed": 3}, SEQUENCE),
    ("LSTM", {"units": 3, "stateful": True, "dropout": 0.25, "recurrent_dropout": 0.5}, (3, 7, 4)),
    ("GRU", {"units": 3, "reset_after": False, "zero_output_for_mask": True}, SEQUENCE),
    ("GRU", {"units": 3, "kernel_initializer": "he_normal", "recurrent_initializer": "zeros"}, SEQUENCE),
    ("Dense", {"units": 5, "activation": "softmax", "use_bias": False}, SEQUENCE),
    (
        "Dense",
        {
            "units": 3,
            "kernel_regularizer": "l1l2",
            "bias_constraint": "non_neg",
            "kernel_initializer": "orthogonal",
            "activation": "swish",
        },
        ROW,
    ),
    ("Embedding", {"input_dim": 7, "output_dim": 3, "mask_zero": True}, (None, 5)),
    ("Conv1D", {"filters": 6, "kernel_size": 3, "groups": 2, "padding": "causal", "dilation_rate": 2}, SEQUENCE),
    ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, SEQUENCE),
    ("AveragePooling1D", {"pool_size": 2}, SEQUENCE),
    ("GlobalMaxPooling1D", {"keepdims": True}, SEQUENCE),
    ("GlobalAveragePooling1D", {}, SEQUENCE),
    ("UpSampling1D", {"size": 3}, SEQUENCE),
    ("ZeroPadding1D", {"padding": (0, 3)}, SEQUENCE),
    ("Cropping1D", {"cropping": (0, 2)}, SEQUENCE),
    ("Permute", {"dims": (3, 1, 2)}, CUBE),
    ("BatchNormalization", {"axis": 1, "scale": False, "momentum": 0.5}, SEQUENCE),
    ("LayerNormalization", {"axis": [-1, 1], "epsilon": 0.1}, CUBE),
    ("LayerNormalization", {"rms_scaling": True}, SEQUENCE),
    ("RMSNormalization", {"epsilon": 0.01}, SEQUENCE),
    ("GroupNormalization", {"groups": 1, "scale": False}, SEQUENCE),
    ("UnitNormalization", {"axis": [1, 2]}, SEQUENCE),
    ("Normalization", {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 2.0, 3.0, 4.0]}, SEQUENCE),
    ("Normalization", {}, SEQUENCE),
    ("Activation", {"activation": "gelu"}, ROW),
    ("ReLU", {"max_value": 2.0, "negative_slope": 0.25}, ROW),
    ("LeakyReLU", {"negative_slope": 0.25}, ROW),
    ("ELU", {}, ROW),
    ("PReLU", {"shared_axes": [1]}, SEQUENCE),
    ("Softmax", {}, ROW),
    ("ActivityRegularization", {"l1": 0.1}, ROW),
    ("Identity", {}, ROW),
    ("Rescaling", {"scale": [1.0, 2.0, 3.0, 4.0], "offset": 1.0}, SEQUENCE),
    ("Dropout", {"rate": 0.25, "noise_shape": (None, 1, 4), "seed": 7}, SEQUENCE),
    ("SpatialDropout1D", {"rate": 0.3}, SEQUENCE),
    ("GaussianDropout", {"rate": 0.3}, SEQUENCE),
    ("GaussianNoise", {"stddev": 0.3, "seed": 4}, SEQUENCE),
    ("AlphaDropout", {"rate": 0.3}, SEQUENCE),
    ("Masking", {"mask_value": 1.5}, SEQUENCE),
    ("Flatten", {}, SEQUENCE),
    ("Reshape", {"target_shape": (3, -1)}, ROW),
    ("RepeatVector", {"n": 3}, ROW),
]
IDS = ["-".join([name, *options]) for name, options, _ in LAYERS]
TWICE = {"LSTM", "GRU", "Dense", "BatchNormalization", "Embedding"}  # in float64, too: it says no more of others
CASES = [
    pytest.param(name, options, shape, dtype, id=f"{identifier}-{dtype}")
    for identifier, (name, options, shape) in zip(IDS, LAYERS, strict=True)
    for dtype in ("float32", "float64")
    if dtype == "float32" or name in TWICE
]


def pair(library, name, options, shape, dtype):
    """A model of one layer, from an Input of this batch shape."""
    x = library.layers.Input(batch_shape=shape, dtype="int32" if name == "Embedding" else dtype)
    return library.Model(x, getattr(library.layers, name)(**options, dtype=dtype)(x))


def batch(name, shape, dtype):
    rng = np.random.default_rng(1)
    sizes = tuple(n or 3 for n in shape)
    return rng.integers(0, 7, sizes).astype("int32") if name == "Embedding" else rng.normal(size=sizes).astype(dtype)


@pytest.mark.parametrize("name, options, shape, dtype", CASES)
def test_every_layer_keeps_its_outputs_in_both_libraries(keras, tmp_path, name, options, shape, dtype):
    theirs = pair(keras, name, options, shape, dtype)
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.uniform(0.1, 1, w.shape).astype(w.dtype) for w in theirs.weights])
    both_ways(keras, theirs, batch(name, shape, dtype), tmp_path, dtype)


def test_every_class_of_the_table_is_sent_through_files():
    here = {name for name, _, _ in LAYERS}
    models = {  # see test_models_in_files.py
        "InputLayer", "RNN", "StackedRNNCells", "SimpleRNNCell", "LSTMCell", "GRUCell", "Bidirectional",
        "TimeDistributed", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot",
        "Attention", "AdditiveAttention",
    }  # fmt: skip
    own = {"PeepholeLSTM", "CoupledLSTM", "LayerNormLSTM", "ZoneoutLSTM"}
    assert here | models | own == set(tables.LAYERS)
    offered = {name for name in layers.__all__ if isinstance(getattr(layers, name), type)}
    second = {"AvgPool1D", "Convolution1D", "GlobalAvgPool1D", "GlobalMaxPool1D", "MaxPool1D"}
    assert set(tables.LAYERS) == offered - second - {"Lambda", "Layer", "Wrapper"}


@pytest.mark.parametrize("name", ["PeepholeLSTM", "CoupledLSTM", "LayerNormLSTM", "ZoneoutLSTM"])
def test_layers_that_keras_has_not_come_back_from_our_files(tmp_path, name):
    ours = minirnn.Sequential([layers.Input((7, 4)), getattr(layers, name)(3), layers.Dense(1)])
    ours.save(tmp_path / "m.keras")
    x = batch(name, SEQUENCE, "float32")
    np.testing.assert_array_equal(outputs(saving.load_model(tmp_path / "m.keras"), x), outputs(ours, x))


@given(
    cell=st.sampled_from(["SimpleRNN", "LSTM", "GRU"]),
    units=st.integers(1, 5),
    features=st.integers(1, 5),
    wrap=st.sampled_from([None, "sum", "concat", "ave"]),
    options=st.fixed_dictionaries(
        {"return_sequences": st.booleans(), "use_bias": st.booleans(), "unroll": st.booleans()}
    ),
    dtype=st.sampled_from(["float32", "float64"]),
    name=st.text("abcXYZ_.019", min_size=1, max_size=20).filter(lambda text: text[0].isalpha()),
)
def test_any_recurrent_layer_keeps_its_outputs(
    keras, tmp_path_factory, cell, units, features, wrap, options, dtype, name
):
    x = keras.layers.Input((4, features), dtype=dtype, name="start")
    layer = getattr(keras.layers, cell)(units, **options, dtype=dtype)
    layer = layer if wrap is None else keras.layers.Bidirectional(layer, wrap, dtype=dtype)
    layer.name = name
    theirs = keras.Model(x, layer(x))
    values = np.random.default_rng(0).normal(size=(2, 4, features)).astype(dtype)
    ours = both_ways(keras, theirs, values, tmp_path_factory.mktemp("files"), dtype)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    close(outputs(ours, values), outputs(theirs, values), dtype)
