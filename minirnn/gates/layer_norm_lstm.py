"""Layer-normalised long short-term memory.

Ba, Kiros & Hinton, "Layer Normalization", 2016 (arXiv:1607.06450), equations 20-22 of its supplement. Two sums of each
step are normalised by themselves, over all gates and units: x W and h_prev U; and c, over all units, before it is
shown. A step is in parts, as the mean and the spread of all units come between them.
"""

from minirnn.gates.activations import d_sigmoid, d_tanh, sigmoid
from minirnn.gates.elementary import tanh
from minirnn.jit import inline

# --- normalising -----------------------------------------------------------------------------------------------------


@inline
def normalise(v, mean, scale):
    """A sum as it stands to its mean and spread over the units of its row.

        n = (v - mean) scale                with scale = 1 / sqrt(variance of v + epsilon) (Ba et al. 2016, eq. 4)

    Returns n.
    """
    n = (v - mean) * scale
    return n


@inline
def normalise_backward(dn, n, scale, mean_dn, mean_dn_n):
    """The gradient of v, which mean and scale depend on, too; mean_dn, mean_dn_n: means of dn and of dn n.

    Returns dv.
    """
    dv = scale * (dn - mean_dn - n * mean_dn_n)     # n = (v - mean) * scale
    return dv


@inline
def join(n_x, n_h, k_x, k_h, b):
    """The pre-activation of a gate from the two normalised sums, each with its gain k.

        a = k_x n_x + k_h n_h + b           (Ba et al. 2016, eq. 20; b is the sum of the three shifts there)

    Returns a.
    """
    a = k_x * n_x + k_h * n_h + b
    return a


@inline
def join_backward(da, n_x, n_h, k_x, k_h):
    """Gradients of `join`. Returns (dn_x, dn_h, dk_x, dk_h, db)."""
    dn_x = da * k_x                                 # a = k_x * n_x + k_h * n_h + b
    dn_h = da * k_h                                 # a = k_x * n_x + k_h * n_h + b
    dk_x = da * n_x                                 # a = k_x * n_x + k_h * n_h + b
    dk_h = da * n_h                                 # a = k_x * n_x + k_h * n_h + b
    db = da * 1.0                                   # a = k_x * n_x + k_h * n_h + b
    return dn_x, dn_h, dk_x, dk_h, db


# --- the first half: the cell state -----------------------------------------------------------------------------------


@inline
def step_memory(a_i, a_f, a_g, c_prev, activation=tanh, recurrent_activation=sigmoid):
    """The first half of a step; norm[ ] is `normalise`, times its gain.

        a_i = norm[ x W_i ] + norm[ h_prev U_i ] + b_i      i = recurrent_activation(a_i)     input gate
        a_f = norm[ x W_f ] + norm[ h_prev U_f ] + b_f      f = recurrent_activation(a_f)     forget gate
        a_g = norm[ x W_g ] + norm[ h_prev U_g ] + b_g      g = activation(a_g)               candidate

        c = f c_prev + i g                                  (Ba et al. 2016, eq. 21)

    Returns (c, i, f, g).
    """
    i = recurrent_activation(a_i)
    f = recurrent_activation(a_f)
    g = activation(a_g)
    c = f * c_prev + i * g
    return c, i, f, g


@inline
def step_memory_backward(dc, a_i, a_f, a_g, i, f, g, c_prev, d_activation=d_tanh, d_recurrent_activation=d_sigmoid):
    """Gradients of the first half. Returns (da_i, da_f, da_g, dc_prev)."""
    df = dc * c_prev                                # c = f * c_prev + i * g
    dc_prev = dc * f                                # c = f * c_prev + i * g
    di = dc * g                                     # c = f * c_prev + i * g
    dg = dc * i                                     # c = f * c_prev + i * g
    da_g = dg * d_activation(g, a_g)                # g = activation(a_g)
    da_f = df * d_recurrent_activation(f, a_f)      # f = recurrent_activation(a_f)
    da_i = di * d_recurrent_activation(i, a_i)      # i = recurrent_activation(a_i)
    return da_i, da_f, da_g, dc_prev


# --- the second half: the output --------------------------------------------------------------------------------------


@inline
def step_output(a_o, n, k, b, activation=tanh, recurrent_activation=sigmoid):
    """The second half of a step, from the normalised cell state n with its gain k and shift b.

        a_o = norm[ x W_o ] + norm[ h_prev U_o ] + b_o      o = recurrent_activation(a_o)     output gate

        m = k n + b                                         the cell state as it is shown
        h = o activation(m)                                 (Ba et al. 2016, eq. 22)

    Returns (h, o, m).
    """
    o = recurrent_activation(a_o)
    m = k * n + b
    h = o * activation(m)
    return h, o, m


@inline
def step_output_backward(
    dh, a_o, o, m, n, k, activation=tanh, d_activation=d_tanh, d_recurrent_activation=d_sigmoid
):
    """Gradients of the second half. Returns (da_o, dn, dk, db)."""
    y = activation(m)
    do = dh * y                                     # h = o * activation(m)
    dm = dh * o * d_activation(y, m)                # h = o * activation(m)
    dk = dm * n                                     # m = k * n + b
    dn = dm * k                                     # m = k * n + b
    db = dm * 1.0                                   # m = k * n + b
    da_o = do * d_recurrent_activation(o, a_o)      # o = recurrent_activation(a_o)
    return da_o, dn, dk, db
