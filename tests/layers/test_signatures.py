"""Signatures: Keras's names, in its order, with its defaults, so that its documentation is ours and positions agree."""

from __future__ import annotations

import inspect

import pytest

import minirnn
from minirnn import initializers, layers
from minirnn.regularizers import L2

# Layers without a counterpart in Keras: all arguments of its LSTM, by position too, and their own by name.
OWN = ["CoupledLSTM", "LayerNormLSTM", "PeepholeLSTM", "ZoneoutLSTM"]
LAYERS = [name for name in layers.__all__ if name not in OWN]
INITIALIZERS = [name for name in initializers.__all__ if name[0].isupper()]

# Names without a counterpart in Keras, each with its reason. All others have the same signature.
ALONE = {"RandomInitializer": "Keras has this base class of the seeded initializers, but does not export it"}
# Arguments that Keras has not, each with its reason.
ADDED = {"warn_outside": "Normalization tells of inputs outside the range that it has seen"}


def arguments(function):
    """(name, kind, default) of every argument, the annotations and minirnn's own left aside."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind.name, p.default) for p in parameters if p.name not in ADDED]


def constructor(library, name):
    made = getattr(library, name)
    return made.__init__ if inspect.isclass(made) else made


@pytest.mark.parametrize("name", LAYERS)
def test_the_signature_of_a_layer_is_that_of_keras(keras, name):
    assert arguments(constructor(layers, name)) == arguments(constructor(keras.layers, name))


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_signature_of_an_initializer_is_that_of_keras(keras, name):
    if name in ALONE:
        assert not hasattr(keras.initializers, name), f"compare it now, although: {ALONE[name]}"
    else:
        assert arguments(constructor(initializers, name)) == arguments(constructor(keras.initializers, name))


def test_the_signatures_at_the_top_are_those_of_keras(keras):
    for name in ("Input", "Sequential"):
        assert arguments(constructor(minirnn, name)) == arguments(constructor(keras, name))


def in_order(library, name, size=4):
    """The layer with every argument of its signature by position: the defaults, but for the required ones."""
    values = [size if p[2] is inspect.Parameter.empty else p[2] for p in arguments(getattr(library, name).__init__)[1:]]
    return getattr(library, name)(*values[:-1])


@pytest.mark.parametrize("name", OWN)
def test_a_layer_that_keras_has_not_takes_what_its_lstm_takes(keras, name):
    assert not hasattr(keras.layers, name), "compare it now"
    defaults = [p[2] for p in arguments(layers.LSTM.__init__)[2:-1]]
    by_position, by_name = getattr(layers, name)(4, *defaults), getattr(layers, name)(units=4)
    assert by_position.get_config() == by_name.get_config() | {"name": by_position.name}
    assert set(layers.LSTM(4).get_config()) <= set(by_name.get_config())


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "Dense"])
def test_every_argument_may_come_by_position(name):
    by_position, by_name = in_order(layers, name), getattr(layers, name)(units=4)
    assert by_position.get_config() == by_name.get_config() | {"name": by_position.name}


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [("LSTM", "unit_forget_bias", False), ("GRU", "reset_after", False), ("LSTM", "return_sequences", True),
     ("GRU", "return_state", True), ("SimpleRNN", "seed", 3), ("LSTM", "stateful", True)],
)  # fmt: skip
def test_a_late_argument_by_position_is_taken_for_what_it_is(name, argument, value):
    names = [p[0] for p in arguments(getattr(layers, name).__init__)[1:]]
    defaults = {p[0]: p[2] for p in arguments(getattr(layers, name).__init__)[1:-1]} | {"units": 4}
    before = [defaults[n] for n in names[: names.index(argument)]]
    config = getattr(layers, name)(*before, value).get_config()
    assert config == getattr(layers, name)(4, **{argument: value}, name=config["name"]).get_config()
    assert config[argument] == value


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "Dense"])
def test_a_regularizer_by_position_is_that_of_its_place(name):
    names = [p[0] for p in arguments(getattr(layers, name).__init__)[1:]]
    defaults = [p[2] for p in arguments(getattr(layers, name).__init__)[1:]]
    layer = getattr(layers, name)(4, *defaults[1 : names.index("bias_regularizer")], "l2")
    assert type(layer.bias_regularizer) is L2 and layer.kernel_regularizer is None


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.Dense(4, lora_rank=2), NotImplementedError, "lora_rank"),
        (lambda: layers.Dense(4, lora_alpha=2), NotImplementedError, "lora_alpha"),
        (lambda: layers.Dense(4, quantization_config={}), NotImplementedError, "quantization_config"),
        (lambda: layers.Dropout(0.5, autocast=False), NotImplementedError, "autocast"),
        (lambda: layers.SimpleRNN(4, use_cudnn=True), TypeError, "use_cudnn"),
        (lambda: layers.Flatten("channels_first"), NotImplementedError, "channels_first"),
        (lambda: layers.Input((3, 1), sparse=True), NotImplementedError, "sparse"),
        (lambda: layers.Input((3, 1), ragged=True), NotImplementedError, "ragged"),
        (lambda: layers.Input((3, 1), optional=True), NotImplementedError, "optional"),
        (lambda: layers.Input(tensor=object()), NotImplementedError, "input_tensor is not supported"),
        (lambda: layers.Input(batch_size=2, batch_shape=(2, 3, 1)), ValueError, "either batch_size or batch_shape"),
        (lambda: layers.InputLayer((3, 1), shpae=3), TypeError, "'shpae'"),
    ],
)
def test_what_a_signature_names_and_minirnn_has_not_is_refused_in_one_line(make, error, words):
    with pytest.raises(error, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.* is an older spelling:DeprecationWarning")
@pytest.mark.parametrize("keyword", [{"input_shape": (3, 1)}, {"batch_input_shape": (None, 3, 1)}], ids=str)
def test_an_input_layer_takes_the_keywords_of_older_scripts(keyword):
    assert layers.InputLayer(**keyword).batch_shape == (None, 3, 1)
