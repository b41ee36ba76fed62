"""A twin has the same layers, settings and weights; what cannot have one says so."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from reference import cases, twin
from reference.graphs import GRAPHS, build_graph
from reference.twin import dtype_name, kinds, twin_layer

RECURRENT = {
    "activation": "softsign",
    "use_bias": False,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "unroll": True,
    "zero_output_for_mask": True,
    "trainable": False,
}
CELL = {"units": 3, "activation": "softsign", "use_bias": False, "trainable": False}
CHANGED = {
    "SimpleRNN": {"units": 3, **RECURRENT},
    "LSTM": {"units": 3, "recurrent_activation": "hard_sigmoid", "unit_forget_bias": False, **RECURRENT},
    "GRU": {"units": 3, "recurrent_activation": "hard_sigmoid", "reset_after": False, **RECURRENT},
    "Activation": {"activation": "gelu", "activity_regularizer": "l2"},
    "ActivityRegularization": {"l1": 0.1, "l2": 0.2},
    **{name: {} for name in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract", "Identity")},
    "AdditiveAttention": {"use_scale": False, "dropout": 0.25},
    "AlphaDropout": {"rate": 0.25, "noise_shape": (2, 1)},
    "Attention": {"use_scale": True, "score_mode": "concat", "dropout": 0.25},
    "AveragePooling1D": {"pool_size": (3,), "strides": (2,), "padding": "same"},
    "BatchNormalization": {"axis": 1, "momentum": 0.5, "renorm": True, "renorm_clipping": {"rmax": 2.0}},
    "Concatenate": {"axis": 1},
    "Conv1D": {"filters": 4, "kernel_size": (3,), "padding": "causal", "dilation_rate": (2,), "groups": 2},
    "Cropping1D": {"cropping": (0, 2)},
    "Dense": {"units": 3, "activation": "elu", "use_bias": False, "kernel_constraint": "max_norm"},
    "Dot": {"axes": (1, 2), "normalize": True},
    "Dropout": {"rate": 0.25},
    "ELU": {"alpha": 0.5},
    "Embedding": {"input_dim": 7, "output_dim": 3, "mask_zero": True, "embeddings_regularizer": "l2"},
    "Flatten": {},
    "GaussianDropout": {"rate": 0.25},
    "GaussianNoise": {"stddev": 0.5},
    "GlobalAveragePooling1D": {"keepdims": True},
    "GlobalMaxPooling1D": {"keepdims": True},
    "GroupNormalization": {"groups": 2, "axis": 1, "epsilon": 0.5},
    "LayerNormalization": {"axis": 1, "epsilon": 0.5, "center": False, "gamma_regularizer": "l1"},
    "LeakyReLU": {"negative_slope": 0.5},
    "Masking": {"mask_value": -1.0},
    "MaxPooling1D": {"pool_size": (3,), "strides": (2,), "padding": "same"},
    "Normalization": {"axis": (-1,), "invert": True},
    "PReLU": {"shared_axes": [1], "alpha_constraint": "non_neg"},
    "Permute": {"dims": (2, 1)},
    "RMSNormalization": {"epsilon": 0.5},
    "ReLU": {"max_value": 3.0, "negative_slope": 0.5, "threshold": 0.1},
    "RepeatVector": {"n": 4},
    "Rescaling": {"scale": 0.5, "offset": 2.0},
    "Reshape": {"target_shape": (2, -1)},
    "Softmax": {"axis": 1},
    "SpatialDropout1D": {"rate": 0.25},
    "UnitNormalization": {"axis": 1},
    "UpSampling1D": {"size": 3},
    "ZeroPadding1D": {"padding": (0, 3)},
    "SimpleRNNCell": CELL,
    "LSTMCell": {"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False, **CELL},
    "GRUCell": {"recurrent_activation": "hard_sigmoid", "reset_after": False, **CELL},
}
REQUIRED = {
    "Activation": {"activation": "linear"},
    "AlphaDropout": {"rate": 0.5},
    "AveragePooling1D": {"pool_size": 2},
    "Conv1D": {"filters": 4, "kernel_size": 1},
    "Dot": {"axes": 1},
    "Dropout": {"rate": 0.5},
    "Embedding": {"input_dim": 7, "output_dim": 3},
    "GaussianDropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 1.0},
    "Permute": {"dims": (1,)},
    "RepeatVector": {"n": 1},
    "Rescaling": {"scale": 1.0},
    "Reshape": {"target_shape": (1,)},
    "SpatialDropout1D": {"rate": 0.5},
    **{name: {"units": 3} for name in ("SimpleRNN", "LSTM", "GRU", "Dense", "SimpleRNNCell", "LSTMCell", "GRUCell")},
}
# Layers that hold others: test_twins_of_wrappers.py.
NESTED = {"RNN", "StackedRNNCells", "Bidirectional", "TimeDistributed"}


@pytest.fixture(params=["minirnn", "keras"])
def libraries(request, keras):
    """(from, to), both ways."""
    return (minirnn, keras) if request.param == "minirnn" else (keras, minirnn)


@pytest.mark.parametrize("kind", CHANGED)
def test_every_setting_crosses_over(libraries, dtype, kind):
    source, target = libraries
    layer = getattr(source.layers, kind)(name="the_layer", dtype=dtype, **CHANGED[kind])
    copy = twin_layer(layer, target)
    assert type(copy) is getattr(target.layers, kind)
    assert dtype_name(copy) == dtype
    assert settings(copy) == settings(layer)
    plain = type(layer)(name="the_layer", **REQUIRED.get(kind, {}))
    assert not CHANGED[kind] or settings(copy) != settings(plain)


def settings(layer):
    """The configuration, without what prepares weights and chance."""
    return {k: v for k, v in layer.get_config().items() if k not in ("dtype", "seed") and "_initializer" not in k}


def test_every_kind_of_layer_that_both_libraries_have_has_a_twin_and_is_tried(keras):
    assert set(CHANGED) | NESTED == set(kinds())


@pytest.mark.parametrize("case", [case for case in cases.MODELS if case.features < 100], ids=lambda case: case.name)
def test_a_model_and_its_twin_have_the_same_weights(libraries, dtype, case):
    source, target = libraries
    model = cases.build_model(case, source, dtype)
    copy = twin.to_keras(model) if target.__name__ == "keras" else twin.to_minirnn(model)
    assert type(copy) is target.Sequential
    assert copy.input_shape == model.input_shape
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    for ours, theirs in zip(model.get_weights(), copy.get_weights(), strict=True):
        assert theirs.dtype == dtype
        np.testing.assert_array_equal(ours, theirs)


def test_a_twin_may_have_another_dtype(libraries):
    source, target = libraries
    model = cases.build_model(cases.MODELS[0], source, "float32")
    copy = twin.to_keras(model, "float64") if target.__name__ == "keras" else twin.to_minirnn(model, "float64")
    assert {str(weight.dtype) for weight in copy.get_weights()} == {"float64"}
    np.testing.assert_array_equal(copy.get_weights()[0], model.get_weights()[0].astype("float64"))


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("case", GRAPHS, ids=lambda case: case.name)
def test_a_functional_model_and_its_twin_have_the_same_layers_and_weights(libraries, dtype, case):
    source, target = libraries
    model = build_graph(case, source)
    copy = twin.to_keras(model, dtype) if target.__name__ == "keras" else twin.to_minirnn(model, dtype)
    assert type(copy).__name__ == type(model).__name__ and type(copy) is not type(model)
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    for ours, theirs in zip(model.get_weights(), copy.get_weights(), strict=True):
        assert theirs.dtype == dtype
        np.testing.assert_array_equal(ours, theirs)


class Scale(minirnn.layers.Layer):
    def call(self, x):
        return 2 * x

    def backward(self, dy, x):
        return 2 * dy


class Dense(minirnn.layers.Dense):
    """A layer of the user's own under a known name."""


