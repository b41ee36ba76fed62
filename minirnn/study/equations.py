"""Each cell's equations, run on NumPy: which gate functions of `minirnn.gates`, and the matrix products around them.

`Cell.forward` and `Cell.backward` do one step of all rows. What stands here is what the kernels do around the gates,
the sums a = x W + h_in U + b and the products da U^T; the equations themselves are the gate functions, run by `record`.
Letters as in `minirnn.gates`; h_in is h_prev, or with recurrent dropout h_prev times its mask.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minirnn.gates import coupled_lstm, gru, lstm, peephole_lstm, simple_rnn, zoneout
from minirnn.study.equation_text import Equation, Text, equations_of
from minirnn.study.layer_run import LayerRun
from minirnn.study.recording import record

Array = NDArray[Any]
Known = dict[str, Any]


class Cell:
    """The equations of one kind of layer, for the call of it that `run` holds.

    `gates` are the letters of its columns, in Keras's order; `valves` those of its gates that open and shut, between 0
    and 1; `content` the candidate, or what else is written. `texts` are the gate functions that are run, forward, in
    their order; subclasses run them.
    """

    gates: ClassVar[str]
    valves: ClassVar[str] = ""
    content: ClassVar[str] = ""
    texts: ClassVar[tuple[Text, ...]] = ()
    # Which gradient goes to the columns of each gate, of the input's weights (and b), and of the recurrent ones.
    to_input: ClassVar[dict[str, str]] = {}
    to_recurrent: ClassVar[dict[str, str]] = {}

    def __init__(self, run: LayerRun) -> None:
        self.run = run
        self.functions = run.activations()
        self.W, self.U = run.columns("kernel", self.gates), run.columns("recurrent_kernel", self.gates)
        self.b = run.columns("bias", self.gates)
        self.gradients = {name: np.zeros_like(weight) for name, weight in run.weights.items()}

    # --- the equations as a text ---

    @classmethod
    def equations(cls) -> list[Equation]:
        """What the docstrings of the gate functions say of a step."""
        return equations_of(cls.texts, cls.gates if len(cls.gates) == 1 else "")

    def constants(self) -> dict[str, Array]:
        """What stands in the equations and is the same at every step: (units,) each."""
        return {f"b_{k}": b for k, b in self.b.items()}

    # --- forward ---

    def sums(self, known: Known) -> Known:
        """The pre-activation of each gate."""
        x, h_in = known["x"], known["h_in"]
        return {f"a_{k}": x @ self.W[k] + h_in @ self.U[k] + self.b[k] for k in self.gates}

    def forward(self, t: int) -> Known:
        """Every name in the equations of step t, (rows, units) each; h and c as the layer itself computed them."""
        known = self.functions | self.run.before(t)
        known |= self.sums(known)
        return known | self.step(known, t) | self.run.after(t)

    def step(self, known: Known, t: int) -> Known:
        """What the gate function makes of the pre-activations."""
        raise NotImplementedError

    # --- backward ---

    def backward(self, t: int, known: Known, dh: Array, dc: Array) -> tuple[Known, Array, Array]:
        """Every gradient of step t, from those of its h and c; and the gradients of h_prev and c_prev.

        Adds this step's share to `gradients`. A masked row has no gates: their gradients are 0, and dh and dc pass by.
        """
        found = {"dc_prev": np.zeros_like(dh), "dh_prev": np.zeros_like(dh)}
        found |= self.step_backward(known | {"dh": dh, "dc": dc}, t)
        masked = self.run.masked(t)
        if masked is not None:
            found = {n: np.where(masked, 0, d) if _is_gradient(n, d) else d for n, d in found.items()}
            found["dh"], found["dc"] = (np.where(masked, d, found.get(n, 0)) for n, d in (("dh", dh), ("dc", dc)))
        dh_prev = found["dh_prev"] + self.products(known, found)
        if masked is not None:
            dh_prev, found["dc_prev"] = (np.where(masked, d, p) for d, p in ((dh, dh_prev), (dc, found["dc_prev"])))
        self.add(known, found)
        return found, dh_prev, found["dc_prev"]

    def step_backward(self, known: Known, t: int) -> Known:
        """What the gate function's backward makes of dh and dc."""
        raise NotImplementedError

    def products(self, known: Known, found: Known) -> Array:
        """The gradient of h_prev through U."""
        total = sum(found[d] @ self.U[k].T for k, d in self.to_recurrent.items())
        return total if self.run.drop is None else total * self.run.drop

    def dx(self, found: Known) -> Array:
        """The gradient of x, (rows, features)."""
        return sum(found[d] @ self.W[k].T for k, d in self.to_input.items())  # type: ignore[return-value]

    def entering(self, known: Known, gate: str) -> Array:
        """What the recurrent weights of a gate multiply."""
        return known["h_in"]

    def add(self, known: Known, found: Known) -> None:
        """Add this step's share to the gradients of the weights: x^T da, h_in^T da, and the sum of da."""
        of_input = [found[self.to_input[k]] for k in self.gates]
        self.gradients["kernel"] += known["x"].T @ np.concatenate(of_input, axis=-1)
        products = [self.entering(known, k).T @ found[self.to_recurrent[k]] for k in self.gates]
        self.gradients["recurrent_kernel"] += np.concatenate(products, axis=-1)
        if "bias" in self.gradients:
            self.add_bias(found)

    def add_bias(self, found: Known) -> None:
        """Add this step's share to the gradient of the bias."""
        self.gradients["bias"] += self.sum_of(found, self.to_input)

    def sum_of(self, found: Known, names: dict[str, str]) -> Array:
        """The gradients of all gates, side by side, summed over rows."""
        return np.concatenate([found[names[k]].sum(axis=0) for k in self.gates])


