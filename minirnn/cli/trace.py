"""`minirnn trace`: what the gates of a recurrent layer do at each step, as rows of shades and small curves."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from minirnn.cli import chart, files, models
from minirnn.files.atomic import replace_file
from minirnn.study import explain

SHADES, CURVE = " ░▒▓█", "▁▂▃▄▅▆▇█"
ASCII_SHADES, ASCII_CURVE = " .:*#", "_.-=+*%#"
MASKED, ASCII_MASKED = "·", "?"
WIDEST = 48  # characters of a row; more steps than that are averaged
WORDS = {
    "i": "input gate", "f": "forget gate", "o": "output gate", "z": "update gate", "r": "reset gate",
    "g": "candidate", "n": "candidate", "c": "cell state", "h": "hidden state",
}  # fmt: skip


def shades(values: np.ndarray, low: float, high: float, letters: str, masked: str) -> str:
    """A letter for each value, from the first of them at `low` to the last at `high`.

    >>> shades(np.array([0.0, 0.5, 1.0, np.nan]), 0.0, 1.0, SHADES, MASKED)
    ' ▒█·'
    """
    span = (high - low) or 1.0
    places = np.clip((values - low) / span * len(letters), 0, len(letters) - 1)
    return "".join(masked if np.isnan(place) else letters[int(place)] for place in places)


def squeezed(values: np.ndarray, width: int) -> np.ndarray:
    """(steps,) values, or the means of `width` stretches of them where there are more."""
    if len(values) <= width:
        return values
    parts = np.array_split(values, width)
    return np.array([np.nan if np.isnan(part).all() else np.nanmean(part) for part in parts])


def table(trace: Any, unit: int | None, plain: bool) -> Table:
    """The rows of a unit, or of the average unit: valves as shades from 0 to 1, all else as curves of their range."""
    letters, curve, masked = (ASCII_SHADES, ASCII_CURVE, ASCII_MASKED) if plain else (SHADES, CURVE, MASKED)
    grid = Table.grid(padding=(0, 1))
    for justify in ("left", "left", "left", "right", "right"):
        grid.add_column(justify=justify, no_wrap=True)  # type: ignore[arg-type]
    grid.add_row("", "", "", "least", "most")
    states = [name for name in ("c", "h") if name in trace and name not in trace.gates]
    for name in [*trace.gates, *states]:
        of_units = trace[name][0]
        values = of_units.mean(axis=-1) if unit is None else of_units[:, unit]
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        few = squeezed(values, WIDEST)
        row = shades(few, 0, 1, letters, masked) if name in trace.valves else shades(few, low, high, curve, masked)
        grid.add_row(f"  {name}", WORDS[name], row, f"{low:.2f}", f"{high:.2f}")
    return grid


def liveliest(trace: Any) -> int:
    """The unit whose state moves most."""
    return int(np.ptp(trace["c" if "c" in trace else "h"][0], axis=0).argmax())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    help_ = "file of a saved model; without it, that of minirnn forecast, trained now"
    parser.add_argument("model", nargs="?", type=Path, metavar="MODEL", help=help_)
    parser.add_argument("input", nargs="?", type=Path, metavar="INPUT", help="CSV file, a line for each step")
    parser.add_argument("--encoding", default="utf-8-sig", metavar="NAME", help="of the CSV file (default: utf-8)")
    parser.add_argument("--layer", metavar="NAME", help="which recurrent layer (default: the first)")
    parser.add_argument("--unit", type=int, metavar="N", help="which unit (default: the one whose state moves most)")
    help_ = "draw the gates and states of all units into this file, too"
    parser.add_argument("--png", type=Path, metavar="FILE", help=help_)
    help_ = "write a page, too, to walk through layers, steps and units with a browser"
    parser.add_argument("--html", type=Path, metavar="FILE", help=help_)
    parser.add_argument("--language", choices=("en", "ko"), default="en", help="of the page at first (default: en)")


def run(arguments: argparse.Namespace, out: Console) -> None:
    if arguments.png is not None:
        chart.check_plot(arguments.png)
        files.check_writable(arguments.png)
    if arguments.html is not None:
        files.check_writable(arguments.html)
    if arguments.model is None:
        model, x, labels = models.trained_on_the_airline()
        columns = ["step of log passengers"]
        about = "airline passengers, standardised steps of their logarithm"
    else:
        model = models.load(arguments.model)
        if arguments.input is None:
            raise ValueError(
                f"name a CSV file to trace {arguments.model} on: minirnn trace {arguments.model} input.csv"
            )
        x, labels, columns = models.read_input(arguments.input, model, arguments.encoding)
        about = f"{arguments.input}, {', '.join(columns)}"
    traces = model.trace(x, layers=arguments.layer)
    trace = next(iter(traces.values()))
    unit = liveliest(trace) if arguments.unit is None else arguments.unit
    if not 0 <= unit < len(trace.units):
        raise ValueError(f"--unit must be from 0 to {len(trace.units) - 1} in {trace.name}, got {unit}")
    show(trace, traces, x, labels, about, unit, out)
    if arguments.png is not None:
        replace_file(arguments.png, [picture(trace, x, arguments.png.suffix[1:].lower())])
        out.print(f"\ngates and states of all units: {arguments.png}", soft_wrap=True)
    if arguments.html is not None:
        explained = explain(
            model, x, arguments.html, language=arguments.language, labels=labels, features=columns, layer=trace.name,
            unit=unit,
        )  # fmt: skip
        out.print(f"\nto walk through with a browser: {explained}", soft_wrap=True)


def show(trace: Any, traces: Any, x: np.ndarray, labels: list[str], about: str, unit: int, out: Console) -> None:
    """Print what the layer does, on average and in one unit."""
    plain = not out.encoding.lower().startswith("utf")
    steps, masked = trace.length, (ASCII_MASKED if plain else MASKED)
    out.print(f"{trace.name}: {trace.kind}, {len(trace.units)} units, {steps} steps, {labels[0]} to {labels[-1]}")
    out.print(f"input: {about}", soft_wrap=True)
    others = [name for name in traces if name != trace.name]
    if others:
        out.print(f"other recurrent layers, for --layer: {', '.join(others)}")
    if x.shape[1:] == (steps, 1):
        curve = ASCII_CURVE if plain else CURVE
        values = squeezed(x[0, trace.input_steps, 0], WIDEST)
        out.print(f"\n  x               {shades(values, values.min(), values.max(), curve, masked)}")
    out.print("\naverage of all units", style="bold")
    out.print(table(trace, None, plain))
    out.print(f"\nunit {unit}", style="bold")
    out.print(table(trace, unit, plain))
    letters = ASCII_SHADES if plain else SHADES
    told = f"gates: from blank, shut (0), to {letters[-1]}, open (1); " if trace.valves else ""
    out.print(f"\n{told}curves: from least to most")
    if steps > WIDEST:
        out.print(f"each letter is the average of {steps / WIDEST:.1f} steps")
    if np.isnan(next(iter(trace.values()))).any():
        out.print(f"{masked} is a masked step")


def picture(trace: Any, x: np.ndarray, kind: str) -> bytes:
    """`study.plot_gates`, with the states, as a file of the kind, e.g. "png"."""
    from matplotlib.figure import Figure

    from minirnn.study import plot_gates

    names = {*trace.gates, *(name for name in ("c", "h") if name in trace)}
    figure = Figure(figsize=(8, 1 + 1.25 * (len(names) + 1)), dpi=chart.DPI, layout="constrained")
    plot_gates(trace, x if x.shape[1] == trace.length else None, ax=figure.subplots(), states=True)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind)
    return drawn.getvalue()
