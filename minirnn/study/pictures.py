"""Pictures of a trace: gates, cell state, saturation, two units against each other. Each takes `ax=` and returns it.

None is shown: a notebook does that by itself, a script calls `ax.figure.savefig("gates.png")`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.compat import spelling
from minirnn.study.axes import (
    FAINT,
    INK,
    OPEN,
    SHUT,
    SIGNED_COLOURS,
    VALVE_COLOURS,
    label_ends,
    new_axes,
    style,
    tidy,
    whole_ticks,
)
from minirnn.study.layer_trace import LayerTrace
from minirnn.study.selection import numbers

Array = NDArray[Any]

ROLES = {
    "i": "input gate: what to write", "f": "forget gate: what to keep", "g": "candidate: the new content",
    "o": "output gate: what to show", "z": "update gate: what to keep", "r": "reset gate: what to look back at",
    "n": "candidate: the new content", "c": "cell state", "h": "hidden state",
}  # fmt: skip
STATES = ("c", "h")
LINES = 5  # units that are drawn as lines if nobody names them
STEP = "step"
STEP_TICKS, UNIT_TICKS = 9, 4


@spelling.names_nearest
def plot_gates(trace: Any, x: Any = None, row: int = 0, ax: Any = None, states: bool = False) -> Any:
    """Heat maps, units by steps, of each gate of a row, with `states` of c and h, too; above them its input, if given.

    `trace` is a `LayerTrace`, or the trace of a model with one recurrent layer. `x` is what the layer was traced on,
    (rows, steps, features), or a curve (steps,). Valves run from 0, shut, to 1, open; candidates and states around 0. A
    masked step is white. Raises ValueError for a row that was not traced, and for an x of another length.
    """
    trace = one_layer(trace)
    names = [*trace.gates, *([name for name in STATES if name in trace and name not in trace.gates] if states else [])]
    what = "Gates and states" if len(names) > len(trace.gates) else "Gates"
    title = f"{what} of {trace.name} ({trace.kind}), row {_row(trace, row)}"
    curves = None if x is None else _curves(x, trace, row)
    count = len(names) + (curves is not None)
    ax = new_axes(ax, 8.0, 1.0 + 1.25 * count)
    ax.set_axis_off()
    ax.set_title(title, fontsize="medium", loc="left", pad=26)
    height = 1.0 / (count + 0.45 * (count - 1))
    panels = [ax.inset_axes((0.0, 1.0 - height - k * 1.45 * height, 0.92, height)) for k in range(count)]
    edges = np.append(np.arange(len(trace.steps)), len(trace.steps)) - 0.5
    if curves is not None:
        panel = panels.pop(0)
        panel.plot(np.arange(len(trace.steps)), curves, lw=1.2, color=INK if curves.shape[1] == 1 else None)
        tidy(panel, "input x", "", "x")
        panel.set_xlim(edges[0], edges[-1])
        panel.set_xticks(_ticks(trace.steps, STEP_TICKS))
        panel.tick_params(labelbottom=False)
    for k, (gate, panel) in enumerate(zip(names, panels, strict=True)):
        image = _heat_map(panel, trace, gate, row)
        bar = panel.figure.colorbar(image, cax=panel.inset_axes((1.02, 0.0, 0.018, 1.0)))
        bar.outline.set_visible(False)
        last = k == len(panels) - 1
        tidy(panel, f"{gate}   {ROLES.get(gate, '')}", STEP if last else "", "unit")
        panel.tick_params(labelbottom=last)
    return ax


@spelling.names_nearest
def plot_cell_state(trace: Any, row: int = 0, units: Any = None, ax: Any = None) -> Any:
    """The cell state c of a row over time, a line for each unit (of a cell without c: its state h).

    `units` are numbers of units; by default the five whose state moves most. Raises ValueError for a unit or row that
    was not traced.
    """
    trace = one_layer(trace)
    name = "c" if "c" in trace else "h"
    values = trace[name][_row_place(trace, row)]
    places = _units(trace, units) if units is not None else np.sort(np.argsort(-np.ptp(values, axis=0))[:LINES])
    ax = new_axes(ax, 8.0, 3.5)
    ax.axhline(0.0, color=FAINT, lw=1, zorder=0)
    for k, place in enumerate(places):
        ax.plot(trace.steps, values[:, place], lw=1.6, **style(k))
    word = "Cell state" if name == "c" else "Hidden state"
    tidy(ax, f"{word} of {trace.name} ({trace.kind}), row {_row(trace, row)}", STEP, name)
    whole_ticks(ax)
    colours = [style(k)["color"] for k in range(len(places))]
    label_ends(ax, [f"unit {trace.units[p]}" for p in places], trace.steps[-1], list(values[-1, places]), colours)
    return ax


@spelling.names_nearest
def plot_saturation(trace: Any, shut: float = 0.1, opened: float = 0.9, ax: Any = None) -> Any:
    """How often each gate is shut (below `shut`), open (above `opened`), or between, over all rows, steps and units.

    Raises ValueError for a cell without gates, such as SimpleRNN.
    """
    trace = one_layer(trace)
    if not trace.valves:
        raise ValueError(f"{trace.name} is a {trace.kind}, which has no gates that open and shut")
    ax = new_axes(ax, 7.0, 1.1 + 0.55 * len(trace.valves))
    for k, gate in enumerate(trace.valves):
        values = trace[gate][np.isfinite(trace[gate])]
        shares = [float((values < shut).mean()), 0.0, float((values > opened).mean())]
        shares[1] = 1.0 - shares[0] - shares[2]
        left = 0.0
        for share, colour, ink in zip(shares, (SHUT, FAINT, OPEN), ("white", INK, INK), strict=True):
            ax.barh(k, 100 * share, left=100 * left, color=colour, height=0.7)
            if share >= 0.06:
                ax.text(100 * (left + share / 2), k, f"{share:.0%}", ha="center", va="center", color=ink, fontsize=9)
            left += share
    ax.set_yticks(range(len(trace.valves)), [f"{gate}  {ROLES[gate].split(':')[0]}" for gate in trace.valves])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    title = f"How often the gates of {trace.name} ({trace.kind}) are shut or open"
    tidy(ax, title, "share of rows, steps and units, %", "")
    for label, colour in ((f"shut, below {shut:g}", SHUT), ("between", FAINT), (f"open, above {opened:g}", OPEN)):
        ax.barh(0, 0, color=colour, label=label)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.28), ncols=3, fontsize="small")
    return ax


@spelling.names_nearest
def plot_phase(trace: Any, units: tuple[int, int] = (0, 1), name: str = "h", row: int = 0, ax: Any = None) -> Any:
    """Two units of a quantity against each other, a point for each step, from dark to light.

    Raises ValueError unless there are two units, and both were traced; KeyError for a quantity that is not there.
    """
    trace = one_layer(trace)
    if len(units) != 2:
        raise ValueError(f"plot_phase draws two units against each other, got {len(units)}")
    across, up = trace[name][_row_place(trace, row)][:, _units(trace, units)].T
    ax = new_axes(ax, 5.5, 4.6)
    ax.plot(across, up, color=FAINT, lw=1, zorder=1)
    points = ax.scatter(across, up, c=trace.steps, cmap=VALVE_COLOURS, s=24, zorder=2)
    bar = ax.figure.colorbar(points, ax=ax, label=STEP)
    bar.outline.set_visible(False)
    for place, word in ((0, "first"), (-1, "last")):
        ax.annotate(word, (across[place], up[place]), xytext=(6, 6), textcoords="offset points", fontsize="small")
    title = f"{name} of two units of {trace.name} ({trace.kind}), row {_row(trace, row)}"
    return tidy(ax, title, f"{name}, unit {units[0]}", f"{name}, unit {units[1]}")


# --- parts ------------------------------------------------------------------------------------------------------------


def one_layer(trace: Any) -> Any:
    """The quantities of one layer; those of a model's only one."""
    return getattr(trace, "only", trace)


