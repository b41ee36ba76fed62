"""Configurations: Keras's keys and values for every layer, read here and there."""

from __future__ import annotations

import json

import pytest

import minirnn
from minirnn import layers

T, F = 4, 2
SEQUENCE, ROW = (None, T, F), (None, 6)
LAYERS = [
    ("SimpleRNN", {"units": 5, "activation": "silu", "go_backwards": True, "unroll": True}, SEQUENCE),
    ("LSTM", {"units": 5, "use_bias": False, "return_sequences": True, "unit_forget_bias": False}, SEQUENCE),
    ("LSTM", {"units": 5, "return_state": True, "recurrent_activation": "swish", "seed": 3}, SEQUENCE),
    ("LSTM", {"units": 5, "stateful": True}, (3, T, F)),
    ("LSTM", {"units": 5, "dropout": 0.25, "recurrent_dropout": 0.5, "seed": 3}, SEQUENCE),
    ("SimpleRNN", {"units": 5, "dropout": 0.25}, SEQUENCE),
    ("GRU", {"units": 5, "recurrent_dropout": 0.25}, SEQUENCE),
    ("GRU", {"units": 5, "reset_after": False, "zero_output_for_mask": True, "activation": "softsign"}, SEQUENCE),
    ("GRU", {"units": 5, "kernel_initializer": "he_normal", "recurrent_initializer": "zeros"}, SEQUENCE),
    ("Dense", {"units": 5}, ROW),
    ("Dense", {"units": 5, "activation": "softmax", "use_bias": False, "bias_initializer": "ones"}, SEQUENCE),
    ("Activation", {"activation": "swish"}, ROW),
    ("Dropout", {"rate": 0.25, "noise_shape": (None, 1, 2), "seed": 7}, SEQUENCE),
    ("Flatten", {}, SEQUENCE),
    ("Reshape", {"target_shape": (3, -1)}, ROW),
    ("RepeatVector", {"n": 3}, ROW),
    ("Masking", {"mask_value": 1.5}, SEQUENCE),
]
IDS = ["-".join([name, *options]) for name, options, _ in LAYERS]
every_layer = pytest.mark.parametrize("name, options, shape", LAYERS, ids=IDS)


def keras_config(keras, name, options):
    """The configuration as Keras writes it, and with what it leaves out."""
    config = getattr(keras.layers, name)(**options, name="mine").get_config()
    # Keras forgets the seed of a SimpleRNN and of no other layer; both read it.
    return config | {"seed": options.get("seed")} if name == "SimpleRNN" else config


@pytest.mark.parametrize("common", [{}, {"dtype": "float64"}, {"trainable": False}], ids=str)
@every_layer
def test_the_configuration_of_a_layer_is_that_of_keras(keras, name, options, shape, common):
    config = getattr(layers, name)(**options, **common, name="mine").get_config()
    assert config == keras_config(keras, name, options | common)


@every_layer
def test_a_configuration_of_keras_that_went_through_json_makes_an_equal_layer_and_back(keras, name, options, shape):
    kind, keras_kind = getattr(layers, name), getattr(keras.layers, name)
    config = keras_config(keras, name, options)
    ours = kind.from_config(json.loads(json.dumps(config)))
    assert json.loads(json.dumps(ours.get_config())) == json.loads(json.dumps(config))
    theirs = keras_kind.from_config(ours.get_config())
    for layer in (ours, theirs):
        layer.build(shape)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.trainable_weights]
    assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)


def test_the_configuration_of_an_input_is_that_of_keras(keras):
    ours, theirs = (library.layers.InputLayer((T, F), batch_size=3, name="x") for library in (minirnn, keras))
    assert ours.get_config() == theirs.get_config()
    again = layers.InputLayer.from_config(json.loads(json.dumps(theirs.get_config())))
    assert again.get_config() == theirs.get_config()


@pytest.mark.parametrize("declared", [True, False], ids=["with Input", "built by hand"])
def test_the_configuration_of_a_model_is_that_of_keras(keras, declared):
    configs = []
    for library in (minirnn, keras):
        kind = library.layers
        chain = [kind.LSTM(3, return_sequences=True, name="a"), kind.Flatten(name="b"), kind.Dense(1, name="c")]
        start = [kind.Input((T, F), name="x")] if declared else []
        model = library.Sequential([*start, *chain], name="m")
        if not declared:
            model.build((None, T, F))
        config = model.get_config()
        entries = config.pop("layers")
        # Keras adds to each layer the shape it was built for, and to a model an Input that it was not given.
        described = [{k: v for k, v in entry.items() if k != "build_config"} for entry in entries]
        configs.append((config, [entry for entry in described if declared or entry["class_name"] != "InputLayer"]))
        back = minirnn.Sequential.from_config(json.loads(json.dumps(config | {"layers": entries})))
        assert back.built and back.input_shape == (None, T, F)
    assert configs[0] == configs[1]


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("SimpleRNN", (4, "relu", False, "ones", "zeros", "ones")),
        ("LSTM", (4, "relu", "hard_sigmoid", False, "ones", "zeros", "ones")),
        ("GRU", (4, "relu", "hard_sigmoid", False, "ones", "zeros", "ones")),
        ("Dense", (4, "relu", False, "ones", "zeros")),
    ],
)
def test_arguments_by_position_come_in_the_order_of_keras(keras, name, arguments):
    ours, theirs = (getattr(library.layers, name)(*arguments, name="mine") for library in (minirnn, keras))
    for key, value in theirs.get_config().items():
        assert ours.get_config()[key] == value, key


def test_a_policy_of_half_precision_is_refused(keras):
    config = keras.layers.LSTM(4, dtype="mixed_float16").get_config()
    with pytest.raises(ValueError, match="dtype must be 'float32' or 'float64'"):
        layers.LSTM.from_config(config)


@pytest.mark.parametrize("key", ["sparse", "ragged", "optional"])
def test_an_input_that_is_no_dense_array_is_refused(key):
    with pytest.raises(NotImplementedError, match=key):
        layers.InputLayer.from_config(layers.InputLayer((T, F)).get_config() | {key: True})
