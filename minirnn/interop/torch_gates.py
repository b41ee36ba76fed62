"""The weights of one recurrent layer, in one direction: PyTorch's arrays and Keras's, each made of the other.

| | PyTorch | Keras |
|---|---|---|
| shape | (gates * units, input), y = W x | (input, gates * units), y = x W |
| gates of LSTM | i f g o | i f g o |
| gates of GRU | r z n | z r n |
| biases | two, b_ih and b_hh | their sum; of GRU both, for r (U_n h + b_hn) needs them apart |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
KINDS = {count: kind for kind, count in GATES.items()}  # by how many gates lie over each other


def turned(kind: str, array: Array) -> Array:
    """Gates over each other in the other library's order. What is turned twice is as before."""
    if kind != "GRU":
        return array
    first, second, candidate = np.split(array, 3)
    return np.concatenate([second, first, candidate])


def to_keras(kind: str, weight_ih: Array, weight_hh: Array, biases: Sequence[Array]) -> list[Array]:
    """Keras's weights of PyTorch's, kernel and recurrent_kernel, then bias if there are the two `biases`."""
    weights = [turned(kind, weight_ih).T, turned(kind, weight_hh).T]
    if biases:
        bias_ih, bias_hh = (turned(kind, bias) for bias in biases)
        with np.errstate(over="ignore", invalid="ignore"):  # a sum that is not finite is refused like any such weight
            weights.append(np.stack([bias_ih, bias_hh]) if kind == "GRU" else bias_ih + bias_hh)
    return weights


def to_torch(kind: str, kernel: Array, recurrent_kernel: Array, bias: Array | None) -> list[Array]:
    """PyTorch's weights of Keras's: weight_ih and weight_hh, then bias_ih and bias_hh if there is a bias.

    Of one bias bias_hh is zero.
    """
    found = [turned(kind, kernel.T), turned(kind, recurrent_kernel.T)]
    if bias is not None:
        both = [*bias] if kind == "GRU" else [bias, np.zeros_like(bias)]
        found += [turned(kind, each) for each in both]
    return [np.ascontiguousarray(array) for array in found]
