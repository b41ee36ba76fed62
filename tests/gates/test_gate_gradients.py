"""`step_backward` against central differences of `step`, in float64, with random upstream gradients."""

from __future__ import annotations

import numpy as np
import pytest
from gate_cases import COUNTS, RUNS, quantities

from minirnn.gates import coupled_lstm, gru, layer_norm_lstm, lstm, peephole_lstm, simple_rnn
from minirnn.kernels.activations import ACTIVATIONS

STEP = 1e-6
# Central differences err by about STEP**2 and 1e-16 / STEP.
TOLERANCE = 2e-8


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", RUNS)
def test_step_backward_is_the_derivative_of_step(name):
    outputs, upstream, arguments = COUNTS[name]
    x = quantities(50, "float64", seed=1)

    def value(x):
        return sum(x[5 + k] * RUNS[name](*x)[k] for k in range(upstream))

    gradients = RUNS[name](*x)[outputs : outputs + arguments]
    for k in range(arguments):
        ahead, behind = x.copy(), x.copy()
        ahead[k] += STEP
        behind[k] -= STEP
        close(gradients[k], (value(ahead) - value(behind)) / (2 * STEP))


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


def test_normalise_backward_is_the_derivative_with_mean_and_scale_of_all_units():
    random = np.random.default_rng(3)
    v, dn, direction = random.normal(0, 1.5, (3, 17))

    def normalised(v):
        scale = 1 / np.sqrt(v.var() + 1e-5)
        return layer_norm_lstm.normalise(v, v.mean(), scale), scale

    n, scale = normalised(v)
    dv = layer_norm_lstm.normalise_backward(dn, n, scale, dn.mean(), (dn * n).mean())
    ahead, behind = (np.sum(dn * normalised(v + step * direction)[0]) for step in (STEP, -STEP))
    close(np.sum(dv * direction), (ahead - behind) / (2 * STEP))


WITH = [
    lstm_with, gru_with, gru_reset_before_with, simple_rnn_with, peephole_with, coupled_with, layer_norm_with
]  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("cell", WITH)
def test_step_backward_holds_for_every_activation_in_every_place(cell, name):
    random = np.random.default_rng(2)
    x, d = random.normal(0, 1, (5, 200)), random.normal(0, 1, (2, 200))
    for place in (0, 2):
        functions = [*ACTIVATIONS["softsign"], *ACTIVATIONS["softsign"]]
        functions[place : place + 2] = ACTIVATIONS[name]
        _, gradients = cell(*functions, x, d)
        for k in range(len(gradients)):
            values = []
            for shift in (-2 * STEP, -STEP, STEP, 2 * STEP):
                moved = x.copy()
                moved[k] += shift
                values.append(cell(*functions, moved, d)[0])
            wide, narrow = (values[3] - values[0]) / (4 * STEP), (values[2] - values[1]) / (2 * STEP)
            # At a kink the two differences disagree: such points have no derivative to compare with.
            smooth = np.abs(wide - narrow) < 1e-6 * (1 + np.abs(narrow))
            assert smooth.mean() > 0.98
            close(gradients[k][smooth], narrow[smooth])
