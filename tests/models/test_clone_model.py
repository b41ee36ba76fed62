"""`clone_model`: equal architecture, new weights."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import Model, layers
from minirnn.models import clone_model

X = np.linspace(-1.0, 1.0, 5 * 3).reshape(5, 3, 1).astype("float32")


def graph():
    """A model within a model, states passed on, a layer called twice, outputs by name."""
    inner = minirnn.Sequential([minirnn.Input((3, 1)), layers.GRU(4, name="g")], name="inner")
    x = minirnn.Input((3, 1), name="x")
    both = layers.Dense(4, name="both", trainable=False)
    h = both(inner(x))
    y = layers.LSTM(4, name="l")(x, initial_state=[h, both(h)])
    return Model({"x": x}, {"y": y, "h": h}, name="whole")


def chain():
    return minirnn.Sequential([minirnn.Input((3, 1), name="x"), layers.LSTM(2), layers.Dense(1)], name="chain")


@pytest.mark.parametrize("make", [graph, chain])
@pytest.mark.parametrize("recursive", [False, True])
def test_a_clone_computes_the_same_with_the_same_weights(make, recursive):
    model = make()
    clone = clone_model(model, recursive=recursive)
    assert type(clone) is type(model) and clone.get_config() == model.get_config()
    assert not set(clone.layers) & set(model.layers) and not set(clone.weights) & set(model.weights)
    assert len(clone.trainable_weights) == len(model.trainable_weights)
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    x = {"x": X} if make is graph else X
    expected, found = model.predict(x, verbose=0), clone.predict(x, verbose=0)
    for key in expected if make is graph else [...]:
        np.testing.assert_array_equal(found[key], expected[key])


def test_a_chain_without_input_stays_unbuilt():
    clone = clone_model(minirnn.Sequential([layers.LSTM(2), layers.Dense(1)]))
    assert not clone.built and [type(layer).__name__ for layer in clone.layers] == ["LSTM", "Dense"]


@pytest.mark.parametrize("make", [graph, chain])
def test_it_can_stand_on_other_inputs(make):
    x = minirnn.Input((3, 1), name="elsewhere")
    clone = clone_model(make(), input_tensors=[x])
    assert clone.inputs == [x]


def test_functions_may_change_layers_and_calls_as_in_keras(keras):
    for package in (minirnn, keras):
        x = package.Input((3, 1), name="x")
        model = package.Model(x, package.layers.Dense(1)(package.layers.LSTM(2)(x)))

        def wider(layer, package=package):
            return package.layers.GRU(3) if "lstm" in layer.name else type(layer).from_config(layer.get_config())

        def dropped(layer, x, package=package, **kwargs):
            return package.layers.Dropout(0.1)(layer(x, **kwargs))

        clone = package.models.clone_model(model, clone_function=wider, call_function=dropped)
        kinds = [type(layer).__name__ for layer in clone.layers]
        assert kinds == ["InputLayer", "GRU", "Dropout", "Dense", "Dropout"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (lambda: (layers.Dense(1),), TypeError, "takes a model, got Dense"),
        (lambda: (graph(), [X]), ValueError, "must be 1 symbolic tensor"),
        (lambda: (chain(), [minirnn.Input((3, 1))] * 2), ValueError, "must be 1 symbolic tensor"),
        (lambda: (chain(), None, None, lambda layer, x: layer(x)), ValueError, "for functional models"),
    ],
)
def test_what_cannot_be_cloned_is_refused_in_one_line(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        clone_model(*arguments())
    assert "\n" not in str(caught.value)
