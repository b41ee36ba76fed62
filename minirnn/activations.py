"""Activation functions by Keras's names, on NumPy arrays: the same functions that the gates use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minirnn.choices import closest
from minirnn.compat.modules import names_of
from minirnn.gates import activations as _gates
from minirnn.gates import elementary as _elementary
from minirnn.kernels.activations import ACTIVATIONS

__all__ = [
    "deserialize", "elu", "exponential", "gelu", "get", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "selu",
    "serialize", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip

linear, sigmoid, hard_sigmoid = _gates.linear, _gates.sigmoid, _gates.hard_sigmoid
relu, relu6, leaky_relu = _gates.relu, _gates.relu6, _gates.leaky_relu
elu, selu, softplus, softsign = _gates.elu, _gates.selu, _gates.softplus, _gates.softsign
exponential, swish, silu, tanh = _gates.exponential, _gates.swish, _gates.swish, _elementary.tanh


def gelu(x: ArrayLike, approximate: bool = False) -> NDArray[Any]:
    """Gaussian error linear unit, exact or (approximate=True) by tanh."""
    return (_gates.gelu_tanh if approximate else _gates.gelu)(np.asarray(x))


def softmax(x: ArrayLike, axis: int = -1) -> NDArray[Any]:
    """e**x over the sum of e**x along an axis."""
    x = np.asarray(x)
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


_NAMES = [*ACTIVATIONS, "softmax", "silu"]
__all__ = [
    "deserialize", "elu", "exponential", "gelu", "get", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "selu",
    "serialize", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip

if not TYPE_CHECKING:  # for which every name would be there
    __getattr__ = names_of(__name__)


def name_of(activation: Any) -> str:
    """The name that stands for an activation in kernels.

    `activation` is a name, a function of this module or None (linear). Raises ValueError for anything else.
    """
    if activation is None:
        return "linear"
    name = getattr(activation, "__name__", activation)
    if not isinstance(name, str) or (callable(activation) and globals().get(name) is not activation):
        raise ValueError(f"activation must be a name or a function of minirnn.activations, got {activation!r}")
    if name not in _NAMES:
        raise ValueError(f"unknown activation {name!r}{closest(name, _NAMES)}")
    return "swish" if name == "silu" else name


def get(identifier: Any) -> Callable[..., Any]:
    """The function for a name (None: linear); functions of this module pass through."""
    name = name_of(identifier)
    return globals()[name] if name in globals() else _gates.gelu_tanh


def serialize(activation: Any) -> str:
    """The name of an activation in configurations, Keras's first one: "silu" for swish."""
    name = name_of(activation)
    return "silu" if name == "swish" else name


deserialize = get
