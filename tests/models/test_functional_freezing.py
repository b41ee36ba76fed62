"""Frozen parts of functional models: nothing is computed for them, and the gradients of the rest stay as they were."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.layers import dense, recurrence
from minirnn.utils.nested import flatten
from reference import compare, keras_side
from reference.graphs import GRAPHS, build_graph, graph_data

CASES = {case.name: case for case in GRAPHS}
FROZEN = [
    ("tensors used twice", ["gate"]),
    ("a layer shared by branches", ["shared"]),
    ("merges of masked branches", ["forth", "last"]),
    ("encoder and decoder, LSTM", ["encoder"]),
    ("encoder and decoder, LSTM", ["decoder", "y"]),
    ("models in a model", ["inner"]),
    ("models in a model", ["chain", "y"]),
    ("models in a chain", ["inner", "tail"]),
]


@pytest.fixture
def float64(keras):
    with keras_side.precision("float64"):
        yield keras


@pytest.fixture
def handed_over(monkeypatch):
    """The kernels that Dense and recurrent layers have called."""
    kernels = []

    def watched(repeat):
        def repeated(kernel, *arguments, **options):
            kernels.append(kernel)
            return repeat(kernel, *arguments, **options)

        return repeated

    for module in (dense, recurrence):
        monkeypatch.setattr(module, "repeat", watched(module.repeat))
    return kernels


@pytest.mark.parametrize("name, frozen", FROZEN, ids=str)
def test_with_frozen_layers_outputs_and_all_other_gradients_are_those_of_keras(float64, name, frozen):
    case = CASES[name]
    ours, theirs = build_graph(case, minirnn), case.draw(float64)
    theirs.set_weights(ours.get_weights())
    x, y = graph_data(case, ours)
    ours.compile("sgd", "mse")
    _, before, dx_before = ours.compute_gradients(x, y)
    by_weight = dict(zip(ours.trainable_weights, before, strict=True))
    for model in (ours, theirs):
        for layer in frozen:
            model.get_layer(layer).trainable = False
    assert [w.shape for w in ours.trainable_weights] == [tuple(w.shape) for w in theirs.trainable_weights]
    assert 0 < len(ours.trainable_weights) < len(ours.weights)
    _, after, dx_after = ours.compute_gradients(x, y)
    for weight, gradient in zip(ours.trainable_weights, after, strict=True):
        np.testing.assert_array_equal(gradient, by_weight[weight])
    for dx, was in zip(flatten(dx_after), flatten(dx_before), strict=True):
        np.testing.assert_array_equal(dx, was)
    compare.require(compare.compare_model(ours, x, y, keras_twin=theirs))


def test_a_frozen_model_in_a_model_is_not_trained_and_computes_no_gradients_of_weights(handed_over):
    inner_x = minirnn.Input((4, 3))
    inner = minirnn.models.Model(inner_x, layers.Dense(3)(layers.GRU(5)(inner_x)))
    x = minirnn.Input((4, 3))
    model = minirnn.models.Model(x, layers.Dense(1)(inner(x)))
    model.compile("sgd", "mse")
    data = np.ones((2, 4, 3)), np.ones((2, 1))
    model.train_on_batch(*data)
    handed_over.clear()
    model.train_on_batch(*data)
    when_free = len(handed_over)
    inner.trainable = False
    kept, moving = inner.get_weights(), model.layers[-1].get_weights()
    model.train_on_batch(*data)
    handed_over.clear()
    model.train_on_batch(*data)
    # Forward of three layers, and of the last one its own gradients: neither dx nor anything below is asked for.
    assert len(handed_over) == 3 + 2 < when_free
    for weight, was in zip(inner.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(weight, was)
    assert any((w != was).any() for w, was in zip(model.layers[-1].get_weights(), moving, strict=True))


def test_a_frozen_model_keeps_its_weights_and_still_gives_gradients_of_its_inputs():
    case = CASES["attention"]
    model = build_graph(case, minirnn)
    x, y = graph_data(case, model)
    model.compile("sgd", "mse")
    loss, _, dx = model.compute_gradients(x, y)
    model.trainable = False
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == len(model.weights)
    frozen_loss, gradients, frozen_dx = model.compute_gradients(x, y)
    assert frozen_loss == loss and gradients == []
    for found, expected in zip(frozen_dx, dx, strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="attention has no trainable weights"):
        model.train_on_batch(x, y)


def test_a_layer_that_two_models_share_is_frozen_in_both():
    x = minirnn.Input((3,))
    shared = layers.Dense(2)
    one, two = (minirnn.models.Model(x, layers.Dense(1)(shared(x))) for _ in range(2))
    shared.trainable = False
    assert [len(model.trainable_weights) for model in (one, two)] == [2, 2]
    assert two.layers[1] is shared is one.layers[1]
