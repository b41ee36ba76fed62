"""Layers and models to be traced, with random weights that differ per gate."""

from __future__ import annotations

from typing import Any

import numpy as np

import minirnn as keras
from minirnn import layers

CELLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "SimpleRNN": (layers.SimpleRNN, {}),
    "LSTM": (layers.LSTM, {}),
    "GRU": (layers.GRU, {}),
    "GRU reset before": (layers.GRU, {"reset_after": False}),
    "PeepholeLSTM": (layers.PeepholeLSTM, {}),
    "CoupledLSTM": (layers.CoupledLSTM, {}),
    "LayerNormLSTM": (layers.LayerNormLSTM, {}),
    "ZoneoutLSTM": (layers.ZoneoutLSTM, {"zoneout": (0.4, 0.2)}),
}
BATCH, STEPS, FEATURES, UNITS = 3, 7, 4, 5
MASK = np.array([[True] * 5 + [False] * 2, [False] * 2 + [True] * 5, [True, False, True, True, False, True, True]])


def disturbed(layer_or_model: Any, seed: int = 0) -> Any:
    """The same with other weights: biases and gains that are not all 0 or 1."""
    rng = np.random.default_rng(seed)
    weights = layer_or_model.get_weights()
    layer_or_model.set_weights([w + 0.4 * rng.normal(size=w.shape).astype(w.dtype) for w in weights])
    return layer_or_model


def numbers(*shape: int, dtype: str = "float64", seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def layer_of(cell: str, dtype: str = "float64", **options: Any) -> Any:
    """A built layer of a kind."""
    kind, own = CELLS[cell]
    layer = kind(UNITS, dtype=dtype, **{**own, "return_sequences": True, **options})
    layer.build((None, None, FEATURES))
    return disturbed(layer)


def states_of(layer: Any, seed: int = 2) -> list[np.ndarray]:
    return [numbers(BATCH, UNITS, dtype=layer.dtype, seed=seed + k) for k in range(layer.state_count)]


def stack(dtype: str = "float64") -> Any:
    """Masking, two LSTMs in a Bidirectional, a model within, a Dense layer."""
    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.Input((None, 2 * UNITS), dtype=dtype), layers.GRU(UNITS, dtype=dtype, name="gru",
                              return_sequences=True)], name="inner")  # fmt: skip
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES), dtype=dtype),
            layers.Masking(0.0, dtype=dtype),
            layers.Bidirectional(
                layers.LSTM(UNITS, return_sequences=True, dtype=dtype, name="lstm"), dtype=dtype, name="both"
            ),
            inner,
            layers.LSTM(UNITS, dtype=dtype, name="last"),
            layers.Dense(2, dtype=dtype),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return disturbed(model)
