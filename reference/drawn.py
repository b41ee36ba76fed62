"""What a draw is: a recurrent layer as the expression that makes it, its input, mask and states, in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from minirnn.utils.nested import flatten, map_leaves


@dataclass(frozen=True)
class Made:
    """A layer or cell as it is written: `str` is the expression, `of` evaluates it in a library.

    >>> print(Made("RNN", {"cell": Made("GRUCell", {"units": 2}), "return_sequences": True}))
    RNN(GRUCell(2), return_sequences=True)
    """

    kind: str
    arguments: dict[str, Any]

    def of(self, library: ModuleType) -> Any:
        """A new layer of minirnn or of Keras."""
        made = {name: map_leaves(lambda a: _made(a, library), value) for name, value in self.arguments.items()}
        return getattr(library.layers, self.kind)(**made)

    def __str__(self) -> str:
        first, *others = self.arguments.items()
        return f"{self.kind}({', '.join([_text(first[1]), *(f'{name}={_text(value)}' for name, value in others)])})"

    __repr__ = __str__

    def get(self, name: str, default: Any = None) -> Any:
        """An argument, or its default."""
        return self.arguments.get(name, default)

    def parts(self) -> list[Made]:
        """This, and all that it is made of."""
        inner = [a for a in flatten(list(self.arguments.values())) if isinstance(a, Made)]
        return [self, *(part for each in inner for part in each.parts())]

    def changed(self, **arguments: Any) -> Made:
        """The same with other arguments, in it and in every layer that it is made of, where they are given."""

        def change(value: Any) -> Any:
            return value.changed(**arguments) if isinstance(value, Made) else value

        own = {name: arguments.get(name, map_leaves(change, value)) for name, value in self.arguments.items()}
        return Made(self.kind, own)


def _made(value: Any, library: ModuleType) -> Any:
    return value.of(library) if isinstance(value, Made) else value


def _text(value: Any) -> str:
    return repr(value) if not isinstance(value, list) else f"[{', '.join(map(_text, value))}]"


@dataclass(frozen=True)
class Drawn:
    """One draw. All its numbers (weights, input, states, upstream gradients) follow from `seed`.

    `mask` has a digit for each step, 1 where it counts, and a space between the samples; None is no mask.
    """

    layer: Made
    shape: tuple[int, ...]
    dtype: str = "float64"
    mask: str | None = None
    initial_state: bool = False
    seed: int = field(default=0)

    def __str__(self) -> str:
        """The line that a failure is told by; `Drawn(**..)` of its parts is the draw again."""
        said = [f"{self.layer} on {self.shape} {self.dtype}"]
        said += [f"mask {self.mask!r}"] * (self.mask is not None)
        said += ["initial_state"] * self.initial_state
        return ", ".join([*said, f"seed {self.seed}"])

    def mask_array(self) -> np.ndarray | None:
        """(batch, time) of bool, or (batch, time, steps) where an inner layer reads sequences of steps."""
        if self.mask is None:
            return None
        digits = np.array([digit == "1" for digit in self.mask if digit != " "])
        return digits.reshape(self.shape[:-1])


def state_sizes(layer: Made | None) -> list[Any]:
    """Sizes of the states of a recurrent layer, nested as its `initial_state`."""
    if layer is None or layer.kind == "TimeDistributed":
        return []
    if layer.kind == "Bidirectional":
        ahead = layer.get("layer")
        return [*state_sizes(ahead), *state_sizes(layer.get("backward_layer", ahead))]
    if layer.kind == "RNN":
        cell = layer.get("cell")
        stack = cell if isinstance(cell, list) else cell.get("cells")
        return cell_states(cell) if stack is None else [cell_states(each) for each in stack]
    return cell_states(layer)


def cell_states(cell: Made) -> list[int]:
    """Sizes of the states of one cell."""
    return [cell.get("units")] * (2 if cell.kind.startswith("LSTM") else 1)