def _is_gradient(name: str, value: Any) -> bool:
    return name.startswith("d") and isinstance(value, np.ndarray)


class SimpleRNNCell(Cell):
    gates = content = "h"
    texts = (Text(simple_rnn.step),)
    to_input = to_recurrent = {"h": "da_h"}

    def constants(self) -> dict[str, Array]:
        return {"b": self.b["h"]}

    def step(self, known: Known, t: int) -> Known:
        return record(simple_rnn.step, known)

    def step_backward(self, known: Known, t: int) -> Known:
        return record(simple_rnn.step_backward, known)


# --- LSTM and its siblings ------------------------------------------------------------------------------------------


class LSTMCell(Cell):
    gates, valves, content = "ifgo", "ifo", "g"
    texts: ClassVar[tuple[Text, ...]] = (Text(lstm.step),)
    to_input = to_recurrent = {k: f"da_{k}" for k in "ifgo"}

    def step(self, known: Known, t: int) -> Known:
        return record(lstm.step, known)

    def step_backward(self, known: Known, t: int) -> Known:
        return record(lstm.step_backward, known)


class CoupledLSTMCell(LSTMCell):
    gates, valves = "igo", "ifo"
    texts = (Text(coupled_lstm.step),)
    to_input = to_recurrent = {k: f"da_{k}" for k in "igo"}

    def step(self, known: Known, t: int) -> Known:
        return record(coupled_lstm.step, known)

    def step_backward(self, known: Known, t: int) -> Known:
        return record(coupled_lstm.step_backward, known)


class PeepholeLSTMCell(LSTMCell):
    texts = (Text(peephole_lstm.step),)

    def __init__(self, run: LayerRun) -> None:
        super().__init__(run)
        self.peepholes = {f"p_{k}": p for k, p in run.columns("peepholes", "ifo").items()}

    def constants(self) -> dict[str, Array]:
        return super().constants() | self.peepholes

    def step(self, known: Known, t: int) -> Known:
        return record(peephole_lstm.step, known | self.peepholes)

    def step_backward(self, known: Known, t: int) -> Known:
        # Here a_i, a_f, a_o stand for the whole arguments of their gates.
        whole = {
            f"a_{k}": known[f"a_{k}"] + self.peepholes[f"p_{k}"] * known["c" if k == "o" else "c_prev"] for k in "ifo"
        }
        return record(peephole_lstm.step_backward, known | self.peepholes | whole)

    def add(self, known: Known, found: Known) -> None:
        super().add(known, found)
        self.gradients["peepholes"] += np.concatenate([found[f"dp_{k}"].sum(axis=0) for k in "ifo"])


