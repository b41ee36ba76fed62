"""Weights of recurrent layers as CuDNN's layers and Keras 1 keep them, in the layout of LSTM and GRU.

CuDNN's layers hold Keras's gates in Keras's order, each gate's matrix turned: the numbers of its kernel are those of a
(units, features) matrix. The bias is two in one row, the input's and the recurrent one: LSTM has their sum, GRU both.
Keras 1 has three arrays for each gate, in another order of gates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers import GRU, LSTM
from minirnn.layers.recurrence import Recurrent

Array = NDArray[Any]

# Where Keras 1 keeps the gates: i c f o, of which Keras 2 makes i f c o.
_ORDER_1: dict[type[Recurrent], tuple[int, ...]] = {LSTM: (0, 2, 1, 3), GRU: (0, 1, 2)}


def count_in_file(layer: Recurrent, arrays: list[Array], weights: int, major: int) -> int:
    """How many of the next `arrays` belong to a layer of so many weights."""
    order = _ORDER_1.get(type(layer))
    if major == 1 and order is not None and arrays and arrays[0].ndim == 2 and arrays[0].shape[1] == layer.units:
        return 3 * len(order)
    return weights


def in_our_layout(layer: Recurrent, arrays: list[Array]) -> list[Array]:
    """Kernel, recurrent kernel and bias of a layer from the arrays of a file; what is none of these stays as it is."""
    order = _ORDER_1.get(type(layer))
    if order is None:
        return arrays
    if len(arrays) == 3 * len(order):
        gates = [arrays[3 * place : 3 * place + 3] for place in order]
        ranks = [[array.ndim for array in gate] for gate in gates]
        same = all([a.shape for a in gate] == [a.shape for a in gates[0]] for gate in gates)
        return [np.concatenate(parts, -1) for parts in zip(*gates, strict=True)] if same and ranks[0][2] else arrays
    if len(arrays) == 3 and _is_cudnn(layer, arrays):
        kernel, recurrent, bias = arrays
        turned = [
            np.concatenate([part.reshape(part.shape[1], -1).T for part in np.split(kernel, layer.gates, 1)], 1),
            np.concatenate([part.T for part in np.split(recurrent, layer.gates, 1)], 1),
        ]
        both = bias.reshape(2, -1)
        return [*turned, both.sum(0, dtype=bias.dtype) if isinstance(layer, LSTM) else both]
    return arrays


def _is_cudnn(layer: Recurrent, arrays: list[Array]) -> bool:
    """CuDNN's bias has twice the numbers, in one row."""
    columns = layer.gates * layer.units
    kernel, recurrent, bias = arrays
    square = kernel.ndim == 2 and kernel.shape[1] == columns and recurrent.shape == (layer.units, columns)
    return square and bias.shape == (2 * columns,)
