"""What a functional model says about itself, as Keras's does, and the one-line errors of graphs that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import KerasTensor, Model, layers

Q = np.linspace(-1.0, 1.0, 5 * 3).reshape(5, 3, 1).astype("float32")


def shared(package, shape=lambda inputs, outputs: (inputs, outputs)):
    """Two inputs, an LSTM begun with another one's states, a layer called twice; `shape` nests inputs and outputs."""
    layers = package.layers
    x, a = package.Input((3, 1), name="x"), package.Input((None, 1), name="a")
    y, h, c = layers.LSTM(4, return_state=True, name="enc")(x)
    decoded = layers.LSTM(4, name="dec")(a, initial_state=[h, c])
    both = layers.Dense(4, name="both")
    inputs, outputs = shape([x, a], [both(y), both(decoded), h])
    return package.Model(inputs, outputs, name="m")


def single(package, nest=lambda tensor: tensor):
    x = package.Input((3, 1), name="x")
    return package.Model(nest(x), nest(package.layers.GRU(4, name="g")(x)), name="m")


def nested(package):
    layers = package.layers
    parts = [package.Input((3, 1)), layers.LSTM(4, name="l"), layers.Dense(2, name="d")]
    chain = package.Sequential(parts, name="inner")
    x = package.Input((3, 1), name="x")
    return package.Model(x, layers.Dense(1, name="out")(chain(x)), name="outer")


MODELS = {
    "single": single,
    "lists of one": lambda p: single(p, lambda tensor: [tensor]),
    "dicts of one": lambda p: single(p, lambda tensor: {"x": tensor}),
    "lists": shared,
    "tuples": lambda p: shared(p, lambda inputs, outputs: (tuple(inputs), tuple(outputs))),
    "dicts": lambda p: shared(
        p, lambda inputs, outputs: ({"x": inputs[0], "a": inputs[1]}, dict(zip("bca", outputs, strict=True)))
    ),
    "nested": nested,
    "no layer": lambda p: (lambda x: p.Model(x, x, name="m"))(p.Input((2,), name="x")),
}


