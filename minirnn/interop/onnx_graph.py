"""The graph of an ONNX model as it is drawn: nodes, and arrays under names of their own. ONNX itself is not needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shapes = list[tuple[int | None, ...]]  # batch shapes of a layer's inputs


@dataclass(frozen=True)
class Node:
    """One operation of ONNX: its operator, the names of what it takes and makes ("" for what is left out)."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass
class Drawing:
    """Nodes in the order of their execution, and the arrays that they read, in one dtype for all that is computed."""

    dtype: np.dtype[Any]
    nodes: list[Node] = field(default_factory=list)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _of_layers: dict[int, str] = field(default_factory=dict)

    def named(self, wish: str) -> str:
        """A name that nothing else has: `wish`, or with a number behind it."""
        name, number = wish, 0
        while name in self._names:
            number += 1
            name = f"{wish}_{number}"
        self._names.add(name)
        return name

    def prefix(self, layer: Any) -> str:
        """The name under which a layer's arrays stand, the same for all its calls and for copies that share weights."""
        key = id(layer.weights[0] if layer.weights else layer)
        if key not in self._of_layers:
            self._of_layers[key] = self.named(layer.name)
        return self._of_layers[key]

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Draw a node of one output, and give the name of that."""
        return self.add_all(operator, inputs, 1, name, **attributes)[0]

    def add_all(
        self, operator: str, inputs: Sequence[str], outputs: int, name: str = "", **attributes: Any
    ) -> list[str]:
        """Draw a node of several outputs, and give their names."""
        made = [self.named(f"{name or operator}:{number}" if outputs > 1 else name or operator)
                for number in range(outputs)]  # fmt: skip
        self.nodes.append(Node(operator, tuple(inputs), tuple(made), attributes))
        return made

    def rename(self, value: str, name: str) -> None:
        """Let a value be known under a name, of `named`, too."""
        self.nodes.append(Node("Identity", (value,), (name,), {}))

    def array(self, name: str, value: Any) -> str:
        """The name of an array in the graph's dtype, which stands there once."""
        return self._kept(name, np.ascontiguousarray(value, self.dtype))

    def whole(self, *numbers: int) -> str:
        """The name of a list of whole numbers, such as axes."""
        return self._kept("int64 " + " ".join(map(str, numbers)), np.array(numbers, np.int64))

    def place(self, number: int) -> str:
        """The name of a whole number without axes: what chooses by it takes the axis away."""
        return self._kept(f"int64 place {number}", np.array(number, np.int64))

    def number(self, value: float) -> str:
        """The name of one number."""
        return self._kept(f"number {value!r}", np.array(value, self.dtype))

    def _kept(self, name: str, value: NDArray[Any]) -> str:
        self._names.add(name)
        self.arrays.setdefault(name, value)
        return name
