"""Pairs of layers, ours and Keras's, with the same random weights."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import layers


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def twins(keras, rng):
    """`twins(name, input_shape, **arguments)`: our layer and Keras's, built, with weights from -scale .. scale."""

    def make(name, input_shape, scale=1.0, **arguments):
        ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
        for layer in (ours, theirs):
            layer.build(input_shape)
        values = [rng.uniform(-scale, scale, w.shape) for w in theirs.weights]
        ours.set_weights(values)
        theirs.set_weights(values)
        return ours, theirs

    return make
