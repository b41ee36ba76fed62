"""Calls of a layer by the layer that holds it: as a graph runs its steps, with the penalties on what they give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers.regularized import Penalty, activity_penalty, add_activity_gradients

Array = NDArray[Any]


class InnerCall:
    """One call of `layer`, with memory for inputs of these shapes, in the layer's own dtype."""

    def __init__(self, layer: Any, shapes: list[tuple[int, ...]], training: bool) -> None:
        self.layer, self.tape = layer, layer.run_tape(shapes, training)
        self._ys: list[Array] = []

    def run(self, xs: list[Array], masks: list[Any], training: bool) -> list[Array]:
        """What the layer gives."""
        xs = [x.astype(self.layer.dtype, copy=False) for x in xs]
        self._ys = self.layer.run(xs, masks, self.tape, training)
        return self._ys

    def run_back(self, dys: list[Array | None], needs: list[bool]) -> list[Array | None]:
        """The gradient of each input that `needs` one; sets those of the weights. A dy may be None."""
        given = [None if d is None else np.ascontiguousarray(d, self.layer.dtype) for d in dys]
        return self.layer.run_back(add_activity_gradients(self.layer, given, self._ys), self.tape, needs)

    def activities(self) -> Iterator[Penalty]:
        """The penalties on what the layer gave, and on what the layers within it did."""
        if self.layer.activity_regularizer is not None:
            yield from ((self.layer, activity_penalty(self.layer, y)) for y in self._ys)
        yield from self.layer.activities(self.tape)
