"""A model of Keras and one of minirnn, sent through each other's files."""

from __future__ import annotations

from typing import Any

import numpy as np

import minirnn
from minirnn import saving
from minirnn.utils.nested import flatten

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}


def outputs(model: Any, x: Any) -> list[np.ndarray]:
    """All outputs for one batch; of Keras's model without a graph, whose drawing takes a second."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
    found = model.predict_on_batch(x) if isinstance(model, minirnn.Model) else model(x, training=False)
    return [np.asarray(y) for y in flatten(found)]


def both_ways(keras: Any, theirs: Any, x: Any, folder: Any, dtype: str = "float32", custom: Any = None) -> Any:
    """Keras's model -> our file and weights -> Keras's, compared by their outputs; our model of Keras's file."""
    path, back = folder / "theirs.keras", folder / "ours.keras"
    theirs.save(path)
    ours = saving.load_model(path, custom)
    wanted = outputs(keras.saving.load_model(path, custom), x)  # Normalization is ready once it was loaded
    close(outputs(ours, x), wanted, dtype)
    ours.save(back)
    again = keras.saving.load_model(back, custom)
    close(outputs(again, x), wanted, dtype)
    assert [v.shape for v in again.weights] == [v.shape for v in theirs.weights]
    assert saving.verify(back, custom) == (True, custom is None)
    for source, target in ((ours, again), (again, ours)):
        weights = folder / "some.weights.h5"
        source.save_weights(weights)
        target.load_weights(weights)
        close(outputs(target, x), wanted, dtype)
    return ours


def close(got: list[np.ndarray], wanted: list[np.ndarray], dtype: str) -> None:
    """Equal up to the rounding of unlike kernels."""
    for ours, theirs in zip(got, wanted, strict=True):
        scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE[dtype] * scale)
