"""Keras's recurrent weights rearranged for the other libraries.

Gates stand side by side in the last axis of Keras's kernels; every library has its own order and shape:

              Keras              PyTorch              ONNX
    LSTM      i f g o            i f g o              i o f g
    GRU       z r n              r z n                z r n
    kernel    (F, GU)            (GU, F)              (1, GU, F)
    bias      (GU,)              two of (GU,)         (1, 2GU), input bias then recurrent bias

The bias (2, 3U) of Keras's GRU with `reset_after` is its input bias and its recurrent bias. The other cells have one
bias in Keras; the second one of PyTorch and ONNX is zero. PyTorch has no GRU that resets before the product.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

KERAS_ORDER = {"lstm": "ifgo", "gru": "zrn", "gru_reset_before": "zrn", "simple_rnn": "h"}
TORCH_ORDER = {"lstm": "ifgo", "gru": "rzn", "simple_rnn": "h"}
ONNX_ORDER = {"lstm": "iofg", "gru": "zrn", "gru_reset_before": "zrn", "simple_rnn": "h"}


def _reorder(kernel: np.ndarray, cell: str, order: str) -> np.ndarray:
    """The gates along the last axis of `kernel`, in `order` instead of Keras's order."""
    parts = dict(zip(KERAS_ORDER[cell], np.split(kernel, len(order), axis=-1), strict=True))
    return np.concatenate([parts[gate] for gate in order], axis=-1)


def _biases(bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Input bias and recurrent bias, each (GU,)."""
    return (bias[0], bias[1]) if bias.ndim == 2 else (bias, np.zeros_like(bias))


def torch_parameters(cell: str, weights: Sequence[np.ndarray], layer: int = 0) -> dict[str, np.ndarray]:
    """Parameters of the n-th of PyTorch's stacked recurrent layers from Keras's W, U, b, by PyTorch's names."""
    W, U, b = (_reorder(array, cell, TORCH_ORDER[cell]) for array in weights)
    b_ih, b_hh = _biases(b)
    parameters = {"weight_ih": W.T, "weight_hh": U.T, "bias_ih": b_ih, "bias_hh": b_hh}
    return {f"{name}_l{layer}": np.ascontiguousarray(array) for name, array in parameters.items()}


def onnx_initializers(cell: str, weights: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """W, R, B of an ONNX recurrent node from Keras's W, U, b."""
    W, U, b = (_reorder(array, cell, ONNX_ORDER[cell]) for array in weights)
    initializers = {"W": W.T[np.newaxis], "R": U.T[np.newaxis], "B": np.concatenate(_biases(b))[np.newaxis]}
    return {name: np.ascontiguousarray(array) for name, array in initializers.items()}
