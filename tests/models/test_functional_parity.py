"""Functional models of the standard set beside Keras on TensorFlow: order, numbers, training, configurations."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minirnn
from minirnn.layers.naming import reset_names
from minirnn.utils.nested import flatten
from reference import compare, keras_side
from reference.graphs import GRAPHS, build_graph, graph_data

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
NOT_COMPARED = {"build_config", "compile_config", "mask", "training", "seed"}


@pytest.fixture
def float64(keras):
    """Both libraries with everything in float64."""
    with keras_side.precision("float64"):
        yield keras


@pytest.fixture(params=GRAPHS, ids=lambda case: case.name)
def drawn(request, float64):
    """(case, our model, Keras's), with the same weights, names counted from the first."""
    case = request.param
    reset_names()
    float64.utils.clear_session()
    ours, theirs = build_graph(case, minirnn), case.draw(float64)
    theirs.set_weights(ours.get_weights())
    return case, ours, theirs


def essential(config):
    """A configuration without what only Keras keeps in it: shapes for building, and how masks are computed."""
    if isinstance(config, dict):
        return {key: essential(value) for key, value in config.items() if key not in NOT_COMPARED}
    if isinstance(config, (list, tuple)):
        entries = [e for e in config if not (isinstance(e, dict) and "keras.src.ops" in str(e.get("module")))]
        return [essential(entry) for entry in entries]
    return config


def predicted(model, x):
    return [np.asarray(y) for y in flatten(compare.model_output(model, x))]


def assert_equal_outputs(model, other, x):
    for y, expected in zip(predicted(model, x), predicted(other, x), strict=True):
        np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)


def test_layers_and_weights_stand_in_the_order_of_keras(drawn):
    _, ours, theirs = drawn
    assert [(x.name, type(x).__name__) for x in ours.layers] == [(x.name, type(x).__name__) for x in theirs.layers]
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        found, expected = getattr(ours, kind), getattr(theirs, kind)
        assert [(w.name, w.shape) for w in found] == [(w.name, tuple(w.shape)) for w in expected]
    assert ours.count_params() == theirs.count_params()
    assert [t.shape for t in ours.outputs] == [tuple(t.shape) for t in theirs.outputs]
    assert ours.output_names == getattr(theirs, "output_names", ours.output_names)


def test_outputs_loss_and_gradients_of_all_weights_and_inputs_are_those_of_keras(drawn):
    case, ours, theirs = drawn
    checks = compare.compare_model(ours, *graph_data(case, ours), keras_twin=theirs)
    compare.require(checks)
    assert len(checks) == len(ours.outputs) + 1 + len(ours.weights) + len(ours.inputs)


def test_losses_and_weights_of_a_training_run_are_those_of_keras(drawn, float64):
    case, ours, theirs = drawn
    x, y = graph_data(case, ours)
    for model, library in ((ours, minirnn), (theirs, float64)):
        # Keras computes the same eagerly, without tracing graphs.
        model.compile(library.optimizers.SGD(0.1, momentum=0.9), "mse", run_eagerly=True)
    found, expected = (m.fit(x, y, batch_size=5, epochs=2, shuffle=False, verbose=0).history for m in (ours, theirs))
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9)
    for weight, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(weight, other, rtol=0, atol=1e-10)
    np.testing.assert_allclose(
        ours.evaluate(x, y, verbose=0, return_dict=True)["loss"],
        theirs.evaluate(x, y, verbose=0, return_dict=True)["loss"],
        rtol=1e-9,
    )
    for part, other in zip(flatten(ours.predict(x, 5, 0)), flatten(theirs.predict(x, 5, 0)), strict=True):
        np.testing.assert_allclose(part, other, rtol=0, atol=1e-10)


def test_the_configuration_is_that_of_keras_and_makes_an_equal_model_here_and_there(drawn, float64):
    case, ours, theirs = drawn
    x, _ = graph_data(case, ours)
    assert essential(json.loads(ours.to_json())) == essential(json.loads(theirs.to_json()))
    readers = [
        lambda: float64.models.model_from_json(ours.to_json()),
        lambda: minirnn.models.model_from_json(theirs.to_json()),
        lambda: minirnn.models.model_from_json(ours.to_json()),
        lambda: type(theirs).from_config(ours.get_config()),
        lambda: type(ours).from_config(theirs.get_config()),
        lambda: type(ours).from_config(ours.get_config()),
    ]
    for read in readers:
        model = read()
        assert [layer.name for layer in model.layers] == [layer.name for layer in ours.layers]
        assert [w.shape for w in model.get_weights()] == [w.shape for w in ours.get_weights()]
        model.set_weights(ours.get_weights())
        assert_equal_outputs(model, theirs, x)
        assert essential(json.loads(model.to_json()))["config"] == essential(json.loads(ours.to_json()))["config"]
