"""The gate functions of minirnn in two forms that checks can treat alike; no equation stands here.

`RUNS`: a step and its backward, on 7 quantities (5 arguments of `step`, 2 upstream gradients), with 11 results: the
step's outputs, then the gradients, then repetitions of the first, so that one kernel serves all gates. `WITH`: a step
and its backward with any activations, giving the sum of what is asked of it and the gradients of its arguments.
"""

from __future__ import annotations

import numpy as np

from minirnn.gates import coupled_lstm, gru, layer_norm_lstm, lstm, peephole_lstm, simple_rnn, zoneout
from minirnn.jit import inline


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


def quantities(points: int, dtype: str, seed: int = 0) -> np.ndarray:
    """(7, points) random arguments and upstream gradients."""
    return np.random.default_rng(seed).normal(0, 1.5, (7, points)).astype(dtype)


# --- with any activations ---------------------------------------------------------------------------------------------


def lstm_with(act, d_act, rec, d_rec, x, d):
    h, c, i, f, g, o = lstm.step(*x[:5], act, rec)
    return d[0] * h + d[1] * c, lstm.step_backward(*d[:2], *x[:4], i, f, g, o, x[4], c, act, d_act, d_rec)


def gru_with(act, d_act, rec, d_rec, x, d):
    h, z, r, n = gru.step(*x[:5], act, rec)
    return d[0] * h, gru.step_backward(d[0], x[0], x[1], x[2] + r * x[3], z, r, n, x[3], x[4], d_act, d_rec)


def gru_reset_before_with(act, d_act, rec, d_rec, x, d):
    """Both halves; the candidate's product with U_n is the elementwise a_n + 0.7 s here."""
    s, z, r = gru.step_reset(x[0], x[1], x[4], rec)
    a_n = x[2] + 0.7 * s
    h, n = gru.step_update(a_n, z, x[4], act)
    da_n, dz, dh_direct = gru.step_update_backward(d[0], a_n, z, n, x[4], d_act)
    da_z, da_r, dh_reset = gru.step_reset_backward(0.7 * da_n, dz, x[0], x[1], z, r, x[4], d_rec)
    return d[0] * h, (da_z, da_r, da_n, np.zeros_like(h), dh_direct + dh_reset)


def simple_rnn_with(act, d_act, rec, d_rec, x, d):
    h = simple_rnn.step(x[0], act)
    return d[0] * h, (simple_rnn.step_backward(d[0], x[0], h, d_act),)


def peephole_with(act, d_act, rec, d_rec, x, d):
    p = 0.3, -0.6, 0.8
    h, c, i, f, g, o = peephole_lstm.step(*x[:4], *p, x[4], act, rec)
    a = x[0] + p[0] * x[4], x[1] + p[1] * x[4], x[2], x[3] + p[2] * c
    gradients = peephole_lstm.step_backward(*d, *a, *p, i, f, g, o, x[4], c, act, d_act, d_rec)
    return d[0] * h + d[1] * c, (*gradients[:4], gradients[-1])


def coupled_with(act, d_act, rec, d_rec, x, d):
    h, c, i, g, o = coupled_lstm.step(*x[:4], act, rec)
    return d[0] * h + d[1] * c, coupled_lstm.step_backward(*d, *x[:3], i, g, o, x[3], c, act, d_act, d_rec)


def layer_norm_with(act, d_act, rec, d_rec, x, d):
    """Both halves, c shown as 0.7 c + 0.2."""
    c, i, f, g = layer_norm_lstm.step_memory(*x[:3], x[4], act, rec)
    h, o, m = layer_norm_lstm.step_output(x[3], c, 0.7, 0.2, act, rec)
    da_o, dn, _, _ = layer_norm_lstm.step_output_backward(d[0], x[3], o, m, c, 0.7, act, d_act, d_rec)
    *da, dc_prev = layer_norm_lstm.step_memory_backward(d[1] + dn, *x[:3], i, f, g, x[4], d_act, d_rec)
    return d[0] * h + d[1] * c, (*da, da_o, dc_prev)


WITH = [
    lstm_with, gru_with, gru_reset_before_with, simple_rnn_with, peephole_with, coupled_with, layer_norm_with
]  # fmt: skip