def described(value):
    """Symbolic tensors in their nesting as shapes and dtypes, the same for both packages."""
    if isinstance(value, dict):
        return {key: described(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(described(entry) for entry in value)
    return (value.shape, value.dtype) if type(value).__name__ == "KerasTensor" else value


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_it_describes_itself_as_in_keras(keras, make):
    ours, theirs = make(minirnn), make(keras)
    for name in ("input", "output", "inputs", "outputs", "input_shape", "output_shape", "output_names", "built"):
        assert described(getattr(ours, name)) == described(getattr(theirs, name)), name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert ours.count_params() == theirs.count_params()
    assert [tuple(w.shape) for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_layers_know_the_tensors_of_their_first_call_as_in_keras(keras, make):
    for ours, theirs in zip(make(minirnn).layers, make(keras).layers, strict=True):
        if isinstance(ours, minirnn.models.Sequential):
            continue  # Keras's has no input and output here
        assert described(ours.output) == described(theirs.output), ours.name
        if not isinstance(ours, layers.InputLayer):
            assert described(ours.input) == described(theirs.input), ours.name


def test_an_input_layer_gives_its_tensor_as_input_and_output():
    model = single(minirnn)
    assert model.layers[0].input is model.layers[0].output is model.input


def test_a_layer_is_found_by_name_and_place():
    model = shared(minirnn)
    assert [model.get_layer(layer.name) for layer in model.layers] == model.layers
    assert model.get_layer("dec") is model.get_layer(index=3) is model.get_layer(index=-2) is model.layers[3]


def test_the_part_up_to_a_layer_is_a_model_with_the_same_weights():
    model = single(minirnn)
    whole = Model(model.input, layers.Dense(2)(model.get_layer("g").output))
    assert whole.get_layer("g") is model.get_layer("g")
    np.testing.assert_array_equal(Model(whole.input, whole.get_layer("g").output).predict(Q, verbose=0), model(Q))


def test_freezing_reaches_all_layers_of_layers_as_in_keras(keras):
    for freeze in (
        lambda m: None,
        lambda m: setattr(m, "trainable", False),
        lambda m: setattr(m.get_layer("inner"), "trainable", False),
        lambda m: setattr(m.get_layer("inner").get_layer("l"), "trainable", False),
        lambda m: (setattr(m, "trainable", False), setattr(m.get_layer("out"), "trainable", True)),
        lambda m: (setattr(m, "trainable", False), setattr(m, "trainable", True)),
    ):
        found = []
        for package in (minirnn, keras):
            model = nested(package)
            freeze(model)
            inner = model.get_layer("inner")
            flags = [layer.trainable for layer in (model, inner, *inner.layers, *model.layers)]
            found.append((flags, len(model.trainable_weights), len(model.non_trainable_weights)))
        assert found[0] == found[1]


def test_weights_travel_from_and_to_keras(keras):
    ours, theirs = shared(minirnn), shared(keras)
    ours.set_weights(theirs.get_weights())
    for array, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(array, other)
    before = ours.get_weights()
    with pytest.raises(ValueError, match=r"kernel: got shape \(2, 2\), expected \(1, 16\)"):
        ours.set_weights([np.zeros((2, 2)), *before[1:]])
    with pytest.raises(ValueError, match="model m has 8 weights, got 1 arrays"):
        ours.set_weights(before[:1])
    for array, other in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, other)


def of_itself():
    """A model whose first layer is made to depend on its last one."""
    x = minirnn.Input((4,))
    first, last = layers.Dense(4), layers.Dense(4, name="last")
    y = last(first(x))
    first.nodes[0].input_tensors[0] = y
    return Model(x, y)


def tensors():
    """Two inputs, and an output of the first."""
    x, other = minirnn.Input((3, 1), name="x"), minirnn.Input((3, 1), name="other")
    return x, other, layers.LSTM(4, name="h")(x)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda x, other, h: Model([], h), ValueError, "inputs must hold at least one symbolic tensor"),
        (lambda x, other, h: Model(x, []), ValueError, "outputs must hold at least one symbolic tensor"),
        (lambda x, other, h: Model(other, h), ValueError, "depend on the input 'x', which is not among .* (other)"),
        (lambda x, other, h: Model(x, other), ValueError, "depend on the input 'other'"),
        (lambda x, other, h: Model(x, KerasTensor((None, 3))), ValueError, "comes from no layer: begin with Input"),
        (lambda x, other, h: Model(Q, h), ValueError, "must be symbolic tensors .* got ndarray"),
        (lambda x, other, h: Model(x, layers.Dense(2)), ValueError, "must be symbolic tensors .* got Dense"),
        (lambda x, other, h: Model(x), TypeError, "takes inputs and outputs"),
        (lambda x, other, h: of_itself(), ValueError, "layer last depends on its own output"),
        (lambda x, other, h: Model(x, layers.Dense(1, name="h")(h)), ValueError, "two layers .* named 'h'"),
        (lambda x, other, h: Model([x, minirnn.Input((2,), name="x")], h), ValueError, "two layers .* named 'x'"),
        (lambda x, other, h: layers.LSTM(2, name="l")(h), ValueError, "l expects 3 dimensions .* got shape (None, 4)"),
        (lambda x, other, h: layers.LSTM(2)(x, initial_state=[h, h]), ValueError, r"expected (None, 2)"),
        (lambda x, other, h: layers.LSTM(4)(x, initial_state=[h]), ValueError, r"has 2 state.s., got 1"),
        (lambda x, other, h: layers.LSTM(4)(x, initial_state=[h, np.zeros((5, 4))]), TypeError, "got ndarray among"),
        (lambda x, other, h: layers.LSTM(4)(Q, initial_state=[h, h]), TypeError, "got ndarray among symbolic"),
        (lambda x, other, h: layers.Dense(4, name="d")([x, other]), ValueError, "d takes one input, got 2 tensors"),
        (lambda x, other, h: layers.Dense(4, name="d")(x, colour=3), TypeError, "d got an unexpected keyword"),
        (lambda x, other, h: layers.LSTM(4)(x, mask=Q), NotImplementedError, "put a Masking layer before"),
        (lambda x, other, h: Model(x, h, name="m")(minirnn.Input((4, 1))), ValueError, r"m: got input of shape"),
        (lambda x, other, h: Model([x, other], h, name="m")([x]), ValueError, r"m has 2 inputs (x, other), got 1"),
        (lambda x, other, h: Model([x, other], h)([x, Q]), TypeError, "got ndarray among symbolic tensors"),
        (lambda x, other, h: Model(x, h, name="m").get_layer("g"), ValueError, "m has no layer 'g'; it has x, h"),
        (lambda x, other, h: Model(x, h, name="m").get_layer(index=2), ValueError, "m has 2 layers, got the index 2"),
        (lambda x, other, h: minirnn.Sequential([x, h]), TypeError, "takes layers, got KerasTensor"),
        (lambda x, other, h: minirnn.Sequential(name="s").get_layer("g"), ValueError, "'g'; it has no layers"),
        (lambda x, other, h: minirnn.Sequential(name="s").input, AttributeError, "s has no inputs and outputs yet"),
        (lambda x, other, h: minirnn.Sequential(name="s").outputs, AttributeError, "s has no inputs and outputs yet"),
        (lambda x, other, h: layers.Dense(1, name="d").output, AttributeError, "layer d has no output yet"),
        (lambda x, other, h: layers.Dense(1, name="d").input, AttributeError, "layer d has no input yet"),
    ],
)
def test_graphs_that_cannot_be_are_refused_in_one_line(make, error, words):
    with pytest.raises(error, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
        make(*tensors())
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (bool, "neither true nor false"),
        (len, "its length is not known yet"),
        (list, "cannot be iterated over"),
        (np.asarray, "holds no numbers"),
        (np.sin, "numpy.sin was given <KerasTensor shape=(None, 3, 1)"),
        (np.mean, "numpy.mean was given"),
        (lambda x: np.concatenate([x, x]), "numpy.concatenate was given"),
        (lambda x: Q + x, "numpy.add was given"),
        (lambda x: x + 1, "has no arithmetic: use a layer"),
        (lambda x: 1 - x, "has no arithmetic"),
        (lambda x: x[0], "has no arithmetic"),
        (minirnn.losses.get("mse"), None),
    ],
)
def test_a_symbolic_tensor_is_no_array(use, words):
    x = minirnn.Input((3, 1), name="x")
    with pytest.raises(TypeError) as caught:
        use(x) if words else use(x, x)
    assert (words or "holds no numbers") in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [5, (None, -1), (2.5,), (True,), "ab"])
def test_a_symbolic_tensor_needs_a_shape(shape):
    with pytest.raises(ValueError, match="a shape holds whole numbers"):
        KerasTensor(shape)
    assert KerasTensor([None, 3]).shape == (None, 3) and KerasTensor((None, 3)).ndim == 2


def test_training_given_in_a_call_is_recorded_and_changes_no_prediction(keras):
    def make(library):
        x = library.layers.Input((6,))
        return library.models.Model(x, library.layers.Dropout(0.5)(x, training=True))

    ours, theirs = make(minirnn), make(keras)
    x = np.ones((2, 6), np.float32)
    np.testing.assert_array_equal(ours.predict(x, verbose=0), theirs.predict(x, verbose=0))
    assert ours.get_config()["layers"][1]["inbound_nodes"][0]["kwargs"] == {"training": True}
