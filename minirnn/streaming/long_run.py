"""`LongRun`: inference over sequences so long that no layer's values for all of their steps should be held at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.streaming.block import Block
from minirnn.streaming.causality import Design, Kind

Array = NDArray[Any]
LONG = 4096  # steps from which on a sequence is taken in portions
ROWS_AT_ONCE = 4096  # rows (batch x steps) of a portion


class LongRun:
    """Memory for the forward pass of a causal model, in portions of time: it does not grow with the sequences' length.

    To be used in place of a `training.run.Run` for inference, with the same outputs, bit for bit.
    """

    def __init__(self, design: Design, shapes: tuple[tuple[int, ...], ...]) -> None:
        self.design, self.shapes = design, shapes
        lengths = [shape[1] for number, shape in enumerate(shapes) if self._is_sequence(number)]
        self.batch, self.steps = shapes[0][0], lengths[0]
        self.portion = max(1, ROWS_AT_ONCE // self.batch)
        self._carried = [part.carried for part in design.parts if part.carried is not None]

    def _is_sequence(self, number: int) -> bool:
        return self.design.kinds[number] is Kind.SEQUENCE

    def forward(self, xs: list[Array]) -> list[Array]:
        """The outputs, new arrays."""
        states = [entry.initial(self.batch) for entry in self._carried]
        block = Block(self.design, self.batch, self.portion, every=False)
        numbers = self.design.graph.output_numbers
        outputs: list[Any] = [None] * len(numbers)
        for start in range(0, self.steps, self.portion):
            stop = min(start + self.portion, self.steps)
            if stop - start < self.portion:
                block = Block(self.design, self.batch, stop - start, every=False)
            given = [self._part(x, start, stop) if self._is_sequence(n) else x for n, x in enumerate(xs)]
            ys, states = block.run(given, states, first=start == 0, ends=stop == self.steps)
            for place, (number, y) in enumerate(zip(numbers, ys, strict=True)):
                if not self._is_sequence(number):
                    outputs[place] = y
                    continue
                if start == 0:
                    outputs[place] = np.empty((self.batch, self.steps, *y.shape[2:]), y.dtype)
                outputs[place][:, start:stop] = y
        return outputs

    @staticmethod
    def _part(x: Array, start: int, stop: int) -> Array:
        return np.ascontiguousarray(x[:, start:stop])


def long_run(graph: Any, shapes: tuple[tuple[int, ...], ...]) -> LongRun | None:
    """For long sequences and a model that is causal; None where a `Run` must take the sequences whole.

    That is also for layers that keep states from call to call.
    """
    if any(getattr(step.layer, "stateful", False) for step in graph.steps):
        return None
    try:
        design = Design(graph)
    except ValueError:  # a layer that looks ahead
        return None
    lengths = {shape[1] for shape, kind in zip(shapes, design.kinds, strict=False) if kind is Kind.SEQUENCE}
    return LongRun(design, shapes) if len(lengths) == 1 and min(lengths) >= LONG else None
