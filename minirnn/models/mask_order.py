"""Masks and the order of layers: what Keras computes for masks stands in its graphs, and pushes layers forward.

Here masks travel beside the values. Keras draws operations for them (not_equal, any, logical_or ..) from the input of a
Masking layer to the layers that take a mask, and orders layers by their distance from the outputs, these operations
counted. The same weights in the same order need the same count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minirnn.layers.symbolic import Node


class MaskStep:
    """One operation that Keras would draw to compute a mask."""


class MaskSteps:
    """The calls of a graph with Keras's operations for masks among them.

    `order` holds each call and operation after all that it depends on, which is what `before` lists for it.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.order: list[Node | MaskStep] = []
        self.before: dict[Any, list[Any]] = {}
        masks: dict[int, Any] = {}  # the operation that gives a tensor's mask, by the tensor's id
        for node in nodes:
            parents, known = node.parents, [masks.get(id(tensor)) for tensor in node.input_tensors]
            self._append(node, [*parents, *(m for m in known if m is not None and node.operation.takes_mask)])
            if any(m is not None for m in known) or node.operation.makes_mask:
                masks[id(node.outputs[0])] = node.operation.draw_mask(parents, known, self.step)

    def step(self, *before: Any) -> MaskStep:
        """Draw an operation on the results of calls and operations."""
        return self._append(MaskStep(), list(before))

    def _append(self, entry: Any, before: list[Any]) -> Any:
        self.order.append(entry)
        self.before[entry] = before
        return entry
