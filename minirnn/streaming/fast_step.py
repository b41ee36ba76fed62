"""`FastStep`: one step of a chain of recurrent and Dense layers as a few calls of kernels, all prepared.

What `Block` does for any model takes as long in Python as these kernels take. Here memory, arguments and machine code
are looked up once: a step is one call for each layer, of the very kernels that `predict` runs, and one that takes x in.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from minirnn.jit import JIT_ENABLED
from minirnn.kernels.streaming import go_on, take_in
from minirnn.kernels.threads import WORTH_SHARING
from minirnn.layers import Dense
from minirnn.layers.layer import NO_MASK
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.tape import Tape
from minirnn.layers.weight import zeros
from minirnn.streaming.causality import Design

Array = NDArray[Any]


class FastStep:
    """Steps of `batch` rows. `states` are those of the recurrent layers, views of the memory that kernels work in.

    `begin(x, self.x)` takes x (batch, features) in, if all of its numbers are finite, and says whether they are;
    `calls` are kernels with their arguments, to be run one after the other, and then
    `last(*last_arguments, y, 0, batch)` is the last layer, which fills y (batch, units).
    """

    def __init__(self, design: Design, batch: int) -> None:
        tensor = design.graph.inputs[0]
        layers = [part.carried.every if part.carried else part.layer for part in design.parts if not _is_idle(part)]
        self.x = zeros((batch, tensor.shape[-1]), layers[0].dtype)
        self.begin = take_in.specialise(self.x, self.x)
        self.states: list[list[Array]] = []
        self.calls: list[tuple[Any, tuple]] = []
        self.work = 0  # multiply-adds of the largest layer
        value = self.x
        for layer in layers:
            add = self._add_recurrent if isinstance(layer, Recurrent) else self._add_dense
            value = add(layer, value, batch)
        self.last, (*self.last_arguments, _, _, _) = self.calls.pop()

    def _add_recurrent(self, layer: Any, value: Array, batch: int) -> Array:
        x = value.reshape(batch, 1, -1)
        t = self._tape(layer.run_tape([x.shape], False))
        self.calls.append((t.forward, (x, NO_MASK, *t.forward_arguments, False, 0, 1, 0, batch)))
        self.calls.append((go_on.specialise(t.h, t.c), (t.h, t.c)))
        self.states.append([slots[0, :, : layer.units] for slots in (t.h, t.c)[: layer.state_count]])
        return t.y

    def _add_dense(self, layer: Any, value: Array, batch: int) -> Array:
        x = value.reshape(batch, -1)
        t = self._tape(layer.new_tape(x.shape, False))
        self.calls.append((t.forward, (x, *t.forward_arguments, 0, batch)))
        return t.y

    def _tape(self, tape: Tape) -> Tape:
        self.work = max(self.work, tape.work)
        return tape


def fast_step(design: Design, batch: int) -> FastStep | None:
    """The fast way through a model, None for those that have none."""
    graph, parts = design.graph, [part for part in design.parts if not _is_idle(part)]
    chain = graph.is_chain and len(graph.inputs) == len(graph.outputs) == 1 and len(graph.inputs[0].shape) == 3
    if not (JIT_ENABLED and chain and parts and all(map(_is_fast, parts)) and isinstance(parts[-1].layer, Dense)):
        return None
    if len({part.layer.dtype for part in parts} | {graph.inputs[0].dtype}) > 1 or graph.inputs[0].shape[-1] is None:
        return None
    found = FastStep(design, batch)
    return found if found.work < WORTH_SHARING else None


def _is_idle(part: Any) -> bool:
    return part.layer.only_in_training


def _is_fast(part: Any) -> bool:
    layer = part.layer
    if isinstance(layer, Recurrent):
        return type(layer).forward is Recurrent.forward and part.carried is not None and len(part.taken) == 1
    return type(layer) is Dense and layer.activation != "softmax"
