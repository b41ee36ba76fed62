"""What is made of layers, a model or a layer of the user's own, for a layer that holds it, such as TimeDistributed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from minirnn.layers.regularized import Penalty
from minirnn.layers.symbolic import Shape
from minirnn.models.graph import inner_graph
from minirnn.training.run import Run


class Held:
    """The passes through a `graph` for the one who holds it: a tape is a `Run`, with memory for one set of shapes."""

    graph: Any = None

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        """Batch shapes of all outputs for those of all inputs."""
        return self.graph.output_shapes(shapes)

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Any:
        """Memory for inputs of these shapes."""
        return Run(self.graph, tuple(shapes), training)

    def run(self, xs: list[NDArray[Any]], masks: list[Any], tape: Any, training: bool) -> list[NDArray[Any]]:
        """The outputs; they live in the tape until its next use."""
        return tape.forward(xs, masks if any(mask is not None for mask in masks) else ())

    def run_back(self, dys: list[NDArray[Any] | None], tape: Any, needs: list[bool]) -> list[NDArray[Any] | None]:
        """Sets the gradients of the weights; the gradients of the inputs, if any is needed."""
        return tape.backward(dys, any(needs)) or [None] * len(needs)

    def activities(self, tape: Any) -> Iterable[Penalty]:
        """The penalties on what the layers gave in the pass that left this tape."""
        return () if tape.activities is None else tape.activities.found(tape.values)


class HeldLayer(Held):
    """A layer of the user's own that is made of layers, whose `call` is recorded."""

    def __init__(self, layer: Any) -> None:
        self.graph = inner_graph(layer)
