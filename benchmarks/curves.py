"""How the cost of a call grows with each size of its case, the others held still.

From BASE, one of batch, time, features and units at a time runs through powers of two. In a log-log plot a cost that
grows as n^s is a line of slope s: a cost in proportion to n has slope 1, that of the recurrent product grows with the
units' square, and a size that hardly matters has a slope near 0. The slope is fitted to the upper half of the sizes,
where what a call costs at any size no longer hides it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.cases import BOTH, Case
from benchmarks.report import digits, duration
from benchmarks.runner import Race

BASE = {"batch": 32, "time": 100, "features": 32, "units": 128}
SIZES = {
    "time": (1, 4, 16, 64, 256, 1024),
    "batch": (1, 4, 16, 64, 256),
    "units": (8, 16, 32, 64, 128, 256, 512),
    "features": (1, 8, 32, 128, 512, 2048),
}
CONTENDERS = ("minirnn", "torch")
MODES = BOTH
ROUNDS, SECONDS = 3, 0.03
TITLE = "How the cost of a call grows: seconds ~ size^slope, fitted to the upper half of the sizes"


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of a line through the upper half of the points, at least two of them, in log-log."""
    upper = slice(min(len(sizes) // 2, len(sizes) - 2), None)
    return float(np.polyfit(np.log(sizes[upper]), np.log(seconds[upper]), 1)[0])


def case_of(axis: str, size: int, cell: str, mode: str) -> Case:
    """The case whose `axis` has that size, the others those of BASE."""
    sizes = BASE | {axis: size}
    case = Case("", cell, mode, sizes["batch"], sizes["time"], sizes["features"], sizes["units"])
    return replace(case, shape=f"{case.batch}x{case.time}x{case.features}x{case.units}")


def measure(
    contenders: Mapping[str, str], threads: int, cells: Iterable[str], modes: Iterable[str]
) -> list[dict[str, Any]]:
    """A curve for each cell, mode, axis and contender: sizes, median seconds and the slope."""
    found = []
    with Race(contenders, threads) as race:
        for cell in cells:
            for mode in (mode for mode in modes if mode in MODES):
                for axis, sizes in SIZES.items():
                    seconds: dict[str, dict[int, float]] = {name: {} for name in race.workers}
                    for size in sizes:
                        result = race.run(case_of(axis, size, cell, mode), ROUNDS, SECONDS)
                        for name, entry in result.entries.items():
                            if entry.timed:
                                seconds[name][size] = entry.median
                    found += [
                        {"cell": cell, "mode": mode, "axis": axis, "contender": name, "sizes": list(taken),
                         "seconds": list(taken.values()), "slope": slope(list(taken), list(taken.values()))}
                        for name, taken in seconds.items()
                        if len(taken) >= 2
                    ]  # fmt: skip
    return found


def rows(found: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: a curve each."""
    table = [
        [
            f"{curve['cell']}-{curve['mode']}, {curve['axis']} {curve['sizes'][0]} to {curve['sizes'][-1]}",
            curve["contender"],
            duration(curve["seconds"][0]),
            duration(curve["seconds"][-1]),
            "-" if math.isnan(curve["slope"]) else digits(curve["slope"]),
        ]
        for curve in found
    ]
    return ["curve", "contender", "smallest", "largest", "slope"], table


def draw(found: Sequence[Mapping[str, Any]], path: Any, caption: str = "") -> None:
    """The curves as pictures, one for each mode and axis. Raises ValueError when there are none. Needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from benchmarks.plot import STYLES, TITLES

    if not found:
        raise ValueError("no curve was measured, so there is nothing to draw")
    panels = list(dict.fromkeys((curve["cell"], curve["mode"]) for curve in found))
    figure, axes = pyplot.subplots(
        len(panels), len(SIZES), figsize=(3.1 * len(SIZES), 1 + 2.7 * len(panels)), sharey="row", squeeze=False,
        layout="constrained",
    )  # fmt: skip
    names: dict[str, Any] = {}
    for (cell, mode), row in zip(panels, axes, strict=True):
        row[0].set_ylabel(f"{TITLES[cell]}, {mode}: seconds")
        for axis, panel in zip(SIZES, row, strict=True):
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.set_xlabel(axis)
            panel.set_xticks(SIZES[axis], SIZES[axis], fontsize=8)
            panel.grid(color="0.9", linewidth=0.7)
            for side in ("top", "right"):
                panel.spines[side].set_visible(False)
            for curve in found:
                if (curve["cell"], curve["mode"], curve["axis"]) != (cell, mode, axis):
                    continue
                color, marker = STYLES.get(curve["contender"], ("#56B4E9", "P"))
                style = {"marker": "o" if marker == "|" else marker, "color": color, "markersize": 4}
                names[curve["contender"]] = panel.plot(curve["sizes"], curve["seconds"], **style)[0]
                end = curve["sizes"][-1], curve["seconds"][-1]
                panel.annotate(f"{curve['slope']:.2f}", end, xytext=(4, 0), textcoords="offset points", color=color,
                               fontsize=8, va="center")  # fmt: skip
            panel.margins(x=0.14)
    figure.legend(names.values(), names, loc="outside lower center", ncols=len(names), frameon=False)
    base = ", ".join(f"{axis} {size}" for axis, size in BASE.items())
    title = f"Cost of a call against one size, the others {base}; the numbers are slopes of the upper half"
    figure.suptitle(f"{title}\n{caption}", fontsize=10)
    figure.savefig(path, dpi=160)
    pyplot.close(figure)
