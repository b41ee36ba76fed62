"""Activations as kernels see them: which function, which derivative, and what is kept between the two."""

from __future__ import annotations

from minirnn.gates import activations, elementary
from minirnn.jit import inline

ACTIVATIONS = {
    name: (getattr(activations, name, None) or getattr(elementary, name), getattr(activations, f"d_{name}"))
    for name in (
        "linear", "tanh", "sigmoid", "hard_sigmoid", "relu", "relu6", "leaky_relu", "elu", "selu", "softplus",
        "softsign", "exponential", "swish", "gelu", "gelu_tanh",
    )
}  # fmt: skip
# Their derivative needs the pre-activation: kept in the place of the output, which is then computed again.
KEEPS_PRE_ACTIVATION = {"swish", "gelu", "gelu_tanh"}


@inline
def keep_output(y, a):
    return y


@inline
def keep_pre_activation(y, a):
    return a


@inline
def recall_output(function, kept):
    """(y, a) for a derivative that does not look at a."""
    return kept, kept


@inline
def recall_pre_activation(function, kept):
    """(y, a), the output computed again from what was kept."""
    return function(kept), kept


def activation_members(name: str, prefix: str = "") -> dict:
    """The five functions that stand for an activation in a kernel."""
    function, derivative = ACTIVATIONS[name]
    again = name in KEEPS_PRE_ACTIVATION
    return {
        f"{prefix}activation": function,
        f"d_{prefix}activation": derivative,
        f"keep_{prefix}activation": keep_pre_activation if again else keep_output,
        f"recall_{prefix}activation": recall_pre_activation if again else recall_output,
    }
