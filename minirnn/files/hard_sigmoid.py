"""Keras 2's hard sigmoid, clip(0.2 a + 0.5, 0, 1), by that of Keras 3, clip(a / 6 + 0.5, 0, 1).

0.2 a = (1.2 a) / 6, and the pre-activation a = x W + h U + b is linear in the weights: with those of the gate times 1.2
the network gives the same outputs, here and in Keras 3. (Keras 3 itself takes the one for the other and gives other
outputs, silently.) Where a hard sigmoid is not of such an a, that way is closed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files.errors import ModelFileError
from minirnn.layers import GRU, LSTM, Conv1D, Dense, SimpleRNN
from minirnn.layers.cells import Cell
from minirnn.layers.regularized import with_sublayers
from minirnn.layers.weight import Weight
from minirnn.utils.notices import warn_caller

NAME, FACTOR = "hard_sigmoid", 1.2
_CANDIDATE = 2  # the place of the gate with `activation`, of i f g o and of z r n

Pairs = list[tuple[Weight, NDArray[Any]]]


def as_keras3(model: Any, pairs: Pairs) -> tuple[Pairs, list[str]]:
    """The arrays of weights for Keras 3's hard sigmoid, and the names of the layers that have one.

    Raises ModelFileError for a layer in which no weights make the one of the other.
    """
    factors: dict[Weight, NDArray[Any]] = {}
    names = []
    for layer in with_sublayers(model):
        factor = _factor(layer)
        if factor is not None:
            names.append(layer.name)
            factors |= dict.fromkeys(layer._own_weights, factor)
    found = [(weight, _scaled(array, factors[weight]) if weight in factors else array) for weight, array in pairs]
    return found, names


def tell(names: list[str], dropped: bool) -> None:
    """Warn that weights are not those of the file, and why."""
    shown = ", ".join(names[:5]) + (", .." if len(names) > 5 else "")
    warn_caller(
        "hard_sigmoid of Keras 1 and 2, 0.2 x + 0.5, became that of Keras 3, x / 6 + 0.5, with the weights of its gates"
        f" times {FACTOR} in {shown}: outputs are the same, training and penalties go on from other numbers"
        + (", and the optimizer begins anew" if dropped else "")
    )


def _factor(layer: Any) -> NDArray[Any] | None:
    """What the columns of each weight of a layer are multiplied by."""
    if isinstance(layer, Cell):
        return None  # the layer within it has the weights
    of_state, of_gates = (getattr(layer, name, None) == NAME for name in ("activation", "recurrent_activation"))
    if not of_state and not of_gates:
        return None
    if isinstance(layer, (Dense, Conv1D, SimpleRNN)):
        return np.full(1, FACTOR)
    if not isinstance(layer, (LSTM, GRU)) or (of_state and isinstance(layer, LSTM)):
        reason = f"{NAME} of Keras 1 or 2 as the activation of {type(layer).__name__} {layer.name}"
        raise ModelFileError("model_config", reason, "0.2 x + 0.5 before a product with weights, which Keras 3 lacks")
    gates = np.full(layer.gates, FACTOR if of_gates else 1.0)
    gates[_CANDIDATE] = FACTOR if of_state else 1.0
    return np.repeat(gates, layer.units)


def _scaled(array: NDArray[Any], factor: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        found = (array * factor).astype(array.dtype)
    if not np.isfinite(found).all():
        raise ModelFileError("model_weights", f"weights too large to be multiplied by {FACTOR}", "smaller ones")
    return found
