"""How much of a layer a page shows: what was asked for, or as much as a reader and a browser take in at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn.study.layer_run import LayerRun
from minirnn.study.selection import Selection, numbers

Array = NDArray[Any]

MOST_NUMBERS = 2_000_000  # on a page, which makes about 20 MB
ROWS = 3
# (steps, units) of each layer where nobody chose: the first pair with which the page is small enough.
STEPS_AND_UNITS = ((100, 32), (100, 16), (50, 8), (20, 4))
QUANTITIES = 34  # that a page holds of each row, step and unit, at most


class Shown(NamedTuple):
    """The numbers of the rows (places in the run), steps and units of a layer that are shown."""

    rows: Array
    steps: Array
    units: Array


def cut(runs: dict[str, LayerRun], chosen: Selection) -> dict[str, Shown]:
    """What to show of each layer.

    Without a choice: the first rows, the last steps, and the units whose state moves most. Raises ValueError if what
    was chosen is more than `MOST_NUMBERS`, and for numbers that are out of range.
    """
    for most_steps, most_units in STEPS_AND_UNITS:
        shown = {name: _shown(run, name, chosen, most_steps, most_units) for name, run in runs.items()}
        sizes = {name: _size(runs[name], part) for name, part in shown.items()}
        if sum(sizes.values()) <= MOST_NUMBERS:
            return shown
    name = max(sizes, key=sizes.__getitem__)
    rows, steps, units = map(len, shown[name])
    raise ValueError(
        f"explain: {rows} row(s), {steps} steps and {units} units of {name} ({runs[name].x.shape[2]} features, "
        f"{runs[name].units} units) come to {sizes[name]:,} numbers, more than the {MOST_NUMBERS:,} of a page; "
        "choose fewer with rows=, steps=, units= or layers="
    )


def most_active(run: LayerRun, row: int = 0) -> Array:
    """The units of a row, the one whose state moves most first."""
    states = run.h if run.c is None else run.c
    return np.argsort(-np.ptp(states[row], axis=0), kind="stable")


def _shown(run: LayerRun, name: str, chosen: Selection, most_steps: int, most_units: int) -> Shown:
    rows = np.arange(min(run.rows, ROWS)) if chosen.rows is None else np.arange(run.rows)
    steps, units = numbers(chosen.steps, run.steps, f"steps of {name}"), numbers(chosen.units, run.units, "units")
    if chosen.steps is None:
        steps = steps[-most_steps:]
    if chosen.units is None:
        units = np.sort(most_active(run)[:most_units])
    return Shown(rows, steps, units)


def _size(run: LayerRun, shown: Shown) -> int:
    """How many numbers these are on the page, at most."""
    rows, steps, units = map(len, shown)
    features, gates = run.x.shape[2], run.weights["kernel"].shape[-1] // run.units
    each_step = QUANTITIES * units + 2 * features + 2 * run.units
    return rows * steps * each_step + gates * units * (features + run.units)
