"""Passes that only ask: what a pass in training changes, beside the gradients of weights, is put back after them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minirnn.layers.regularized import with_sublayers

_STATES = ("states", "_were_reset")  # of recurrent layers, if they have them


@contextmanager
def unchanged(layer: Any) -> Iterator[None]:
    """Leave a built layer, or model, as it is, and all within it.

    Moving statistics and whatever else is no weight to be trained, the states of stateful layers, and the generators
    that dropout draws from, so that the next batch is what it would have been.
    """
    parts = list(with_sublayers(layer))
    weights = [(w, w.packed.copy()) for w in layer.weights if not w.trainable]
    generators = [(generator, generator.state) for part in parts for generator in part.generators()]
    states = [(part, {name: vars(part)[name] for name in _STATES if name in vars(part)}) for part in parts]
    try:
        yield
    finally:
        for weight, packed in weights:
            weight.packed[...] = packed
        for generator, state in generators:
            generator.state = state
        for part, kept in states:
            vars(part).update(kept)
