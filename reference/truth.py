"""The oracle for a whole Sequential: its outputs, its mean squared error and every gradient, in float64.

The layers it knows are those that the standard models are made of: Masking, SimpleRNN, LSTM, GRU and Dense. It reads a
model through `layers`, `get_config` and `get_weights` alone, so it serves a minirnn model and a Keras model alike.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from reference import oracle
from reference.activations import activate, activate_backward


@dataclass(frozen=True)
class Truth:
    """Outputs, loss and gradients (of each weight in the order of the layers, and of x) of a model in float64."""

    output: np.ndarray
    loss: float
    weight_gradients: list[np.ndarray]
    dx: np.ndarray


def recurrent_options(config: dict[str, Any]) -> oracle.Options:
    """The oracle's options from the configuration of a recurrent layer."""
    return oracle.Options(**{f.name: config[f.name] for f in fields(oracle.Options) if f.name in config})


def _each_row(function, *arrays: np.ndarray) -> np.ndarray:
    """`function` applied to the vectors along the last axis."""
    rows = zip(*(array.reshape(-1, array.shape[-1]) for array in arrays), strict=True)
    return np.array([function(*row) for row in rows]).reshape(arrays[0].shape)


def _forward(layer, x, mask):
    """Output, mask for the next layer, and a function from the output's gradient to (dx, d_weights)."""
    kind, config, weights = type(layer).__name__, layer.get_config(), layer.get_weights()
    if kind == "Masking":
        kept = np.any(x != config["mask_value"], axis=-1)
        return x * kept[..., None], kept, lambda dy: (dy * kept[..., None], [])
    if kind == "Dense":
        kernel, *bias = (np.asarray(w, np.float64) for w in weights)
        a = x @ kernel + (bias[0] if bias else 0)

        def dense_backward(dy):
            da = _each_row(lambda *row: activate_backward(config["activation"], *row), a, dy)
            x_rows, da_rows = x.reshape(-1, x.shape[-1]), da.reshape(-1, da.shape[-1])
            return da @ kernel.T, [x_rows.T @ da_rows, da_rows.sum(axis=0)][: len(weights)]

        return _each_row(lambda row: activate(config["activation"], row), a), mask, dense_backward
    if kind in oracle.CELLS:
        rates = config["zoneout"][::-1] if "zoneout" in config else None  # of h, of c: what is done outside training
        tape = oracle.forward(kind, x, weights, mask=mask, options=recurrent_options(config), kept=rates)
        result = "sequence" if config["return_sequences"] else "output"

        def recurrent_backward(dy):
            gradients = oracle.backward(tape, **{f"d_{result}": dy})
            return gradients.dx, gradients.weights

        return getattr(tape, result), mask if config["return_sequences"] else None, recurrent_backward
    known = ", ".join(["Masking", "Dense", *oracle.CELLS])
    raise ValueError(f"layer {layer.name!r} is a {kind}; the oracle knows {known}.")


def truth(model: Any, x: np.ndarray, y: np.ndarray) -> Truth:
    """Run a built Sequential on the oracle, with the mean squared error (over the steps that are not masked) as loss.

    Args:
        model: a minirnn or Keras Sequential.
        x: (batch, time, features).
        y: the targets, in the shape of the model's output.

    Raises:
        ValueError: the model holds a layer that the oracle does not know.
    """
    output, mask, backwards = np.asarray(x, np.float64), None, []
    for layer in model.layers:
        output, mask, backward = _forward(layer, output, mask)
        backwards.append(backward)

    error = output - np.asarray(y, np.float64)
    share = np.full(error.shape, 1 / error.size)
    if mask is not None:
        share = np.broadcast_to(mask[..., None], error.shape) / (mask.sum() * error.shape[-1])
    loss, gradient = float((share * error**2).sum()), 2 * share * error

    weight_gradients: list[np.ndarray] = []
    for backward in reversed(backwards):
        gradient, d_weights = backward(gradient)
        weight_gradients = d_weights + weight_gradients
    return Truth(output, loss, weight_gradients, gradient)