@pytest.mark.parametrize("make", [lambda: Scale(name="mine"), lambda: Dense(2, name="mine")], ids=["new", "namesake"])
@pytest.mark.parametrize("where", ["chain", "graph", "wrapper"])
def test_a_layer_of_one_s_own_is_named_in_one_line(keras, make, where):
    x, own = minirnn.Input((4, 3)), make()
    if where == "graph":
        model = minirnn.Model(x, own(x))
    else:
        model = minirnn.Sequential([x, minirnn.layers.TimeDistributed(own) if where == "wrapper" else own])
    with pytest.raises(ValueError, match=r"layer 'mine' is a \w+, which has no twin: only layers that") as caught:
        twin.to_keras(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["Conv1DTranspose", "MultiHeadAttention"])
def test_a_layer_that_one_library_has_is_named_in_one_line(keras, name):
    layer = getattr(keras.layers, name)(2, 2, name="layer")
    with pytest.raises(ValueError, match=f"layer 'layer' is a {name}, which has no twin") as caught:
        twin_layer(layer, keras)
    assert "\n" not in str(caught.value)


def test_a_setting_without_a_twin_is_named_in_one_line(keras):
    layer = keras.layers.Conv1D(2, 2, data_format="channels_first", name="convolution")
    with pytest.raises(ValueError, match=r"layer 'convolution' \(Conv1D\) has a setting .* no twin: .*first") as caught:
        twin_layer(layer, minirnn)
    assert "\n" not in str(caught.value)


def test_a_model_without_weights_is_refused(keras):
    with pytest.raises(ValueError, match="model 'empty' has no weights yet; give it an Input"):
        twin.to_keras(keras.Sequential([keras.layers.LSTM(2)], name="empty"))
