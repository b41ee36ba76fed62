"""StackedRNNCells: cells upon each other as one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minirnn.layers.cells import output_size, state_sizes
from minirnn.layers.layer import Layer
from minirnn.layers.nesting import deserialize_layer, serialize_layer
from minirnn.layers.symbolic import Shape


def check_cell(cell: Any, owner: str) -> None:
    """Raise ValueError for what lacks a `call` or a `state_size`."""
    for name in ("call", "state_size"):
        if name not in dir(cell):
            raise ValueError(f"{owner}: a cell needs {name!r}, got {type(cell).__name__}: {cell!r:.60}")


class StackedRNNCells(Layer):
    """Each cell's output is the input of the next; the states are a list of those of each cell.

    `RNN(StackedRNNCells(cells))`, or `RNN(cells)`, runs them over sequences, each on the kernels if it is one of
    minirnn's. Called by itself it computes one step on arrays. Raises ValueError for what is no cell.
    """

    input_rank = 2
    holds_layers = True

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        if not cells:
            raise ValueError("StackedRNNCells needs at least one cell, got none")
        for cell in cells:
            check_cell(cell, "StackedRNNCells")
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of each cell, an int or a list."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """That of the last cell."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The initial states of each cell; zeros for a cell that names none."""
        return [initial_state(cell, batch_size, self.dtype) for cell in self.cells]

    def sublayers(self) -> list[Layer]:
        return [cell for cell in self.cells if isinstance(cell, Layer)]

    def build(self, input_shape: Shape) -> None:
        """Build each cell for the output of the one below."""
        shape = tuple(input_shape)
        for cell in self.cells:
            build_cell(cell, shape)
            shape = (shape[0], output_size(cell))
        super().build(input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.output_size)

    def call(self, x: Any, states: Any, training: bool = False) -> Any:  # type: ignore[override]
        """One step on arrays: (output, new states), states as `get_initial_state` gives them."""
        x = self.prepare(x)
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            several = isinstance(state, (list, tuple))
            x, new = call_cell(cell, x, list(state) if several else [state], training)
            new_states.append(new if several or len(new) > 1 else new[0])
        return x, new_states

    def connect(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{self.name} takes arrays; in a model, put it into an RNN layer")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"cells": [serialize_layer(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Layer:
        """The stack of a configuration, of minirnn or of Keras."""
        return cls(**config | {"cells": [deserialize_layer(entry, custom_objects) for entry in config["cells"]]})


# --- what cells of the user's own may leave out ---


def build_cell(cell: Any, shape: Shape) -> None:
    """Build a cell for inputs (batch, features), unless it is built, or has nothing to build."""
    if getattr(cell, "built", False) or not hasattr(cell, "build"):
        return
    cell.build(shape)
    cell.built = True


def initial_state(cell: Any, batch: int | None, dtype: str) -> Any:
    """A cell's `get_initial_state`, or zeros: a list of arrays (batch, size), or an array for a single size."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch)
    zeros = [np.zeros((batch or 0, size), dtype) for size in state_sizes(cell)]
    return zeros if isinstance(cell.state_size, (list, tuple)) else zeros[0]


def call_cell(cell: Any, x: Any, states: list[Any], training: bool) -> tuple[Any, list[Any]]:
    """A cell's `call`, told of training if it asks: the output, and the new states as a list."""
    function = cell.call
    code = getattr(function, "__code__", None) or getattr(getattr(function, "__func__", None), "__code__", None)
    asked = code is not None and "training" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    output, new = function(x, states, training=training) if asked else function(x, states)
    return output, list(new) if isinstance(new, (list, tuple)) else [new]
