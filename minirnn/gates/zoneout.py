"""Zoneout: in training, each unit's state stays what it was with a probability of its own.

Krueger et al., "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations", ICLR 2017 (arXiv:1606.01305).
It stands behind the step of any cell: here that of `minirnn.gates.lstm`, whose h is computed from its own new c,
before any of the two is kept (section 3.3).
"""

from minirnn.jit import inline


@inline
def step(new, prev, kept):
    """The state after a step whose cell gave `new`, where `prev` was before.

        y = kept prev + (1 - kept) new      (Krueger et al. 2017, section 3.3)

    `kept` is 1 where chance keeps the old state and 0 elsewhere; or everywhere, once trained, the expectation of that:
    the rate of zoneout.

    Returns y.
    """
    y = kept * prev + (1.0 - kept) * new
    return y


@inline
def step_backward(dy, kept):
    """Gradients of one step. Returns (dnew, dprev)."""
    dnew = dy * (1.0 - kept)                        # y = kept * prev + (1.0 - kept) * new
    dprev = dy * kept                               # y = kept * prev + (1.0 - kept) * new
    return dnew, dprev
