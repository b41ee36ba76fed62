"""Pairs of models, ours and Keras's, that begin with the same weights."""

from __future__ import annotations

import pytest

import minirnn
from reference import keras_side


@pytest.fixture
def twins(keras):
    """`twins(make, optimizer, loss, metrics)`: our model and Keras's in float64, compiled, with the same weights."""

    def make_both(make, optimizer, loss, **compiled):
        ours, theirs = make(minirnn), make(keras)
        theirs.set_weights(ours.get_weights())
        for model, library in ((ours, minirnn), (theirs, keras)):
            chosen = optimizer(library) if callable(optimizer) else optimizer
            # Keras computes the same eagerly, without half a minute of tracing graphs.
            model.compile(chosen, loss(library) if callable(loss) else loss, run_eagerly=True, **compiled)
        return ours, theirs

    # Keras computes losses, metrics and steps in its default dtype, whatever the layers' own.
    make_both.keras = keras
    with keras_side.precision("float64"):
        yield make_both
