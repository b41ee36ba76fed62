"""`Replay`: a recurrent layer's call, computed anew in blocks of steps, of which one at a time is held.

A pass that keeps all T steps takes memory for T. Here a layer runs over about sqrt(T) steps at a time, from the states
that the block before it left, which are the only thing that is kept of that block. Going back, each block is computed
once more from these states (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"; for recurrent networks
Gruslys et al. 2016, "Memory-Efficient Backpropagation Through Time"). A block is a call of the layer itself, so its
numbers are those of the whole pass, bit for bit.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers.recurrence import Recurrent
from minirnn.study.layer_run import LayerRun

Array = NDArray[Any]


class Replay:
    """One call of a layer, as a `LayerRun` is one, in blocks. Nothing is dropped: it is a call outside of training.

    x       (B, T, F)   the input, in the order of the caller
    mask    (B, T)      or None
    first               the initial states (B, U), or None for zeros
    """

    keep: Any

    def __init__(self, layer: Recurrent, x: Array, mask: Array | None, first: list[Array] | None) -> None:
        order = slice(None, None, -1 if layer.go_backwards else 1)
        self.layer = layer
        self.x, self.keep = x[:, order], None if mask is None else mask[:, order]
        self.rows, self.steps, self.units = *x.shape[:2], layer.units
        self.dtype = x.dtype
        self.has_c = layer.state_count == 2
        self.weights = {weight.name: weight.numpy() for weight in layer.weights}
        count = max(1, self.steps // max(2, math.isqrt(self.steps)))  # a single step would be a kernel of its own
        self._edges = np.linspace(0, self.steps, count + 1).astype(int).tolist()
        # The states before each block, as far as they are known.
        self._states: list[list[Array] | None] = [first]
        # The layer that runs a block: the same weights, and no states of its own. Its output is not asked for.
        self._runs = copy.copy(layer)
        for name in ("go_backwards", "stateful", "return_sequences"):
            setattr(self._runs, name, False)

    def blocks(self) -> Iterator[tuple[int, LayerRun]]:
        """(its first step, what was computed) of each block, the first one first."""
        for number in range(len(self._edges) - 1):
            yield self._block(number)

    def blocks_back(self) -> Iterator[tuple[int, LayerRun]]:
        """The same, the last one first. RuntimeError if the layer's weights have changed since."""
        now = {weight.name: weight.numpy() for weight in self.layer.weights}
        if not all(np.array_equal(now[name], weight) for name, weight in self.weights.items()):
            raise RuntimeError(f"{self.layer.name}: its weights have changed since the trace: trace again")
        for number in range(len(self._states) - 1, len(self._edges) - 1):  # the trace may have ended before
            self._block(number)
        for number in reversed(range(len(self._edges) - 1)):
            yield self._block(number)

    def _block(self, number: int) -> tuple[int, LayerRun]:
        start, stop = self._edges[number : number + 2]
        x = np.ascontiguousarray(self.x[:, start:stop])
        mask = None if self.keep is None else np.ascontiguousarray(self.keep[:, start:stop])
        tape = self._runs.new_tape(x.shape, True, dropping=False)
        self._runs.forward(x, mask, tape, False, self._states[number])
        if number + 1 == len(self._states):
            self._states.append(self._runs.last_states(tape))
        return start, LayerRun.of(self._runs, tape, weights=self.weights)


def remember_first_states(layer: Recurrent, tape: Any) -> None:
    """Let a tape that keeps no steps keep the states that its next call begins with, as `tape.first`."""
    run, rows = tape.run, len(tape.y)
    tape.first = [np.zeros((rows, layer.units), tape.h.dtype) for _ in range(layer.state_count)]

    def remembering(*arguments: Any) -> None:
        rows = slice(*arguments[-2:])  # those of this thread
        for kept, slots in zip(tape.first, (tape.h, tape.c), strict=False):
            kept[rows] = slots[0, rows, : layer.units]
        run(*arguments)

    tape.run = remembering


def replay_of(layer: Recurrent, tape: Any, rows: Any = slice(None)) -> Replay:
    """The call that a tape was last used for, one that kept no steps but its first states; `rows` of it."""
    first = None if tape.from_zero else [state[rows] for state in tape.first]
    return Replay(layer, tape.x[rows], tape.mask[rows] if tape.mask.size else None, first)