class ZoneoutLSTMCell(LSTMCell):
    """The LSTM's h and c of a step are h_cell and c_cell here; h and c are what zoneout leaves."""

    texts = (
        Text(lstm.step, {"h": "h_cell", "c": "c_cell"}),
        *(Text(zoneout.step, {"y": s, "new": f"{s}_cell", "prev": f"{s}_prev", "kept": f"kept_{s}"}) for s in "ch"),
    )

    def step(self, known: Known, t: int) -> Known:
        cell = record(lstm.step, known)
        assert self.run.kept is not None
        kept_c, kept_h = self.run.kept[:, :, t]
        return cell | {"h_cell": cell["h"], "c_cell": cell["c"], "kept_c": kept_c, "kept_h": kept_h} | {
            name: record(zoneout.step, {"new": cell[name], "prev": known[f"{name}_prev"], "kept": kept})["y"]
            for name, kept in (("h", kept_h), ("c", kept_c))
        }  # fmt: skip

    def step_backward(self, known: Known, t: int) -> Known:
        h, c = (
            record(zoneout.step_backward, {"dy": known[f"d{name}"], "kept": known[f"kept_{name}"]}) for name in "hc"
        )
        cell = record(lstm.step_backward, known | {"dh": h["dnew"], "dc": c["dnew"], "c": known["c_cell"]})
        return cell | {
            "dh": known["dh"], "dc": known["dc"], "dh_cell": cell["dh"], "dc_cell": cell["dc"],
            "dh_prev": h["dprev"], "dc_prev": cell["dc_prev"] + c["dprev"],
        }  # fmt: skip


# --- GRU --------------------------------------------------------------------------------------------------------------


class GRUCell(Cell):
    """reset_after=True: two biases, and q, the candidate's recurrent product, which the reset gate multiplies."""

    gates, valves, content = "zrn", "zr", "n"
    texts = (Text(gru.step),)
    to_input = {"z": "da_z", "r": "da_r", "n": "da_n"}
    to_recurrent = {"z": "da_z", "r": "da_r", "n": "dq"}

    def __init__(self, run: LayerRun) -> None:
        super().__init__(run)
        biases = run.columns("bias", self.gates)
        self.b, self.p = ({k: b[side] if b.ndim == 2 else b for k, b in biases.items()} for side in (0, 1))

    def constants(self) -> dict[str, Array]:
        return super().constants() | {f"p_{k}": p for k, p in self.p.items()}

    def sums(self, known: Known) -> Known:
        x, h_in = known["x"], known["h_in"]
        of_x = {k: x @ self.W[k] + self.b[k] for k in self.gates}
        of_h = {k: h_in @ self.U[k] + self.p[k] for k in self.gates}
        return {"a_z": of_x["z"] + of_h["z"], "a_r": of_x["r"] + of_h["r"], "a_n": of_x["n"], "q": of_h["n"]}

    def step(self, known: Known, t: int) -> Known:
        return record(gru.step, known)

    def step_backward(self, known: Known, t: int) -> Known:
        # Here a_n stands for the whole argument of n.
        return record(gru.step_backward, known | {"a_n": known["a_n"] + known["r"] * known["q"]})

    def add_bias(self, found: Known) -> None:
        self.gradients["bias"] += [self.sum_of(found, side) for side in (self.to_input, self.to_recurrent)]


class GRUResetBeforeCell(Cell):
    """reset_after=False: two halves, with the product of the reset state s with U_n between them."""

    gates, valves, content = "zrn", "zr", "n"
    texts = (Text(gru.step_reset), Text(gru.step_update))
    to_input = to_recurrent = {"z": "da_z", "r": "da_r", "n": "da_n"}

    def sums(self, known: Known) -> Known:
        x, h_in = known["x"], known["h_in"]
        return {f"a_{k}": x @ self.W[k] + h_in @ self.U[k] + self.b[k] for k in "zr"}

    def step(self, known: Known, t: int) -> Known:
        first = record(gru.step_reset, known | {"h_prev": known["h_in"]})
        a_n = known["x"] @ self.W["n"] + first["s"] @ self.U["n"] + self.b["n"]
        return first | record(gru.step_update, known | first | {"a_n": a_n, "h_prev": known["h_prev"]})

    def step_backward(self, known: Known, t: int) -> Known:
        second = record(gru.step_update_backward, known)
        ds = second["da_n"] @ self.U["n"].T
        first = record(gru.step_reset_backward, known | {"ds": ds, "dz": second["dz"], "h_prev": known["h_in"]})
        through_s = first["dh_prev"] if self.run.drop is None else first["dh_prev"] * self.run.drop
        return first | second | {"ds": ds, "dh_prev": second["dh_prev"] + through_s}

    def products(self, known: Known, found: Known) -> Array:
        total = found["da_z"] @ self.U["z"].T + found["da_r"] @ self.U["r"].T
        return total if self.run.drop is None else total * self.run.drop

    def entering(self, known: Known, gate: str) -> Array:
        return known["s"] if gate == "n" else known["h_in"]
