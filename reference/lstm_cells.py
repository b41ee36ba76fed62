"""The oracle's LSTM siblings: peepholes, coupled gate, layer normalisation. Read `oracle` first.

Weights come in the order kernel, recurrent_kernel, bias, and then each cell's own:

    PeepholeLSTM    gates i f g o    peepholes (3 units,) of i f o
    CoupledLSTM     gates i g o      none
    LayerNormLSTM   gates i f g o    kernel_gain (4 units,), recurrent_gain (4 units,), state_gain (units,),
                                     state_shift (units,)

Sources: Gers & Schmidhuber 2000 (equations in Gers, Schraudolph & Schmidhuber 2002); Greff et al. 2017; Ba et al. 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.activations import activate, activate_backward

if TYPE_CHECKING:
    from reference.oracle import Array, Arrays, Options, Saved


def peephole_step(x: Array, states: Arrays, weights: Arrays, options: Options) -> tuple[Arrays, Saved]:
    """An LSTM's step whose i and f also read c_prev, and whose o also reads c, each unit its own."""
    h_prev, c_prev = states
    W, U, b, peepholes = weights
    p_i, p_f, p_o = np.split(peepholes, 3)
    a_i, a_f, a_g, a_o = np.split(x @ W + h_prev @ U + b, 4)
    a_i, a_f = a_i + p_i * c_prev, a_f + p_f * c_prev
    i = activate(options.recurrent_activation, a_i)
    f = activate(options.recurrent_activation, a_f)
    g = activate(options.activation, a_g)
    c = f * c_prev + i * g
    a_o = a_o + p_o * c
    o = activate(options.recurrent_activation, a_o)
    return [o * activate(options.activation, c), c], (x, h_prev, c_prev, a_i, a_f, a_g, a_o, i, f, g, o, c)


def peephole_step_backward(
    saved: Saved, d_states: Arrays, weights: Arrays, options: Options
) -> tuple[Array, Arrays, Arrays]:
    x, h_prev, c_prev, a_i, a_f, a_g, a_o, i, f, g, o, c = saved
    dh, dc = d_states
    W, U, _, peepholes = weights
    p_i, p_f, p_o = np.split(peepholes, 3)
    da_o = activate_backward(options.recurrent_activation, a_o, dh * activate(options.activation, c))
    dc = dc + activate_backward(options.activation, c, dh * o) + da_o * p_o
    da_i = activate_backward(options.recurrent_activation, a_i, dc * g)
    da_f = activate_backward(options.recurrent_activation, a_f, dc * c_prev)
    da_g = activate_backward(options.activation, a_g, dc * i)
    da = np.concatenate([da_i, da_f, da_g, da_o])
    d_peepholes = np.concatenate([da_i * c_prev, da_f * c_prev, da_o * c])
    dc_prev = dc * f + da_i * p_i + da_f * p_f
    return W @ da, [np.outer(x, da), np.outer(h_prev, da), da, d_peepholes], [U @ da, dc_prev]


def coupled_step(x: Array, states: Arrays, weights: Arrays, options: Options) -> tuple[Arrays, Saved]:
    """An LSTM's step with 1 - i in the place of f."""
    h_prev, c_prev = states
    W, U, b = weights
    a_i, a_g, a_o = np.split(x @ W + h_prev @ U + b, 3)
    i = activate(options.recurrent_activation, a_i)
    g = activate(options.activation, a_g)
    o = activate(options.recurrent_activation, a_o)
    c = (1 - i) * c_prev + i * g
    return [o * activate(options.activation, c), c], (x, h_prev, c_prev, a_i, a_g, a_o, i, g, o, c)


def coupled_step_backward(
    saved: Saved, d_states: Arrays, weights: Arrays, options: Options
) -> tuple[Array, Arrays, Arrays]:
    x, h_prev, c_prev, a_i, a_g, a_o, i, g, o, c = saved
    dh, dc = d_states
    W, U, _ = weights
    dc = dc + activate_backward(options.activation, c, dh * o)
    da = np.concatenate(
        [
            activate_backward(options.recurrent_activation, a_i, dc * (g - c_prev)),
            activate_backward(options.activation, a_g, dc * i),
            activate_backward(options.recurrent_activation, a_o, dh * activate(options.activation, c)),
        ]
    )
    return W @ da, [np.outer(x, da), np.outer(h_prev, da), da], [U @ da, dc * (1 - i)]


def normalise(v: Array, epsilon: float) -> Array:
    """v with mean 0 and variance 1."""
    return (v - v.mean()) / np.sqrt(v.var() + epsilon)


def normalise_backward(v: Array, dn: Array, epsilon: float) -> Array:
    """The gradient of v: that of n less its mean and less its share along n, scaled as v was."""
    n = normalise(v, epsilon)
    return (dn - dn.mean() - n * (dn * n).mean()) / np.sqrt(v.var() + epsilon)


def layer_norm_step(x: Array, states: Arrays, weights: Arrays, options: Options) -> tuple[Arrays, Saved]:
    """An LSTM's step: x W, h U and c are normalised, the latter for the output only."""
    h_prev, c_prev = states
    W, U, b, k_x, k_h, k_c, b_c = weights
    a = k_x * normalise(x @ W, options.epsilon) + k_h * normalise(h_prev @ U, options.epsilon) + b
    a_i, a_f, a_g, a_o = np.split(a, 4)
    i = activate(options.recurrent_activation, a_i)
    f = activate(options.recurrent_activation, a_f)
    g = activate(options.activation, a_g)
    o = activate(options.recurrent_activation, a_o)
    c = f * c_prev + i * g
    m = k_c * normalise(c, options.epsilon) + b_c
    return [o * activate(options.activation, m), c], (x, h_prev, c_prev, a_i, a_f, a_g, a_o, i, f, g, o, c, m)


def layer_norm_step_backward(
    saved: Saved, d_states: Arrays, weights: Arrays, options: Options
) -> tuple[Array, Arrays, Arrays]:
    x, h_prev, c_prev, a_i, a_f, a_g, a_o, i, f, g, o, c, m = saved
    dh, dc = d_states
    W, U, _, k_x, k_h, k_c, _ = weights
    dm = activate_backward(options.activation, m, dh * o)
    dc = dc + normalise_backward(c, dm * k_c, options.epsilon)
    da = np.concatenate(
        [
            activate_backward(options.recurrent_activation, a_i, dc * g),
            activate_backward(options.recurrent_activation, a_f, dc * c_prev),
            activate_backward(options.activation, a_g, dc * i),
            activate_backward(options.recurrent_activation, a_o, dh * activate(options.activation, m)),
        ]
    )
    dv_x = normalise_backward(x @ W, da * k_x, options.epsilon)
    dv_h = normalise_backward(h_prev @ U, da * k_h, options.epsilon)
    d_gains = [da * normalise(x @ W, options.epsilon), da * normalise(h_prev @ U, options.epsilon)]
    d_weights = [np.outer(x, dv_x), np.outer(h_prev, dv_h), da, *d_gains, dm * normalise(c, options.epsilon), dm]
    return W @ dv_x, d_weights, [U @ dv_h, dc * f]
