"""Every gate in one form: `run` takes 7 quantities, 5 arguments of `step` and 2 upstream gradients, and gives 11.

The results are `step`'s outputs, then `step_backward`'s gradients, then repetitions of the first up to eleven, so that
one kernel serves all gates. `run` holds no equation of its own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from minirnn.gates import coupled_lstm, gru, layer_norm_lstm, lstm, peephole_lstm, simple_rnn, zoneout
from minirnn.jit import Static, inline, kernel
from minirnn.kernels.simd import element, load, store, width


@inline
def run_lstm(a_i, a_f, a_g, a_o, c_prev, dh, dc):
    h, c, i, f, g, o = lstm.step(a_i, a_f, a_g, a_o, c_prev)
    da_i, da_f, da_g, da_o, dc_prev = lstm.step_backward(dh, dc, a_i, a_f, a_g, a_o, i, f, g, o, c_prev, c)
    return h, c, i, f, g, o, da_i, da_f, da_g, da_o, dc_prev


@inline
def run_gru(a_z, a_r, a_n, q, h_prev, dh, unused):
    h, z, r, n = gru.step(a_z, a_r, a_n, q, h_prev)
    da_z, da_r, da_n, dq, dh_prev = gru.step_backward(dh, a_z, a_r, a_n + r * q, z, r, n, q, h_prev)
    return h, z, r, n, da_z, da_r, da_n, dq, dh_prev, h, h


@inline
def run_gru_reset(a_z, a_r, h_prev, unused_1, unused_2, ds, dz):
    s, z, r = gru.step_reset(a_z, a_r, h_prev)
    da_z, da_r, dh_prev = gru.step_reset_backward(ds, dz, a_z, a_r, z, r, h_prev)
    return s, z, r, da_z, da_r, dh_prev, s, s, s, s, s


@inline
def run_gru_update(a_n, z, h_prev, unused_1, unused_2, dh, unused_3):
    h, n = gru.step_update(a_n, z, h_prev)
    da_n, dz, dh_prev = gru.step_update_backward(dh, a_n, z, n, h_prev)
    return h, n, da_n, dz, dh_prev, h, h, h, h, h, h


@inline
def run_simple_rnn(a_h, unused_1, unused_2, unused_3, unused_4, dh, unused_5):
    h = simple_rnn.step(a_h)
    da_h = simple_rnn.step_backward(dh, a_h, h)
    return h, da_h, h, h, h, h, h, h, h, h, h


@inline
def run_peephole(a, p_i, p_f, p_o, c_prev, dh, dc):
    """The four pre-activations are shares of one, so that the peepholes find room."""
    a_i, a_f, a_g, a_o = a, 0.7 * a, -0.4 * a, 0.9 * a
    h, c, i, f, g, o = peephole_lstm.step(a_i, a_f, a_g, a_o, p_i, p_f, p_o, c_prev)
    da_i, da_f, da_g, da_o, dp_i, dp_f, dp_o, dc_prev = peephole_lstm.step_backward(
        dh, dc, a_i + p_i * c_prev, a_f + p_f * c_prev, a_g, a_o + p_o * c, p_i, p_f, p_o, i, f, g, o, c_prev, c
    )
    return h, c, i, f, g, o, da_i + 0.7 * da_f - 0.4 * da_g + 0.9 * da_o, dp_i, dp_f, dp_o, dc_prev


@inline
def run_coupled(a_i, a_g, a_o, c_prev, unused, dh, dc):
    h, c, i, g, o = coupled_lstm.step(a_i, a_g, a_o, c_prev)
    da_i, da_g, da_o, dc_prev = coupled_lstm.step_backward(dh, dc, a_i, a_g, a_o, i, g, o, c_prev, c)
    return h, c, i, g, o, da_i, da_g, da_o, dc_prev, h, h


@inline
def run_zoneout(new, prev, kept, unused_1, unused_2, dy, unused_3):
    y = zoneout.step(new, prev, kept)
    dnew, dprev = zoneout.step_backward(dy, kept)
    return y, dnew, dprev, y, y, y, y, y, y, y, y


@inline
def run_layer_norm_join(n_x, n_h, k_x, k_h, b, da, unused):
    a = layer_norm_lstm.join(n_x, n_h, k_x, k_h, b)
    dn_x, dn_h, dk_x, dk_h, db = layer_norm_lstm.join_backward(da, n_x, n_h, k_x, k_h)
    return a, dn_x, dn_h, dk_x, dk_h, db, a, a, a, a, a


@inline
def run_layer_norm_memory(a_i, a_f, a_g, c_prev, unused_1, dc, unused_2):
    c, i, f, g = layer_norm_lstm.step_memory(a_i, a_f, a_g, c_prev)
    da_i, da_f, da_g, dc_prev = layer_norm_lstm.step_memory_backward(dc, a_i, a_f, a_g, i, f, g, c_prev)
    return c, i, f, g, da_i, da_f, da_g, dc_prev, c, c, c


@inline
def run_layer_norm_output(a_o, n, k, b, unused_1, dh, unused_2):
    h, o, m = layer_norm_lstm.step_output(a_o, n, k, b)
    da_o, dn, dk, db = layer_norm_lstm.step_output_backward(dh, a_o, o, m, n, k)
    return h, o, m, da_o, dn, dk, db, h, h, h, h


@inline
def run_layer_norm_normalise(v, mean, scale, unused_1, unused_2, dn, unused_3):
    """The statistics of one number are its own: the gradient is `scale dn` where the means of dn are nothing."""
    n = layer_norm_lstm.normalise(v, mean, scale)
    dv = layer_norm_lstm.normalise_backward(dn, n, scale, 0.0, 0.0)
    return n, dv, n, n, n, n, n, n, n, n, n


RUNS = {
    "lstm": run_lstm,
    "gru": run_gru,
    "gru_reset": run_gru_reset,
    "gru_update": run_gru_update,
    "simple_rnn": run_simple_rnn,
    "peephole": run_peephole,
    "coupled": run_coupled,
    "zoneout": run_zoneout,
    "layer_norm_join": run_layer_norm_join,
    "layer_norm_memory": run_layer_norm_memory,
    "layer_norm_output": run_layer_norm_output,
    "layer_norm_normalise": run_layer_norm_normalise,
}
# name: (outputs, of which so many first ones have an upstream gradient; arguments). Gradients follow the outputs.
COUNTS = {
    "lstm": (6, 2, 5), "gru": (4, 1, 5), "gru_reset": (3, 2, 3), "gru_update": (2, 1, 3), "simple_rnn": (1, 1, 1),
    "peephole": (6, 2, 5), "coupled": (5, 2, 4), "zoneout": (1, 1, 2), "layer_norm_join": (1, 1, 5),
    "layer_norm_memory": (4, 1, 4), "layer_norm_output": (3, 1, 4), "layer_norm_normalise": (1, 1, 1),
}  # fmt: skip

# Machine code on disk is named by the key of its Static: with this file's hash in it, an edit here is never missed.
VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


@inline
def one(array):
    return 1


@inline
def store_number(array, offset, value):
    array[offset] = value


GATES = {name: Static(("gate under test", name, VERSION), run=run) for name, run in RUNS.items()}
FORMS = {
    "numbers": Static(("form under test", "numbers", VERSION), get=element, put=store_number, stride=one),
    "registers": Static(("form under test", "registers", VERSION), get=load, put=store, stride=width),
}


@kernel
def run_gate(gate, form, x, y, n):
    """y (11 n,) from x (7 n,), point by point or register by register."""
    get, put = form.get, form.put
    for k in range(0, n, form.stride(x)):
        y_0, y_1, y_2, y_3, y_4, y_5, y_6, y_7, y_8, y_9, y_10 = gate.run(
            get(x, k), get(x, n + k), get(x, 2 * n + k), get(x, 3 * n + k), get(x, 4 * n + k), get(x, 5 * n + k),
            get(x, 6 * n + k),
        )  # fmt: skip
        put(y, k, y_0)
        put(y, n + k, y_1)
        put(y, 2 * n + k, y_2)
        put(y, 3 * n + k, y_3)
        put(y, 4 * n + k, y_4)
        put(y, 5 * n + k, y_5)
        put(y, 6 * n + k, y_6)
        put(y, 7 * n + k, y_7)
        put(y, 8 * n + k, y_8)
        put(y, 9 * n + k, y_9)
        put(y, 10 * n + k, y_10)


def quantities(points: int, dtype: str, seed: int = 0) -> np.ndarray:
    """(7, points) random arguments and upstream gradients."""
    return np.random.default_rng(seed).normal(0, 1.5, (7, points)).astype(dtype)
