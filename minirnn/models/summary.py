"""The table of a model's layers, in Keras 3's form: what `model.summary()` prints."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minirnn.compat import spelling
from minirnn.models.ledger import ledger_text

LINE_LENGTH, CONNECTED_LINE_LENGTH = 88, 108
SHORTEST_LINE = 40
TRAINABLE_COLUMN = 12
MIN_COLUMN = 4


@spelling.names_nearest
def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], object] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
    ledger: bool = False,
) -> None:
    """Print the layers of `model` with their output shapes and parameter counts, and the totals.

    Where layers do not simply follow each other, a column says what each is connected to: `lstm[0][1]` is output 1 of
    call 0 of the layer lstm. Words that are too long for their column, and a `line_length` that is longer than the
    terminal's lines, are not cut off as in Keras: they go on in the next line.

    `line_length` is the width of the table, by default 88 (108 with connections) or as much as the terminal has;
    `positions` are the right edges of the columns as fractions of it. `print_fn` receives the whole text once, without
    colours, instead of it being printed. `expand_nested` shows the layers of layers, `show_trainable` who is trained,
    `layer_range` only the layers from the first to the second name, both regular expressions. `ledger` (minirnn's own)
    adds, for each layer, the formula of its parameters with the numbers, its weights, their bytes, and multiply-adds.

    Raises ValueError if the table does not fit the width, or `layer_range` matches no layer.
    """
    # Imported here, as it takes longer than all the rest of minirnn and few programs print a summary.
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    chain = model.own_call or getattr(model, "_chain", None) is not None or model.graph.is_chain
    header, alignment, edges, length = _columns(chain, show_trainable, positions, line_length)
    widths = _column_widths(edges, length)
    if print_fn:
        console = Console(highlight=False, force_terminal=False, color_system=None)
        console.begin_capture()
    else:
        console = Console(highlight=False)
    console.width = max(console.width, length)  # a line_length that was asked for is not cut off by the terminal
    # A terminal or pipe that cannot print them gets neither box characters, which rich replaces, nor these two.
    branch, overflow = ("- ", "crop") if console.options.ascii_only and not print_fn else ("└ ", "ellipsis")
    columns = [
        Column(_Cell(f"[bold]{escape(h)}[/]"), justify=a, width=w, overflow=overflow)  # type: ignore[arg-type]
        for h, a, w in zip(header, alignment, widths, strict=True)
    ]
    table = Table(*columns, width=length, show_lines=True)
    for layer, depth in _rows(_in_range(model.layers, layer_range), expand_nested):
        prefix = "   " * depth + branch if depth else ""
        row = [f"{escape(prefix + layer.name)} ({_colour(33, escape(type(layer).__name__))})"]
        row += [_shape_text(_output_shape(layer)), _count_text(layer)]
        row += [] if chain else [_connections(model, layer)]
        row += [_trainable_text(layer)] if show_trainable else []
        table.add_row(*map(_Cell, row))

    console.print(f'[bold]Model: "{escape(model.name)}"[/]')
    console.print(table)
    for title, weights in _totals(model):
        console.print(f"[bold] {title}: [/]{_colour(34, f'{_count(weights):,}')} ({_memory(weights)})")
    if ledger:
        console.print("\n" + ledger_text(model), markup=False, soft_wrap=True)
    if print_fn:
        print_fn(console.end_capture())


class _Cell:
    """A text of the table: a line ends between words, or before a connection's indices, else where the width ends."""

    def __init__(self, markup: str) -> None:
        self.markup = markup

    def __rich_console__(self, console: Any, options: Any) -> Any:
        from rich.text import Text

        text = Text.from_markup(self.markup, overflow="fold")
        connections = re.finditer(r"\S+?(\[\d+\]\[\d+\],?)(?!\S)", text.plain)
        breaks = [m.start(1) for m in connections if m.start(1) - m.start() <= options.max_width < len(m[0])]
        yield Text("\n", overflow="fold").join(text.divide(breaks)) if breaks else text


def _columns(
    chain: bool, show_trainable: bool, positions: Any, line_length: int | None
) -> tuple[list[str], list[str], list[float], int]:
    """Titles, alignments and right edges of the columns, and the width of the table."""
    header, alignment = ["Layer (type)", "Output Shape", "Param #"], ["left", "left", "right"]
    edges, length = [0.45, 0.80, 1.0], LINE_LENGTH
    if not chain:
        header, alignment = [*header, "Connected to"], [*alignment, "left"]
        edges, length = [0.3, 0.56, 0.74, 1.0], CONNECTED_LINE_LENGTH
    edges = list(positions or edges)
    if len(edges) != len(header):
        raise ValueError(f"positions needs {len(header)} numbers, one for each column, got {len(edges)}")
    length += TRAINABLE_COLUMN if show_trainable else 0
    length = line_length or max(SHORTEST_LINE, min(length, shutil.get_terminal_size().columns - 4))
    if show_trainable:
        header, alignment = [*header, "Trainable"], [*alignment, "center"]
        share = min(0.9, 1 - TRAINABLE_COLUMN / length)  # Keras's, but that the title fits
        edges = [share * edge for edge in edges] + [1.0]
    return header, alignment, edges, length


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
    """The batch shape that its last call gave, a list of them for several outputs, None if it is not known yet."""
    if layer.nodes:
        shapes = [tensor.shape for tensor in layer.nodes[-1].outputs]
        return shapes[0] if len(shapes) == 1 else shapes
    try:
        return layer.output_shape
    except (AttributeError, ValueError):
        return None


def _connections(model: Any, layer: Any) -> str:
    """Where the inputs of the layer's calls come from, as far as they belong to the model itself."""
    from rich.markup import escape

    tensors = [tensor for node in layer.nodes if node in model.graph.nodes for tensor in node.input_tensors]
    histories = [tensor._keras_history for tensor in tensors]
    return ", ".join(f"{escape(layer.name)}[{_colour(34, i)}][{_colour(34, j)}]" for layer, i, j in histories) or "-"


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