def _row_place(trace: Any, row: int) -> int:
    return int(numbers(row, len(trace.rows), "rows of the trace")[0])


def _row(trace: Any, row: int) -> int:
    return int(trace.rows[_row_place(trace, row)])


def _units(trace: Any, units: Any) -> Array:
    """Where units of these numbers are in the trace."""
    known = trace.units.tolist()
    wanted = np.atleast_1d(np.asarray(units)).tolist()
    missing = [unit for unit in wanted if unit not in known]
    if missing:
        raise ValueError(f"{trace.name}: unit {missing[0]} was not traced; there is {known[0]} .. {known[-1]}")
    return np.array([known.index(unit) for unit in wanted])


def _curves(x: Any, trace: LayerTrace, row: int) -> Array:
    """The input of a row at the traced steps, (steps, features)."""
    x = np.asarray(x)
    x = x[_row(trace, row)] if x.ndim == 3 else x.reshape(len(x), -1)
    if len(x) != trace.length:
        raise ValueError(f"x has {len(x)} steps, the trace of {trace.name} is of {trace.length}")
    return x[trace.input_steps]


def _heat_map(panel: Any, trace: LayerTrace, gate: str, row: int) -> Any:
    values = trace[gate][_row_place(trace, row)].T
    if gate in trace.valves:
        low, high, colours = 0.0, 1.0, VALVE_COLOURS
    else:
        high = max(1.0, float(np.nanmax(np.abs(values), initial=0.0)))
        low, colours = -high, SIGNED_COLOURS
    image = panel.imshow(values, aspect="auto", cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    steps, units = _ticks(trace.steps, STEP_TICKS), _ticks(trace.units, UNIT_TICKS)
    panel.set_xticks(steps, trace.steps[steps])
    panel.set_yticks(units, trace.units[units])
    return image


def _ticks(numbers_: Array, most: int) -> Array:
    """Places of at most so many of the numbers, evenly spaced, from the first."""
    return np.arange(0, len(numbers_), -(-len(numbers_) // most))
