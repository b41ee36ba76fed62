"""What a page holds of a recurrent layer: its numbers, its equations, and what the numbers are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.study.equations import Cell
from minirnn.study.layer_run import LayerRun
from minirnn.study.layer_trace import LayerGradients, LayerTrace, cell_of, differentiate, trace_call
from minirnn.study.page.cutting import Shown
from minirnn.study.selection import Selection

Array = NDArray[Any]


def layer_numbers(name: str, run: LayerRun, rows: Array, shown: Shown) -> dict[str, Any]:
    """All that the page knows of a layer; arrays of numbers stand in it as arrays, for `json_in_html` to write.

    `rows` are the numbers of the run's rows. With R rows, T steps, u units shown, of U units and F features:

    quantities, gradients   (R, T, u) by name; a gradient under the name of its quantity; gradients None without any
    x, dx                   (R, T, F)
    entering                (R, T, U) by name: what U multiplies, h_prev, and s of a GRU that resets before
    W, U                    (u, F) and (u, U) by gate: the weights that lead to each unit shown
    constants               (u,) by name
    """
    run, rows = _some_rows(run, shown.rows), rows[shown.rows]
    chosen = Selection(steps=shown.steps, units=shown.units)
    trace = trace_call(run, name, chosen, rows)
    cell = cell_of(run.layer)(run)
    depends = run.dy is not None or any(d is not None for d in run.d_last)
    found = differentiate(run, name, chosen, run.dy, run.d_last, rows) if depends else None
    return {
        "name": name,
        "kind": trace.kind,
        "gates": list(trace.gates),
        "valves": list(trace.valves),
        "backwards": bool(run.layer.go_backwards),
        "hands_on_all_steps": bool(run.layer.return_sequences),
        "rows": rows,
        "steps": trace.steps,
        "units": trace.units,
        "input_steps": trace.input_steps,
        "length": run.steps,
        "all_units": run.units,
        "features": run.x.shape[2],
        "functions": {
            name: getattr(run.layer, name)
            for name in ("activation", "recurrent_activation")
            if hasattr(run.layer, name)
        },
        "equations": [equation._asdict() for equation in cell.equations()],
        "quantities": dict(trace),
        "gradients": None if found is None else _gradients(found, trace, run, shown),
        "x": run.x[:, shown.steps],
        "dx": None if found is None else found.dx[:, shown.steps],
        "entering": _entering(cell, run, name, shown),
        "W": {k: W[:, shown.units].T for k, W in cell.W.items()},
        "U": {k: U[:, shown.units].T for k, U in cell.U.items()},
        "constants": {name: constant[shown.units] for name, constant in cell.constants().items()},
    }


def _some_rows(run: LayerRun, rows: Array) -> LayerRun:
    """The run of these rows only."""

    def of(array: Array | None) -> Array | None:
        return None if array is None else array[rows]

    kept = None if run.kept is None else run.kept[:, rows]
    return LayerRun(
        run.layer, run.x[rows], run.h[rows], of(run.c), of(run.keep), of(run.drop), kept, of(run.dy),
        [of(d) for d in run.d_last], run.weights,
    )  # fmt: skip


def _gradients(found: LayerGradients, trace: LayerTrace, run: LayerRun, shown: Shown) -> dict[str, Array]:
    """The gradients of the quantities traced; those of h_prev and c_prev are those of h and c one step before."""
    gradients = {name: found[f"d{name}"] for name in trace if f"d{name}" in found}
    whole = differentiate(run, trace.name, Selection(units=shown.units), run.dy, run.d_last, trace.rows)
    for state, first in found.d_initial.items():
        before = np.concatenate([first[:, None, shown.units], whole[f"d{state}"][:, :-1]], axis=1)
        gradients[f"{state}_prev"] = before[:, shown.steps]
    return gradients


def _entering(cell: Cell, run: LayerRun, name: str, shown: Shown) -> dict[str, Array]:
    """What the recurrent weights multiply, under its name in the equations."""
    names = {token[1] for equation in cell.equations() for token in equation.right if _is_recurrent(token)}
    found = {}
    for vector in sorted(names):
        if vector == "h_prev":
            found[vector] = run.h[:, shown.steps]
        else:
            found[vector] = trace_call(run, name, Selection(steps=shown.steps), np.arange(run.rows))[vector]
    return found


def _is_recurrent(token: tuple[str, ...]) -> bool:
    return token[0] in ("sum", "norm") and token[2] == "U"
