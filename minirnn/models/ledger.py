"""The parameter ledger: for each layer the formula with its numbers, its weights, their bytes, and what a step costs.

Multiply-adds are those of the products with weight matrices, for one step of one sample (of a layer that has no steps,
for one sample); looking rows up in an Embedding takes none.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

GATES = {
    "SimpleRNN": 1, "GRU": 3, "LSTM": 4, "CoupledLSTM": 3, "PeepholeLSTM": 4, "LayerNormLSTM": 4, "ZoneoutLSTM": 4,
}  # fmt: skip
MATRICES = {"kernel", "recurrent_kernel"}
WIDTH = 80


@dataclass(frozen=True)
class Line:
    """One weight: its name, Keras's shape, how many numbers and bytes, and the multiply-adds of a step."""

    name: str
    shape: tuple[int, ...]
    count: int
    size: int
    products: int


@dataclass(frozen=True)
class Entry:
    """One layer: its name (`bidirectional/forward_lstm` within another), kind, formula with numbers, and weights."""

    name: str
    kind: str
    formula: str
    lines: list[Line]

    @property
    def count(self) -> int:
        """Its parameters."""
        return sum(line.count for line in self.lines)

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return sum(line.size for line in self.lines)

    @property
    def products(self) -> int:
        """Multiply-adds of a step."""
        return sum(line.products for line in self.lines)


def ledger(model: Any) -> list[Entry]:
    """The entries of a built model's layers that have weights, each weight once; a layer in another by itself.

    Raises ValueError for a model that is not built.

    >>> import minirnn
    >>> model = minirnn.Sequential([minirnn.Input((3, 1)), minirnn.layers.LSTM(8, name="lstm")])
    >>> [(entry.name, entry.formula, entry.count, entry.products) for entry in ledger(model)]
    [('lstm', '4 * [(units + input + 1) * units] = 4 * [(8 + 1 + 1) * 8] = 320', 320, 288)]
    """
    if not model.built:
        raise ValueError(f"model {model.name} has no weights to list yet: {model.how_to_build}, first")
    counted: set[Any] = set()
    found = []
    for name, layer in _leaves(model.layers):
        weights = [weight for weight in layer._own_weights if weight not in counted]
        counted.update(weights)
        if weights:
            found.append(Entry(name, type(layer).__name__, _formula(layer, weights), list(map(_line, weights))))
    return found


def ledger_text(model: Any) -> str:
    """The ledger as lines of at most 80 characters, unless a name is longer than a line has room for."""
    entries = ledger(model)
    total = sum(entry.count for entry in entries)
    blocks = [f'Ledger of "{model.name}"']
    for entry in entries:
        head, share = f"{entry.name} ({entry.kind})", f"{entry.count:,} params, {entry.count / max(total, 1):6.1%}"
        lines = [f"{head}  {share.rjust(WIDTH - 2 - len(head))}"]
        lines += textwrap.wrap(entry.formula, WIDTH, initial_indent="  ", subsequent_indent="    ")
        for line in entry.lines:
            row = f"  {line.name:<20} {line.shape!s:<16} {line.count:>12,} {_bytes(line.size):>11}"
            lines.append(f"{row} {line.products:>14,}" if line.products else row)
        blocks.append("\n".join(lines))
    size, products = sum(entry.size for entry in entries), sum(entry.products for entry in entries)
    blocks.append(f"Total: {total:,} params, {_bytes(size)}, {products:,} multiply-adds a step (last column)")
    return "\n\n".join(blocks)


def product(gates: int, rows: Iterable[str], units: str) -> str:
    """`gates * [(a + b + ..) * units]`, without what is not needed."""
    rows = list(rows)
    of_a_gate = f"({' + '.join(rows)}) * {units}" if len(rows) > 1 else f"{rows[0]} * {units}"
    return f"{gates} * [{of_a_gate}]" if gates > 1 else of_a_gate


def _leaves(layers: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Layers and the layers in them, with their names; each once."""
    for layer in layers:
        yield prefix + layer.name, layer
        yield from _leaves(layer.sublayers(), f"{prefix}{layer.name}/")


def _line(weight: Any) -> Line:
    products = weight.size if weight.name in MATRICES else 0
    return Line(weight.name, weight.shape, weight.size, weight.size * np.dtype(weight.dtype).itemsize, products)


def _formula(layer: Any, weights: list[Any]) -> str:
    """The formula in letters, in numbers, and the count; for layers without one of their own the sizes of weights."""
    kind, shapes = type(layer).__name__, {weight.name: weight.shape for weight in weights}
    count = sum(weight.size for weight in weights)
    if "kernel" not in shapes or (kind not in GATES and kind != "Dense"):
        sizes = " + ".join(" * ".join(map(str, shape)) or "1" for shape in shapes.values())
        return f"{' + '.join(shapes)} = {sizes} = {count:,}"
    gates = GATES.get(kind, 1)
    units, rows = layer.units, {} if kind == "Dense" else {"units": layer.units}
    rows["input"] = shapes["kernel"][0]
    if "bias" in shapes:
        biases = math.prod(shapes["bias"]) // (gates * units)
        rows[str(biases)] = biases
    vectors = sum(math.prod(shape) for name, shape in shapes.items() if name not in {*MATRICES, "bias"}) // units
    parts = [product(gates, rows, "units"), product(gates, map(str, rows.values()), str(units))]
    if vectors:
        parts = [f"{part} + {vectors} * {name}" for part, name in zip(parts, ("units", units), strict=True)]
    return f"{parts[0]} = {parts[1]} = {count:,}"


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"
