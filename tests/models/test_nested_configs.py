"""A model that is called twice within another one keeps its calls apart in configurations, here and in Keras."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn

A = np.linspace(-1.0, 1.0, 4 * 3).reshape(4, 3, 1).astype("float32")
B = np.cos(5 * A)


def nested(package):
    """The outer model's layers and outputs each take another call of the inner one."""
    layers = package.layers
    x = package.Input((3, 1), name="x")
    middle = package.Model(x, [layers.LSTM(2, name="l")(x), layers.GRU(2, name="g")(x)], name="middle")
    a, b = package.Input((3, 1), name="a"), package.Input((3, 1), name="b")
    of_a, of_b = middle(a), middle(b)
    return package.Model([a, b], [of_a[0], layers.Dense(3, name="e")(of_a[1]), of_b[1]], name="top")


@pytest.mark.parametrize("written_by", ["minirnn", "keras"])
@pytest.mark.parametrize("read_by", ["minirnn", "keras"])
def test_calls_of_an_inner_model_are_read_as_they_were_written(keras, written_by, read_by):
    packages = {"minirnn": minirnn, "keras": keras}
    model = nested(packages[written_by])
    read = packages[read_by].models.model_from_json(model.to_json())
    assert [layer.name for layer in read.layers] == [layer.name for layer in model.layers]
    read.set_weights(model.get_weights())
    for found, expected in zip(read.predict([A, B], verbose=0), model.predict([A, B], verbose=0), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_configuration_numbers_calls_as_keras_does(keras):
    ours, theirs = (nested(package).get_config() for package in (minirnn, keras))
    assert ours["output_layers"] == theirs["output_layers"] and ours["input_layers"] == theirs["input_layers"]

    def histories(config):
        calls = [call for layer in config["layers"] for call in layer["inbound_nodes"]]
        return [call["args"][0]["config"]["keras_history"] for call in calls]

    assert histories(ours) == histories(theirs)
