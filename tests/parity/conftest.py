"""What the tests of the deliberate differences share: numbers, and pairs of equal layers or models."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def both(keras, rng):
    """`both(make)`: what make(library) gives for minirnn and for Keras, with the same random weights."""

    def pair(make, shape=None):
        ours, theirs = make(minirnn), make(keras)
        for each in (ours, theirs):
            if shape is not None:
                each.build(shape)
        values = [rng.uniform(-1, 1, w.shape) for w in ours.weights]
        ours.set_weights(values)
        theirs.set_weights(values)
        return ours, theirs

    return pair
