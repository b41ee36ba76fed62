"""`FastStep`: one step of a chain of recurrent and Dense layers as one call of one kernel.

What `Block` does for any model takes longer in Python than such layers compute. Here their memory, arguments and
machine code are looked up once, and `kernels.streaming.take_step` runs through them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.jit import JIT_ENABLED
from minirnn.kernels.calling import record
from minirnn.kernels.dense import dense_forward
from minirnn.kernels.recurrence import forward
from minirnn.kernels.streaming import RECURRENT, take_step
from minirnn.kernels.threads import WORTH_WAKING
from minirnn.layers import Dense
from minirnn.layers.layer import NO_MASK
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.tape import Tape
from minirnn.layers.weight import zeros
from minirnn.streaming.causality import Design, Part

Array = NDArray[Any]


class FastStep:
    """Steps of `batch` rows. `states` are those of the recurrent layers, views of the memory that kernels work in.

    `run(x, y, words)` is a step, x (batch, features) to y (batch, units); False, without one, if a number in x is
    not finite.
    """

    def __init__(self, parts: list[Part], features: int, batch: int) -> None:
        layers = [part.carried.every if part.carried else part.layer for part in parts]
        self.batch = batch
        self.states: list[list[Array]] = []
        self.addresses: list[int] = []
        self._tapes: list[Tape] = []
        self.x = value = zeros((batch, features), layers[0].dtype)
        words: list[int] = []
        for layer in layers:
            value, more = (self._recurrent if isinstance(layer, Recurrent) else self._dense)(layer, value)
            words += more
        self.y = value
        self.words = np.array([*record([self.x, self.y]), len(layers), *words], np.int64)
        self.run = take_step.specialise(self.x, self.y, self.words)

    @property
    def work(self) -> int:
        """Multiply-adds of the largest layer."""
        return max(tape.work for tape in self._tapes)

    def _recurrent(self, layer: Recurrent, value: Array) -> tuple[Array, list[int]]:
        x = value.reshape(self.batch, 1, -1)
        t = self._tape(layer.run_tape([x.shape], False))
        cell, *arrays, drop, reverse, zero_output = t.forward_arguments
        arguments = (cell, *arrays, drop, reverse, zero_output, False, 0, 1, 0, self.batch)
        self.states.append([slots[0, : self.batch, : layer.units] for slots in (t.h, t.c)[: layer.state_count]])
        self.addresses.append(forward.address(x, NO_MASK, *arguments))
        return t.y[:, 0], [RECURRENT, self.addresses[-1], *record([x, *arrays])]

    def _dense(self, layer: Dense, value: Array) -> tuple[Array, list[int]]:
        t = self._tape(layer.new_tape(value.shape, False))
        act, tile, *arrays = t.forward_arguments
        self.addresses.append(dense_forward.address(value, act, tile, *arrays, 0, self.batch))
        return t.y, [len(tile), self.addresses[-1], *record([value, *arrays])]

    def _tape(self, tape: Tape) -> Tape:
        self._tapes.append(tape)  # whose memory the words name
        return tape


def fast_step(design: Design, batch: int) -> FastStep | None:
    """The fast way through a model, None for those that have none."""
    graph, parts = design.graph, [part for part in design.parts if not part.layer.only_in_training]
    chain = graph.is_chain and len(graph.inputs) == len(graph.outputs) == 1 and len(graph.inputs[0].shape) == 3
    if not (JIT_ENABLED and chain and parts and all(map(_is_fast, parts))):
        return None
    if {part.layer.dtype for part in parts} != {graph.inputs[0].dtype}:
        return None
    found = FastStep(parts, graph.inputs[0].shape[-1], batch)
    return found if found.work < WORTH_WAKING and 0 not in found.addresses else None


def _is_fast(part: Part) -> bool:
    layer = part.layer
    if isinstance(layer, Recurrent):
        return type(layer).forward is Recurrent.forward and part.carried is not None and len(part.made) == 1
    return type(layer) is Dense and layer.activation != "softmax"
