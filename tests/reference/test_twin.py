"""A twin has the same layers, settings and weights; what cannot have one says so."""

from __future__ import annotations

import numpy as np
import pytest

from reference import cases, twin
from reference.graphs import GRAPHS, build_graph
from reference.twin import SHARED, dtype_name, twin_layer

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
    "Dense": {"units": 3, "activation": "elu", "use_bias": False},
    "Activation": {"activation": "gelu"},
    "Dropout": {"rate": 0.25},
    "Flatten": {},
    **{name: {} for name in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")},
    "Concatenate": {"axis": 1},
    "Dot": {"axes": (1, 2), "normalize": True},
    "Masking": {"mask_value": -1.0},
    "RepeatVector": {"n": 4},
    "Reshape": {"target_shape": (2, -1)},
    "Embedding": {"input_dim": 7, "output_dim": 3, "mask_zero": True},
    "SimpleRNNCell": CELL,
    "LSTMCell": {"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False, **CELL},
    "GRUCell": {"recurrent_activation": "hard_sigmoid", "reset_after": False, **CELL},
}
# Layers that hold others: test_twins_of_wrappers.py.
NESTED = {"RNN", "StackedRNNCells", "Bidirectional", "TimeDistributed"}


@pytest.fixture(params=["minirnn", "keras"])
def libraries(request, keras):
    """(from, to), both ways."""
    import minirnn

    return (minirnn, keras) if request.param == "minirnn" else (keras, minirnn)


@pytest.mark.parametrize("kind", CHANGED)
def test_every_setting_crosses_over(libraries, dtype, kind):
    source, target = libraries
    layer = getattr(source.layers, kind)(name="the_layer", dtype=dtype, **CHANGED[kind])
    copy = twin_layer(layer, target)
    assert type(copy) is getattr(target.layers, kind)
    assert dtype_name(copy) == dtype
    before, after = layer.get_config(), copy.get_config()
    for key in before.keys() & after.keys() & set(SHARED[kind]):
        assert np.array_equal(after[key], before[key]), key
    for key, value in {"name": "the_layer", **CHANGED[kind]}.items():
        assert np.array_equal(after[key], value), key


def test_every_kind_of_layer_that_has_a_twin_is_tried():
    assert set(CHANGED) | NESTED == set(SHARED)


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


def test_a_layer_without_a_twin_is_named_in_one_line(keras):
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Conv1D(2, 2, name="convolution")])
    with pytest.raises(ValueError, match="layer 'convolution' is a Conv1D, which has no twin") as caught:
        twin.to_keras(model)
    assert "\n" not in str(caught.value)


def test_a_setting_without_a_twin_is_named_in_one_line(keras):
    layer = keras.layers.LSTM(2, kernel_regularizer="l2", name="recurrent")
    with pytest.raises(ValueError, match=r"layer 'recurrent' \(LSTM\) has kernel_regularizer=.* no twin") as caught:
        twin_layer(layer, keras)
    assert "\n" not in str(caught.value)


def test_a_model_without_weights_is_refused(keras):
    with pytest.raises(ValueError, match="model 'empty' has no weights yet; give it an Input"):
        twin.to_keras(keras.Sequential([keras.layers.LSTM(2)], name="empty"))
