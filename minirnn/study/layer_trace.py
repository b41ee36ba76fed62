"""`LayerTrace` and `LayerGradients`: what a recurrent layer's equations hold at every step, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import as_input
from minirnn.layers import GRU, LSTM, CoupledLSTM, LayerNormLSTM, PeepholeLSTM, SimpleRNN, ZoneoutLSTM
from minirnn.layers.recurrence import Recurrent
from minirnn.study import equations
from minirnn.study.equations import Cell
from minirnn.study.layer_norm_equations import LayerNormLSTMCell
from minirnn.study.layer_run import LayerRun
from minirnn.study.quantities import Quantities
from minirnn.study.replay import Replay
from minirnn.study.selection import Selection, numbers

Array = NDArray[Any]
Call = LayerRun | Replay  # what a layer computed: held whole, or computed again in blocks

CELLS: dict[type[Recurrent], type[Cell]] = {
    SimpleRNN: equations.SimpleRNNCell,
    GRU: equations.GRUCell,
    LSTM: equations.LSTMCell,
    CoupledLSTM: equations.CoupledLSTMCell,
    LayerNormLSTM: LayerNormLSTMCell,
    PeepholeLSTM: equations.PeepholeLSTMCell,
    ZoneoutLSTM: equations.ZoneoutLSTMCell,
}
STATES = ("c_cell", "h_cell", "c", "h")
PREVIOUS = ("c_prev", "h_prev")
NOT_OF_UNITS = ("x", "h_in")  # these may happen to have their shape


def cell_of(layer: Recurrent) -> type[Cell]:
    """The equations of a layer's kind."""
    found = next(CELLS[kind] for kind in type(layer).__mro__ if kind in CELLS)
    return equations.GRUResetBeforeCell if isinstance(layer, GRU) and not layer.reset_after else found


class LayerTrace(Quantities):
    """Every quantity of a layer's equations at every step, (rows, steps, units) each, under its name in the alphabet.

    The pre-activations a_i .., the gates i .., the states h and c, and h_prev and c_prev before the step; whatever else
    a gate function names, such as the f = 1 - i of the coupled LSTM. Steps are in the order of computation, as in the
    layer's output. A masked step has no gates: NaN; its h and c are those of the step before.

    h and c are the layer's own, bit for bit. The rest is what the gate functions of `minirnn.gates` give on NumPy for
    the same x, h_prev and c_prev: each step begins with the layer's own states, so differences from the numbers in its
    registers do not add up over time. They are those of the order of sums (F features, U units) and of NumPy's exp:
    in an a of at most (F + U + 2) eps (|x| |W| + |h_prev| |U| + |b|), in a gate of that, as no slope of sigmoid or
    tanh exceeds 1, and of 4 eps.
    """

    _call: Call | None = None
    _chosen: Selection = Selection()

    def backward(self, dy: Any, d_states: Any = None) -> LayerGradients:
        """Gradients of sum(output * dy) + sum(last state * d_state), back through every step.

        `dy` is (rows, units) for the last step's output, or (rows, steps, units) for all, all steps and units of the
        traced rows whatever was chosen of them: the gradients are exact, and kept of the chosen steps and units only.
        Raises ValueError for another shape, and for a trace of some steps or units in training, whose choices of
        dropout are gone; RuntimeError if such a trace's layer has got other weights since.
        """
        call = self._call
        if call is None:
            raise ValueError(
                f"{self.name}: backward of some steps or units needs training=False; or trace without steps= and units="
            )
        shape = (call.rows, call.steps, call.units)
        dy = as_input(dy, "dy", call.dtype)
        if dy.shape not in (shape, (shape[0], shape[2])):
            raise ValueError(f"dy: got shape {dy.shape}, expected {(shape[0], shape[2])} or {shape}")
        dy = dy[:, None] if dy.ndim == 2 else dy
        last = [as_input(d, "d_states", call.dtype, (shape[0], shape[2])) for d in d_states or ()]
        return differentiate(call, self.name, self._chosen, dy, [*last, None, None][:2], self.rows)


class LayerGradients(Quantities):
    """The gradient of every quantity of a layer's equations at every step, (rows, steps, units) each.

    dh and dc are the whole gradients of h and c after a step: what the output asks of them and what later steps do;
    da_i .. those of the pre-activations, di .. those of the gates. At a masked step they are 0, but dh and dc, which
    pass it by.

    weights     the gradient of each weight, summed over the steps and these rows, by the weight's name
    dx          (rows, all steps, features), of the input (with dropout: of what is left of it)
    d_initial   those of the initial states, by "h" and "c"
    """

    weights: dict[str, Array]
    dx: Array
    d_initial: dict[str, Array]

    @property
    def distance(self) -> Array:
        """(steps,) how many steps each is before the last one."""
        return self.length - 1 - self.steps

    def norm(self, name: str = "dh", per_unit: bool = False) -> Array:
        """(steps,) the Euclidean norm of a gradient at each step, over rows and units; or (steps, units).

        >>> import numpy as np
        >>> from minirnn.layers import SimpleRNN
        >>> trace = SimpleRNN(4, dtype="float64").trace(np.ones((1, 6, 1)))
        >>> float(trace.backward(np.ones((1, 4))).norm("dh")[-1])
        2.0
        """
        return np.sqrt(np.square(self[name]).sum(axis=0 if per_unit else (0, 2)))


