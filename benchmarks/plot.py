"""The race as a picture: for each cell and mode, every case on a line, and how far behind the baseline each peer is.

Cases that are compared with their plain case are left to their table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import CASES, GATES
from benchmarks.report import contenders_of
from benchmarks.results import CaseResult

# Okabe and Ito's colours, told apart by colour-blind readers too, each with a marker of its own.
STYLES = {
    "minirnn": ("#000000", "|"),
    "torch": ("#D55E00", "o"),
    "onnxruntime": ("#0072B2", "s"),
    "keras-tensorflow": ("#E69F00", "^"),
    "keras-jax": ("#009E73", "D"),
    "keras-torch": ("#CC79A7", "v"),
}
# `fit` and `predict` have shapes of their own, and stand beside the single steps.
ROW_OF = {"inference": "inference", "predict": "inference", "training": "training", "fit": "training", "step": "step"}
ROWS = ("inference", "training", "step")
TITLES = {"lstm": "LSTM", "gru": "GRU", "gru_reset_before": "GRU, reset before", "simple_rnn": "SimpleRNN"}


def draw(results: Sequence[CaseResult], path: Path, caption: str = "") -> None:
    """Write the picture to `path`; the ending chooses the format. Raises ValueError when nothing was timed.

    Needs matplotlib.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    names = contenders_of(results)
    if not names:
        raise ValueError("nothing was timed, so there is nothing to draw")
    baseline = results[0].baseline
    peers = [name for name in names if name != baseline]
    shown = [result for result in results if not result.case.priced] or list(results)
    cells = [cell for cell in GATES if any(result.case.cell == cell for result in shown)]
    modes = [row for row in ROWS if any(ROW_OF[result.case.mode] == row for result in shown)]
    order = list(dict.fromkeys([*(case.shape for case in CASES), *(result.case.shape for result in shown)]))
    shapes = {
        row: sorted({r.case.shape for r in shown if ROW_OF[r.case.mode] == row}, key=order.index, reverse=True)
        for row in modes
    }
    count = sum(map(len, shapes.values()))

    figure, axes = pyplot.subplots(
        len(modes),
        len(cells),
        figsize=(2.2 + 3.2 * len(cells), 1.6 + 0.9 * len(modes) + 0.34 * count),
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=[len(shapes[row]) + 1 for row in modes],
        layout="constrained",
    )
    farthest = max((result.ratio(name) or 1 for result in shown for name in peers), default=1)
    labelled = (1, 2, 5) if farthest < 100 else (1,)  # more would not fit side by side
    drawn = {}
    for row, mode in zip(axes, modes, strict=True):
        lines = {shape: index for index, shape in enumerate(shapes[mode])}
        for axis, cell in zip(row, cells, strict=True):
            axis.set_title(f"{TITLES[cell]}, {mode}", fontsize=10)
            axis.axvline(1, color="black", linewidth=1.2)
            axis.grid(color="0.9", linewidth=0.7)
            axis.set_xscale("log")
            axis.set_yticks(list(lines.values()), list(lines))
            axis.set_ylim(-0.6, len(lines) - 0.4)
            axis.tick_params(axis="y", length=0)
            axis.xaxis.set_major_locator(LogLocator(subs=labelled))
            axis.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}x"))
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.set_axisbelow(True)
            for side in ("top", "right", "left"):
                axis.spines[side].set_visible(False)
            for index, name in enumerate(peers):
                # Close ratios would hide one another on the line itself.
                above = 0.11 * ((len(peers) - 1) / 2 - index)
                color, marker = STYLES.get(name, ("#56B4E9", "P"))
                points = [
                    (result.ratio(name), lines[result.case.shape] + above)
                    for result in shown
                    if result.case.cell == cell and ROW_OF[result.case.mode] == mode and result.ratio(name) is not None
                ]
                if points:
                    ratios, heights = zip(*points, strict=True)
                    edge = {"markeredgecolor": "white", "markeredgewidth": 0.6}
                    drawn[name] = axis.plot(ratios, heights, marker, color=color, markersize=6.5, **edge)[0]
    ordered = [name for name in peers if name in drawn]
    handles = [drawn[name] for name in ordered]
    figure.legend(handles, ordered, loc="outside lower center", ncols=max(1, len(ordered)), frameon=False)
    title = f"Time of a call as a multiple of {baseline}'s: to the right of the line, {baseline} is faster"
    figure.suptitle(f"{title}\n{caption}", fontsize=10)
    figure.savefig(path, dpi=160)
    pyplot.close(figure)
