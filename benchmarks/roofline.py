"""The race on the machine's roofline: what each case could reach, and what it does.

A case that makes so many FLOPs of each byte it has to move (its intensity, by `benchmarks.work`) can do no more than
that many times the memory's bandwidth, and no more than the peak of multiply-adds: the roof (Williams, Waterman and
Patterson, Roofline: an insightful visual performance model, 2009). Both are measured on the spot, for the run's threads
and for one. Data that stays in the caches between calls may rise above the slope of the roof, never above its top.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cases import GATES
from benchmarks.plot import TITLES
from benchmarks.results import CaseResult
from benchmarks.work import intensity

# Okabe and Ito's colours, and a marker, for each cell.
STYLES = {
    "lstm": ("#0072B2", "o"),
    "gru": ("#D55E00", "s"),
    "gru_reset_before": ("#E69F00", "D"),
    "simple_rnn": ("#009E73", "^"),
}


class Point(NamedTuple):
    """A case: FLOPs a byte, GFLOP/s reached, and what the roof allows."""

    name: str
    cell: str
    trains: bool
    intensity: float
    gflops: float
    roof: float


def roof(intensity_: float, peak: float, bandwidth: float) -> float:
    """GFLOP/s that are possible at this intensity: `peak` in GFLOP/s, `bandwidth` in GB/s."""
    return min(peak, intensity_ * bandwidth)


def ridge(peak: float, bandwidth: float) -> float:
    """The intensity from which on the memory no longer limits."""
    return peak / bandwidth


def points(results: Sequence[CaseResult], machine: Mapping[str, Any], contender: str = "minirnn") -> list[Point]:
    """Every plain case that the contender was timed at."""
    threads = str(machine["threads"])
    peak, bandwidth = machine["peak_gflops"][threads], machine["bandwidth"][threads]
    found = []
    for result in results:
        case, gflops = result.case, result.gflops(contender)
        if gflops is not None and not case.variant:
            at = intensity(case)
            found.append(Point(case.name, case.cell, case.trains, at, gflops, roof(at, peak, bandwidth)))
    return found


def rows(found: Sequence[Point]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: a case each."""
    table = [
        [p.name, f"{p.intensity:.3g}", f"{p.gflops:.3g}", f"{p.roof:.3g}", f"{100 * p.gflops / p.roof:.2g} %"]
        for p in found
    ]
    return ["case", "FLOPs a byte", "GFLOP/s", "roof", "of it"], table


def draw(results: Sequence[CaseResult], machine: Mapping[str, Any], path: Path, caption: str = "") -> None:
    """Write the picture to `path`; the ending chooses the format. ValueError when minirnn was not timed.

    Needs matplotlib.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = points(results, machine)
    if not found:
        raise ValueError("minirnn was not timed, so there is no roofline to draw")
    left, right = min(p.intensity for p in found) / 3, max(p.intensity for p in found) * 3
    bottom = min(p.gflops for p in found) / 3
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 5.6), sharey=True, layout="constrained")
    handles: dict[str, Any] = {}
    for axis, trains in zip(axes, (False, True), strict=True):
        handles |= _draw_roofs(axis, machine, left, right)
        for cell in GATES:
            chosen = [p for p in found if (p.cell, p.trains) == (cell, trains)]
            color, marker = STYLES[cell]
            at = [p.intensity for p in chosen], [p.gflops for p in chosen]
            drawn = axis.plot(*at, marker, color=color, markersize=6, markeredgecolor="white", markeredgewidth=0.5)
            if chosen:
                handles[TITLES[cell]] = drawn[0]
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlim(left, right)
        axis.set_ylim(bottom=bottom)
        axis.set_xlabel("FLOPs for each byte that has to be moved")
        axis.set_title("training, fit" if trains else "inference, predict, step of a stream", fontsize=10)
        axis.grid(color="0.9", linewidth=0.7)
        axis.set_axisbelow(True)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
        _name_shapes(axis, [p for p in found if p.trains == trains], right / left, bottom)
    axes[0].set_ylabel("GFLOP/s")
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
    figure.suptitle(f"minirnn's cases under the machine's roof\n{caption}", fontsize=10)
    figure.savefig(path, dpi=160)
    pyplot.close(figure)


def _draw_roofs(axis: Any, machine: Mapping[str, Any], left: float, right: float) -> dict[str, Any]:
    """The roof of the run's threads and that of one; their lines by what they say."""
    lines = {}
    for count, style in {str(machine["threads"]): "-", "1": "--"}.items():
        peak, bandwidth = machine["peak_gflops"][count], machine["bandwidth"][count]
        edges = [x for x in (left, ridge(peak, bandwidth), right) if left <= x <= right]
        label = f"{count} thread{'s' if count != '1' else ''}: {peak:.0f} GFLOP/s, {bandwidth:.0f} GB/s"
        style = "-" if machine["threads"] == 1 else style
        heights = [roof(x, peak, bandwidth) for x in edges]
        lines[label] = axis.plot(edges, heights, style, color="black", linewidth=1.3)[0]
    return lines


def _name_shapes(axis: Any, found: Sequence[Point], width: float, bottom: float) -> None:
    """Write each shape and mode of its own below its lowest point, further down where another name stands."""
    lowest: dict[str, Point] = {}
    for point in found:
        shape, mode = point.name.split("-")[0], point.name.split("-")[2]
        name = f"{shape} step" if mode == "step" else shape
        if name not in lowest or point.gflops < lowest[name].gflops:
            lowest[name] = point
    taken: list[tuple[float, float]] = []
    for name, point in sorted(lowest.items(), key=lambda item: -item[1].gflops):
        height = point.gflops / 1.5
        # As wide as a name, an eighth of the axis; as high as a line of text.
        while any(abs(math.log(point.intensity / x)) < math.log(width) / 8 and abs(math.log(height / y)) < 0.28
                  for x, y in taken):  # fmt: skip
            height /= 1.1
        taken.append((point.intensity, height))
        axis.annotate(name, (point.intensity, max(height, bottom * 1.1)), fontsize=8, ha="center", va="top")