def trace_call(call: Call, name: str, chosen: Selection, rows: Array, again: bool = True) -> LayerTrace:
    """The trace of a call; `rows` are the numbers of its rows, `again` says that it may be gone through again."""
    store = _Store(call, name, chosen)
    wanted = sorted(set(store.steps.tolist()))
    cell = None
    with np.errstate(over="ignore"):
        for start, block in call.blocks():
            cell = _cell_at(cell, block)
            for t in wanted:
                if not start <= t < start + block.steps:
                    continue
                masked = block.masked(t - start)
                for quantity, value in cell.forward(t - start).items():
                    if quantity not in NOT_OF_UNITS and store.fits(value):
                        carried = quantity in (*STATES[2:], *PREVIOUS)
                        store.put(quantity, t, value if masked is None or carried else np.where(masked, np.nan, value))
            if start + block.steps > wanted[-1]:
                break
    assert cell is not None
    arrays = {quantity: store.arrays[quantity] for quantity in _in_order(store.arrays, cell)}
    found = LayerTrace(name, type(call.layer).__name__, arrays, store.places(rows), call.steps, *_gates(cell, call))
    found._call, found._chosen = call if again else None, chosen
    return found


def differentiate(
    call: Call, name: str, chosen: Selection, dy: Array | None, d_last: list[Array | None], rows: Array
) -> LayerGradients:
    """Back through a call: the gradients at the chosen steps.

    dy (rows, steps, units), or (rows, 1, units) of the last step, is the gradient of the output, d_last are those of
    the last states, (rows, units) each; None is 0.
    """
    store = _Store(call, name, chosen)
    wanted = set(store.steps.tolist())
    dx = np.zeros(call.x.shape, call.dtype)
    dh, dc = (np.zeros((call.rows, call.units), call.dtype) if d is None else d for d in d_last)
    first = call.steps if dy is None else call.steps - dy.shape[1]
    cell = None
    with np.errstate(over="ignore"):
        for start, block in call.blocks_back():
            cell = _cell_at(cell, block)
            for t in reversed(range(start, start + block.steps)):
                if dy is not None and t >= first:
                    masked = block.masked(t - start) if call.layer.zero_output_for_mask else None
                    asked = dy[:, t - first]
                    dh = dh + (asked if masked is None else np.where(masked, 0, asked))
                found, dh, dc = cell.backward(t - start, cell.forward(t - start), dh, dc)
                dx[:, t] = cell.dx(found)
                for quantity, value in found.items() if t in wanted else ():
                    if quantity[0] == "d" and not quantity.endswith("_prev") and store.fits(value):
                        store.put(quantity, t, value)
    assert cell is not None
    if not call.has_c:
        store.arrays.pop("dc", None)
    arrays = {quantity: store.arrays[quantity] for quantity in _in_order(store.arrays, cell, "d")}
    made = LayerGradients(name, type(call.layer).__name__, arrays, store.places(rows), call.steps, *_gates(cell, call))
    made.weights, made.dx = cell.gradients, dx
    made.d_initial = {"h": dh, "c": dc} if call.has_c else {"h": dh}
    return made


def _cell_at(cell: Cell | None, block: LayerRun) -> Cell:
    """The equations of the layer, at work on a block; those that were at work on another keep what they have summed."""
    if cell is None:
        return cell_of(block.layer)(block)
    cell.run = block
    return cell


class _Store:
    """Arrays that grow by a step at a time, of the chosen steps and units only."""

    def __init__(self, call: Call, name: str, chosen: Selection) -> None:
        self.steps = numbers(chosen.steps, call.steps, f"steps of {name}")
        self.units = numbers(chosen.units, call.units, f"units of {name}")
        self.shape = (call.rows, call.units)
        self.dtype = call.dtype
        self.arrays: dict[str, Array] = {}

    def fits(self, value: Any) -> bool:
        """Whether this is a number for each row and unit."""
        return isinstance(value, np.ndarray) and value.shape == self.shape

    def put(self, name: str, t: int, value: Array) -> None:
        """Keep what was chosen of a quantity's values at step t."""
        if name not in self.arrays:
            self.arrays[name] = np.zeros((self.shape[0], len(self.steps), len(self.units)), self.dtype)
        self.arrays[name][:, self.steps == t] = value[:, None, self.units]

    def places(self, rows: Array) -> tuple[Array, Array, Array]:
        """The numbers of rows, steps and units."""
        return rows, self.steps, self.units


def _in_order(names: Any, cell: Cell, d: str = "") -> list[str]:
    """Names as a reader looks for them: pre-activations, gates, states, all others."""
    gates = [*cell.gates, *(k for k in cell.valves if k not in cell.gates)]
    first = [*(f"{d}a_{k}" for k in gates), *(f"{d}{k}" for k in gates if k != "h"), *(f"{d}{k}" for k in STATES)]
    last = [name for name in PREVIOUS if name in names]
    others = [name for name in names if name not in first and name not in last]
    return [name for name in first if name in names] + others + last


def _gates(cell: Cell, call: Call) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    return (*cell.valves, *cell.content), tuple(cell.valves), call.layer.go_backwards
