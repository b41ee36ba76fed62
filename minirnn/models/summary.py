"""The table of a model's layers, in Keras 3's form: what `model.summary()` prints."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

LINE_LENGTH = 88
SHORTEST_LINE = 40
TRAINABLE_COLUMN = 12
MIN_COLUMN = 4


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], object] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print the layers of `model` with their output shapes and parameter counts, and the totals.

    `line_length` is the width of the table, by default 88 or as much as the terminal has; `positions` are the right
    edges of the columns as fractions of it. `print_fn` receives the whole text once, without colours, instead of it
    being printed. `expand_nested` shows the layers of layers, `show_trainable` who is trained, `layer_range` only the
    layers from the first to the second name, both regular expressions.

    Raises ValueError if the table does not fit the width, or `layer_range` matches no layer.
    """
    # Imported here, as it takes longer than all the rest of minirnn and few programs print a summary.
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    header, alignment = ["Layer (type)", "Output Shape", "Param #"], ["left", "left", "right"]
    positions = list(positions or [0.45, 0.80, 1.0])
    default_length = LINE_LENGTH
    if show_trainable:
        header, alignment = [*header, "Trainable"], [*alignment, "center"]
        positions = [0.9 * p for p in positions] + [1.0]
        default_length += TRAINABLE_COLUMN
    if len(positions) != len(header):
        raise ValueError(f"positions needs {len(header)} numbers, one for each column, got {len(positions)}")
    length = line_length or max(SHORTEST_LINE, min(default_length, shutil.get_terminal_size().columns - 4))
    widths = _column_widths(positions, length)
    columns = [Column(h, justify=a, width=w) for h, a, w in zip(header, alignment, widths, strict=True)]  # type: ignore[arg-type]
    table = Table(*columns, width=length, show_lines=True)
    for layer, depth in _rows(_in_range(model.layers, layer_range), expand_nested):
        prefix = "   " * depth + "└ " if depth else ""
        name = f"{escape(prefix + layer.name)} ({_colour(33, escape(type(layer).__name__))})"
        row = [name, _shape_text(_output_shape(layer)), _count_text(layer)]
        table.add_row(*row, *([_trainable_text(layer)] if show_trainable else []))

    if print_fn:
        console = Console(highlight=False, force_terminal=False, color_system=None)
        console.begin_capture()
    else:
        console = Console(highlight=False)
    console.print(f'[bold]Model: "{escape(model.name)}"[/]')
    console.print(table)
    for title, weights in _totals(model):
        console.print(f"[bold] {title}: [/]{_colour(34, f'{_count(weights):,}')} ({_memory(weights)})")
    if print_fn:
        print_fn(console.end_capture())


def _column_widths(positions: Sequence[float], length: int) -> list[int]:
    edges = [0] + [int(p * length) for p in positions]
    widths = [right - left for left, right in zip(edges, edges[1:], strict=False)]
    if min(widths) < MIN_COLUMN:
        raise ValueError(f"a line of {length} characters is too narrow for the table; pass a larger line_length")
    return widths


def _rows(layers: Iterable[Any], expand: bool, depth: int = 0) -> Iterable[tuple[Any, int]]:
    for layer in layers:
        yield layer, depth
        if expand:
            yield from _rows(getattr(layer, "layers", None) or (), expand, depth + 1)


def _in_range(layers: Sequence[Any], names: Sequence[str] | None) -> Sequence[Any]:
    if names is None:
        return layers
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(f"layer_range needs two layer names, the first and the last, got {names!r}")
    first, last = ([i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in names)
    if not first or not last:
        known = ", ".join(layer.name for layer in layers)
        raise ValueError(f"layer_range {names[0]!r} to {names[1]!r} matches no layer of {known}")
    if first[0] > last[-1]:
        first, last = last, first
    return layers[first[0] : last[-1] + 1]


def _output_shape(layer: Any) -> Any:
    """The output's batch shape, a list of them for several outputs, None if the layer does not know it yet."""
    try:
        return layer.output_shape if hasattr(layer, "output_shape") else layer.output.shape
    except (AttributeError, ValueError):
        return None


def _shape_text(shape: Any) -> str:
    if shape is None:
        return "?"
    if len(shape) and not isinstance(shape[0], (int, type(None))):
        brackets = "[]" if isinstance(shape, list) else "()"
        return f"{brackets[0]}{', '.join(_shape_text(s) for s in shape)}{brackets[1]}"
    return f"({', '.join(_colour(45 if n is None else 34, n) for n in shape)})"


def _count_text(layer: Any) -> str:
    if not getattr(layer, "built", True):
        return f"{_colour(34, 0)} (unbuilt)"
    return _colour(34, f"{layer.count_params():,}")


def _trainable_text(layer: Any) -> str:
    if not layer.weights:
        return "[bold]-[/]"
    return f"[bold]{_colour(34, 'Y') if layer.trainable else _colour(9, 'N')}[/]"


def _totals(model: Any) -> list[tuple[str, list[Any]]]:
    trainable, fixed = list(model.trainable_weights), list(model.non_trainable_weights)
    optimizer = getattr(model, "optimizer", None)
    slots = list(optimizer.variables) if optimizer and getattr(optimizer, "built", False) else []
    totals = [
        ("Total params", trainable + fixed + slots),
        ("Trainable params", trainable),
        ("Non-trainable params", fixed),
    ]
    return [*totals, ("Optimizer params", slots)] if slots else totals


def _count(weights: Iterable[Any]) -> int:
    return sum(math.prod(w.shape) for w in weights)


def _memory(weights: Iterable[Any]) -> str:
    size = float(sum(math.prod(w.shape) * np.dtype(w.dtype).itemsize for w in weights))
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _colour(number: int, text: Any) -> str:
    return f"[color({number})]{text}[/]"
