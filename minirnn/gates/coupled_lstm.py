"""Long short-term memory that forgets just as much as it writes: the coupled input and forget gate, CIFG.

Greff, Srivastava, Koutník, Steunebrink & Schmidhuber, "LSTM: A Search Space Odyssey", IEEE Transactions on Neural
Networks and Learning Systems 28(10), 2017 (arXiv:1503.04069), section IV.
"""

from minirnn.gates.activations import d_sigmoid, d_tanh, sigmoid
from minirnn.gates.elementary import tanh
from minirnn.jit import inline


@inline
def step(a_i, a_g, a_o, c_prev, activation=tanh, recurrent_activation=sigmoid):
    """One step of every unit, from the pre-activations and the previous cell state.

        a_i = x W_i + h_prev U_i + b_i      i = recurrent_activation(a_i)     input gate: what to write
                                            f = 1 - i                         forget gate: what to keep
        a_g = x W_g + h_prev U_g + b_g      g = activation(a_g)               candidate: the new content
        a_o = x W_o + h_prev U_o + b_o      o = recurrent_activation(a_o)     output gate: what to show

        c = f c_prev + i g
        h = o activation(c)

    Returns (h, c, i, g, o), each of the shape of the arguments.
    """
    i = recurrent_activation(a_i)
    f = 1.0 - i
    g = activation(a_g)
    o = recurrent_activation(a_o)
    c = f * c_prev + i * g
    h = o * activation(c)
    return h, c, i, g, o


@inline
def step_backward(
    dh, dc, a_i, a_g, a_o, i, g, o, c_prev, c,
    activation=tanh, d_activation=d_tanh, d_recurrent_activation=d_sigmoid,
):
    """Gradients of one step, from those of its h and c (dc: what later steps ask of c).

    The pre-activations are looked at only by derivatives that the gate's value does not determine.
    Returns (da_i, da_g, da_o, dc_prev).
    """
    y = activation(c)
    do = dh * y                                     # h = o * activation(c)
    dc = dc + dh * o * d_activation(y, c)           # h = o * activation(c)
    df = dc * c_prev                                # c = f * c_prev + i * g
    dc_prev = dc * (1.0 - i)                        # c = f * c_prev + i * g
    di = dc * g                                     # c = f * c_prev + i * g
    dg = dc * i                                     # c = f * c_prev + i * g
    di = di - df                                    # f = 1.0 - i
    da_o = do * d_recurrent_activation(o, a_o)      # o = recurrent_activation(a_o)
    da_g = dg * d_activation(g, a_g)                # g = activation(a_g)
    da_i = di * d_recurrent_activation(i, a_i)      # i = recurrent_activation(a_i)
    return da_i, da_g, da_o, dc_prev
