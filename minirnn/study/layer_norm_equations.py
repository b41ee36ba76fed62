"""The layer-normalised LSTM's equations, run on NumPy, between the means and variances that its gates need."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.gates import layer_norm_lstm
from minirnn.kernels.layer_norm import scale_of
from minirnn.study.equation_text import Text
from minirnn.study.equations import Known, LSTMCell
from minirnn.study.layer_run import LayerRun
from minirnn.study.recording import record

Array = NDArray[Any]
GATES = "ifgo"


class LayerNormLSTMCell(LSTMCell):
    """n_x_i .. are the normalised x W of each gate, n_h_i .. the normalised h_prev U, n the normalised cell state.

    The gradients of x W and h_prev U themselves are dv_x_i .. and dv_h_i ..
    """

    texts = (
        Text(layer_norm_lstm.step_memory),
        Text(layer_norm_lstm.normalise, {"v": "c", "mean": "mean_c", "scale": "scale_c"}),
        Text(layer_norm_lstm.step_output, {"k": "k_c", "b": "b_c"}),
    )
    to_input = {k: f"dv_x_{k}" for k in GATES}
    to_recurrent = {k: f"dv_h_{k}" for k in GATES}

    def __init__(self, run: LayerRun) -> None:
        super().__init__(run)
        self.gain_x, self.gain_h = run.columns("kernel_gain", GATES), run.columns("recurrent_gain", GATES)
        self.gain_c, self.shift_c = run.weights["state_gain"], run.weights["state_shift"]

    def constants(self) -> dict[str, Array]:
        gains = {f"k_{name}_{k}": of[k] for name, of in (("x", self.gain_x), ("h", self.gain_h)) for k in GATES}
        return super().constants() | gains | {"k_c": self.gain_c, "b_c": self.shift_c}

    def _normalised(self, v: Array) -> tuple[Array, Array, Array]:
        """Rows of v normalised, their means, and their scales."""
        mean, variance = v.mean(axis=-1, keepdims=True), v.var(axis=-1, keepdims=True)
        scale = scale_of(variance, self.run.layer)
        return record(layer_norm_lstm.normalise, {"v": v, "mean": mean, "scale": scale})["n"], mean, scale

    def _before(self, dn: Array, n: Array, scale: Array) -> Array:
        """The gradient of what became n."""
        means = {"mean_dn": dn.mean(axis=-1, keepdims=True), "mean_dn_n": (dn * n).mean(axis=-1, keepdims=True)}
        return record(layer_norm_lstm.normalise_backward, {"dn": dn, "n": n, "scale": scale, **means})["dv"]

    def _joined(self, known: Known, k: str) -> Known:
        """The arguments of `join` for a gate."""
        return {
            "n_x": known[f"n_x_{k}"], "n_h": known[f"n_h_{k}"],
            "k_x": self.gain_x[k], "k_h": self.gain_h[k], "b": self.b[k],
        }  # fmt: skip

    def sums(self, known: Known) -> Known:
        found: Known = {}
        for name, left, right in (("x", known["x"], self.W), ("h", known["h_in"], self.U)):
            n, _, found[f"scale_{name}"] = self._normalised(left @ np.concatenate([right[k] for k in GATES], axis=-1))
            found |= {f"n_{name}_{k}": part for k, part in zip(GATES, np.split(n, 4, axis=-1), strict=True)}
        return found | {f"a_{k}": record(layer_norm_lstm.join, self._joined(found, k))["a"] for k in GATES}

    def step(self, known: Known, t: int) -> Known:
        memory = record(layer_norm_lstm.step_memory, known)
        n, mean, scale = self._normalised(self.run.after(t)["c"])
        shown = record(layer_norm_lstm.step_output, known | {"n": n, "k": self.gain_c, "b": self.shift_c})
        # One mean and scale for all units of a row, traced as their own.
        of_c = {name: np.broadcast_to(v, n.shape) for name, v in (("mean_c", mean), ("scale_c", scale))}
        return memory | {name: shown[name] for name in ("o", "m", "h")} | {"n": n, **of_c}

    def step_backward(self, known: Known, t: int) -> Known:
        shown = record(layer_norm_lstm.step_output_backward, known | {"k": self.gain_c})
        self.gradients["state_gain"] += self._sum(shown["dk"], t)
        self.gradients["state_shift"] += self._sum(shown["db"], t)
        dc = known["dc"] + self._before(shown["dn"], known["n"], known["scale_c"])
        found = record(layer_norm_lstm.step_memory_backward, known | {"dc": dc}) | {"dh": known["dh"]}
        found |= {name: shown[name] for name in ("do", "dm", "da_o")}
        joined = [
            record(layer_norm_lstm.join_backward, {"da": found[f"da_{k}"], **self._joined(known, k)}) for k in GATES
        ]
        for name in "xh":
            gain = "kernel_gain" if name == "x" else "recurrent_gain"
            self.gradients[gain] += np.concatenate([self._sum(part[f"dk_{name}"], t) for part in joined])
            n = np.concatenate([known[f"n_{name}_{k}"] for k in GATES], axis=-1)
            dn = np.concatenate([part[f"dn_{name}"] for part in joined], axis=-1)
            dv = self._before(dn, n, known[f"scale_{name}"])
            found |= {f"dv_{name}_{k}": part for k, part in zip(GATES, np.split(dv, 4, axis=-1), strict=True)}
        return found

    def _sum(self, gradient: Array, t: int) -> Array:
        """The sum over the rows whose step counts."""
        masked = self.run.masked(t)
        return (gradient if masked is None else np.where(masked, 0, gradient)).sum(axis=0)

    def add_bias(self, found: Known) -> None:
        self.gradients["bias"] += self.sum_of(found, {k: f"da_{k}" for k in GATES})
