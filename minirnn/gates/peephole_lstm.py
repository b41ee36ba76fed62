"""Long short-term memory whose gates look at the cell state, through "peepholes".

Gers & Schmidhuber, "Recurrent Nets that Time and Count", IJCNN 2000; the equations in Gers, Schraudolph & Schmidhuber,
"Learning Precise Timing with LSTM Recurrent Networks", JMLR 3, 2002. A peephole p is one weight a unit: each gate sees
the cell of its own unit only.
"""

from minirnn.gates.activations import d_sigmoid, d_tanh, sigmoid
from minirnn.gates.elementary import tanh
from minirnn.jit import inline


@inline
def step(a_i, a_f, a_g, a_o, p_i, p_f, p_o, c_prev, activation=tanh, recurrent_activation=sigmoid):
    """One step of every unit, from the pre-activations, the peepholes and the previous cell state.

        a_i = x W_i + h_prev U_i + b_i      i = recurrent_activation(a_i + p_i c_prev)      input gate
        a_f = x W_f + h_prev U_f + b_f      f = recurrent_activation(a_f + p_f c_prev)      forget gate
        a_g = x W_g + h_prev U_g + b_g      g = activation(a_g)                             candidate

        c = f c_prev + i g                  (Gers et al. 2002, eq. 6)

        a_o = x W_o + h_prev U_o + b_o      o = recurrent_activation(a_o + p_o c)           output gate: sees the new c

        h = o activation(c)                 (Gers et al. 2002, eq. 8)

    Returns (h, c, i, f, g, o), each of the shape of the arguments.
    """
    i = recurrent_activation(a_i + p_i * c_prev)
    f = recurrent_activation(a_f + p_f * c_prev)
    g = activation(a_g)
    c = f * c_prev + i * g
    o = recurrent_activation(a_o + p_o * c)
    h = o * activation(c)
    return h, c, i, f, g, o


@inline
def step_backward(
    dh, dc, a_i, a_f, a_g, a_o, p_i, p_f, p_o, i, f, g, o, c_prev, c,
    activation=tanh, d_activation=d_tanh, d_recurrent_activation=d_sigmoid,
):
    """Gradients of one step, from those of its h and c (dc: what later steps ask of c).

    Here a_i, a_f, a_o stand for the whole arguments of their gates, peepholes included; they are looked at only by
    derivatives that the gate's value does not determine.
    Returns (da_i, da_f, da_g, da_o, dp_i, dp_f, dp_o, dc_prev).
    """
    y = activation(c)
    do = dh * y                                     # h = o * activation(c)
    dc = dc + dh * o * d_activation(y, c)           # h = o * activation(c)
    da_o = do * d_recurrent_activation(o, a_o)      # o = recurrent_activation(a_o + p_o * c)
    dp_o = da_o * c                                 # o = recurrent_activation(a_o + p_o * c)
    dc = dc + da_o * p_o                            # o = recurrent_activation(a_o + p_o * c)
    df = dc * c_prev                                # c = f * c_prev + i * g
    dc_prev = dc * f                                # c = f * c_prev + i * g
    di = dc * g                                     # c = f * c_prev + i * g
    dg = dc * i                                     # c = f * c_prev + i * g
    da_g = dg * d_activation(g, a_g)                # g = activation(a_g)
    da_f = df * d_recurrent_activation(f, a_f)      # f = recurrent_activation(a_f + p_f * c_prev)
    dp_f = da_f * c_prev                            # f = recurrent_activation(a_f + p_f * c_prev)
    dc_prev = dc_prev + da_f * p_f                  # f = recurrent_activation(a_f + p_f * c_prev)
    da_i = di * d_recurrent_activation(i, a_i)      # i = recurrent_activation(a_i + p_i * c_prev)
    dp_i = da_i * c_prev                            # i = recurrent_activation(a_i + p_i * c_prev)
    dc_prev = dc_prev + da_i * p_i                  # i = recurrent_activation(a_i + p_i * c_prev)
    return da_i, da_f, da_g, da_o, dp_i, dp_f, dp_o, dc_prev
