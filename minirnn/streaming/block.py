"""`Block`: memory for some steps of a stream, and the loop over the layers that takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.streaming.causality import Design, Kind

Array = NDArray[Any]


class Block:
    """Takes `steps` steps of a batch at once.

    A sequence is (batch, steps, ..) in it. Rows, of the kinds *latest* and *fixed*, are (batch * steps, ..): those of a
    sample together, one for each of its steps. With `every` false nothing but the last step is asked of these: they
    are (batch, ..), and those of use only where `run` is told that the sequence ends.
    """

    def __init__(self, design: Design, batch: int, steps: int, every: bool = True) -> None:
        self.design, self.batch, self.steps, self.every = design, batch, steps, every
        self.rows = batch * steps if every else batch
        graph = design.graph
        shapes: list[Any] = [None] * graph.values
        for number, tensor in enumerate(graph.inputs):
            rest = tensor.shape[2:] if design.kinds[number] is Kind.SEQUENCE else tensor.shape[1:]
            lead = (batch, steps) if design.kinds[number] is Kind.SEQUENCE else (self.rows,)
            shapes[number] = (*lead, *rest)
        self.tapes: list[Any] = []
        for layer, carried, taken, made, _, final in design.parts:
            given = [shapes[i] for i in taken]
            outputs = layer.output_shapes(given[:1] if carried else given)
            if carried is not None:
                self.tapes.append(carried.tape(given[0], final and not every))
                outputs = [(self._lead(final), shape) for shape in outputs]
                shapes[made[0]] = (*outputs[0][0], outputs[0][1][-1])
                for number, (_, shape) in zip(made[1:], outputs[1:], strict=True):
                    shapes[number] = (self.rows, *shape[1:])
            else:
                self.tapes.append(layer.run_tape(given, False))
                for number, shape in zip(made, outputs, strict=True):
                    shapes[number] = tuple(shape)
        self.shapes = shapes

    def _lead(self, final: bool) -> tuple[int, ...]:
        return (self.rows,) if final else (self.batch, self.steps)

    def run(
        self, xs: list[Array], states: list[list[Array]], first: bool = False, ends: bool = True
    ) -> tuple[list[Any], list[list[Array]]]:
        """Outputs, in the block's memory, and new states, from those before; nothing that is given is changed.

        `xs` are as in the class's docstring; `first` says that they begin a sequence, `ends` that they end it.
        """
        values: list[Any] = [*xs, *[None] * (self.design.graph.values - len(xs))]
        masks: list[Any] = [None] * len(values)
        new_states: list[list[Array]] = []
        for part, tape in zip(self.design.parts, self.tapes, strict=True):
            layer, carried, taken, made, per_step, final = part
            early = first and self.design.kinds[made[0]] is Kind.FIXED  # of use for initial states
            if not (per_step or self.every or early or ends):
                continue
            cast = layer.autocast or len(taken) > 1
            given = taken if carried is None or first else taken[:1]
            ins = [values[i].astype(layer.dtype, copy=False) if cast else values[i] for i in given]
            if carried is None:
                in_masks = [masks[i] for i in taken]
                found = zip(made, layer.run(ins, in_masks, tape, False), layer.run_masks(ins, in_masks), strict=True)
                for number, y, mask in found:
                    values[number], masks[number] = y, mask
                continue
            before = states[len(new_states)]
            if len(ins) > 1:
                before = [np.ascontiguousarray(rows[:: self.rows // self.batch]) for rows in ins[1:]]
            mask = masks[taken[0]]
            y, new = carried.run(ins[0], mask, before, tape, final and not self.every)
            new_states.append(new)
            values[made[0]] = y.reshape(self.shapes[made[0]])
            masks[made[0]] = None if final or not layer.supports_masking else mask
            for number, state in zip(made[1:], new, strict=False):
                values[number] = state
        return [values[i] for i in self.design.graph.output_numbers], new_states
