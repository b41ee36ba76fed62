"""Gated recurrent unit, in its two conventions.

Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014 (arXiv:1406.1078). Version 3 of the paper
resets h before the recurrent product (`reset_after=False`), version 1 resets the product itself (`reset_after=True`,
what CuDNN computes and Keras's default). Keras's update gate z keeps the old state: h = z h_prev + (1 - z) n.
"""

from minirnn.gates.activations import d_sigmoid, d_tanh, sigmoid
from minirnn.gates.elementary import tanh
from minirnn.jit import inline

# --- reset_after=True: the reset gate acts on the recurrent product --------------------------------------------------


@inline
def step(a_z, a_r, a_n, q, h_prev, activation=tanh, recurrent_activation=sigmoid):
    """One step of every unit with reset_after=True. There are two biases, b of the input and p of the recurrent side.

        a_z = x W_z + b_z + h_prev U_z + p_z        z = recurrent_activation(a_z)     update gate: what to keep
        a_r = x W_r + b_r + h_prev U_r + p_r        r = recurrent_activation(a_r)     reset gate: what to look back at
        a_n = x W_n + b_n
        q   =               h_prev U_n + p_n        n = activation(a_n + r q)         candidate: the new content

        h = z h_prev + (1 - z) n                    (Cho et al. 2014 v1, eqs. 5-8)

    Returns (h, z, r, n).
    """
    z = recurrent_activation(a_z)
    r = recurrent_activation(a_r)
    n = activation(a_n + r * q)
    h = z * h_prev + (1.0 - z) * n
    return h, z, r, n


@inline
def step_backward(dh, a_z, a_r, a_n, z, r, n, q, h_prev, d_activation=d_tanh, d_recurrent_activation=d_sigmoid):
    """Gradients of one step with reset_after=True; here a_n stands for the whole argument a_n + r q of n.

    Returns (da_z, da_r, da_n, dq, dh_prev); dh_prev is the direct path, the products with U come on top of it.
    """
    dz = dh * (h_prev - n)  # h = z * h_prev + (1 - z) * n
    dn = dh * (1.0 - z)  # h = z * h_prev + (1 - z) * n
    dh_prev = dh * z  # h = z * h_prev + (1 - z) * n
    da_n = dn * d_activation(n, a_n)  # n = activation(a_n + r * q)
    dr = da_n * q  # n = activation(a_n + r * q)
    dq = da_n * r  # n = activation(a_n + r * q)
    da_r = dr * d_recurrent_activation(r, a_r)  # r = recurrent_activation(a_r)
    da_z = dz * d_recurrent_activation(z, a_z)  # z = recurrent_activation(a_z)
    return da_z, da_r, da_n, dq, dh_prev


# --- reset_after=False: the reset gate acts on h before the recurrent product ----------------------------------------
# The product with U_n needs the reset state of *all* units, so a step has two halves with that product between them.


@inline
def step_reset(a_z, a_r, h_prev, recurrent_activation=sigmoid):
    """First half of a step with reset_after=False.

        a_z = x W_z + h_prev U_z + b_z      z = recurrent_activation(a_z)     update gate: what to keep
        a_r = x W_r + h_prev U_r + b_r      r = recurrent_activation(a_r)     reset gate: what to look back at

        s = r h_prev                        the reset state that the candidate sees

    Returns (s, z, r).
    """
    z = recurrent_activation(a_z)
    r = recurrent_activation(a_r)
    s = r * h_prev
    return s, z, r


@inline
def step_update(a_n, z, h_prev, activation=tanh):
    """Second half of a step with reset_after=False.

        a_n = x W_n + s U_n + b_n           n = activation(a_n)               candidate: the new content

        h = z h_prev + (1 - z) n            (Cho et al. 2014 v3, eqs. 5-8)

    Returns (h, n).
    """
    n = activation(a_n)
    h = z * h_prev + (1.0 - z) * n
    return h, n


@inline
def step_update_backward(dh, a_n, z, n, h_prev, d_activation=d_tanh):
    """Gradients of the second half. Returns (da_n, dz, dh_prev), dh_prev along the direct path only."""
    dz = dh * (h_prev - n)  # h = z * h_prev + (1 - z) * n
    dn = dh * (1.0 - z)  # h = z * h_prev + (1 - z) * n
    dh_prev = dh * z  # h = z * h_prev + (1 - z) * n
    da_n = dn * d_activation(n, a_n)  # n = activation(a_n)
    return da_n, dz, dh_prev


@inline
def step_reset_backward(ds, dz, a_z, a_r, z, r, h_prev, d_recurrent_activation=d_sigmoid):
    """Gradients of the first half, from those of s and z. Returns (da_z, da_r, dh_prev), dh_prev through s only."""
    dr = ds * h_prev  # s = r * h_prev
    dh_prev = ds * r  # s = r * h_prev
    da_r = dr * d_recurrent_activation(r, a_r)  # r = recurrent_activation(a_r)
    da_z = dz * d_recurrent_activation(z, a_z)  # z = recurrent_activation(a_z)
    return da_z, da_r, dh_prev
