"""Calls of a layer with arguments of their own, as a graph runs them."""

from __future__ import annotations

from typing import Any

from minirnn.layers.symbolic import Shape
from minirnn.layers.tape import Tape


class BoundCall:
    """A layer together with the arguments of one of its calls: a step of a graph in place of the layer.

    It is equal to its layer, so that gradients of all its calls are added up. `options` go to the layer's
    `output_shapes` and, as `tape.options`, to its passes.
    """

    takes_list = True  # always run through `run`

    def __init__(self, layer: Any, options: dict[str, Any]) -> None:
        self.layer, self.options = layer, options

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)

    def __eq__(self, other: object) -> bool:
        return self.layer is (other.layer if isinstance(other, BoundCall) else other)

    def __hash__(self) -> int:
        return hash(self.layer)

    @property
    def activity_losses(self) -> Any:
        """Those of the layer."""
        return self.layer.activity_losses

    @activity_losses.setter
    def activity_losses(self, losses: Any) -> None:
        self.layer.activity_losses = losses

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        """Batch shapes of all outputs for those of all inputs."""
        return self.layer.output_shapes(shapes, **self.options)

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        """A tape for inputs of these shapes."""
        tape = self.layer.run_tape(shapes, training)
        tape.options = self.options
        return tape

    def run_masks(self, xs: list[Any], masks: list[Any]) -> list[Any]:
        """The mask of each output; the second and later ones have none."""
        return self.layer.run_masks(xs, masks) + [None] * (len(self.output_shapes([x.shape for x in xs])) - 1)
