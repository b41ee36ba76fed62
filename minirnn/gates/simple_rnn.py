"""The simple recurrent unit of Elman, "Finding Structure in Time", Cognitive Science 14(2), 1990."""

from minirnn.gates.activations import d_tanh
from minirnn.gates.elementary import tanh
from minirnn.jit import inline


@inline
def step(a_h, activation=tanh):
    """One step of every unit, from its pre-activation.

        a_h = x W + h_prev U + b
        h = activation(a_h)                 (Elman 1990, figure 2)

    Returns h.
    """
    h = activation(a_h)
    return h


@inline
def step_backward(dh, a_h, h, d_activation=d_tanh):
    """Gradient of one step; a_h is looked at only by derivatives that h does not determine. Returns da_h."""
    da_h = dh * d_activation(h, a_h)  # h = activation(a_h)
    return da_h
