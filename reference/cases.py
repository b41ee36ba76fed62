"""The standard set: the models and layers that `python -m reference` compares, and their data.

All weights and data are drawn from seeded generators, so every gate of every unit has numbers of its own and a swapped
gate cannot hide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ModelCase:
    """A Sequential: `layers(library.layers, dtype)` makes its layers, for inputs of shape (samples, time, features)."""

    name: str
    layers: Callable[[Any, str], list[Any]]
    time: int = 12
    features: int = 5
    samples: int = 30
    padded: bool = False
    trained: bool = True


@dataclass(frozen=True)
class LayerCase:
    """A recurrent layer called with initial states, and with a mask where `masked`."""

    name: str
    layer: Callable[[Any, str], Any]
    masked: bool = False
    time: int = 9
    features: int = 5
    samples: int = 6


@dataclass(frozen=True)
class CountCase:
    """A layer whose parameters are counted: its class, its arguments, and the (time, features) of its input."""

    kind: str
    arguments: dict[str, Any]
    time: int
    features: int


MODELS = (
    ModelCase("LSTM(8) on (3, 1)", lambda k, d: [k.LSTM(8, dtype=d), k.Dense(1, dtype=d)], time=3, features=1),
    ModelCase(
        "LSTM(256) on (16, 4096)",
        lambda k, d: [k.LSTM(256, dtype=d), k.Dense(1, dtype=d)],
        time=16,
        features=4096,
        samples=2,
        trained=False,
    ),
    ModelCase("LSTM", lambda k, d: [k.LSTM(32, dtype=d), k.Dense(3, dtype=d)]),
    ModelCase("GRU, reset after", lambda k, d: [k.GRU(32, dtype=d), k.Dense(3, dtype=d)]),
    ModelCase("GRU, reset before", lambda k, d: [k.GRU(32, reset_after=False, dtype=d), k.Dense(3, dtype=d)]),
    ModelCase("SimpleRNN", lambda k, d: [k.SimpleRNN(32, dtype=d), k.Dense(3, dtype=d)]),
    ModelCase(
        "LSTM, sequences",
        lambda k, d: [k.LSTM(20, return_sequences=True, dtype=d), k.Dense(2, dtype=d)],
    ),
    ModelCase(
        "LSTM, GRU, SimpleRNN stacked",
        lambda k, d: [
            k.LSTM(24, return_sequences=True, dtype=d),
            k.GRU(17, return_sequences=True, dtype=d),
            k.SimpleRNN(9, dtype=d),
            k.Dense(1, dtype=d),
        ],
    ),
    ModelCase(
        "Masking, LSTM, GRU",
        lambda k, d: [
            k.Masking(dtype=d),
            k.LSTM(24, return_sequences=True, dtype=d),
            k.GRU(16, dtype=d),
            k.Dense(1, dtype=d),
        ],
        padded=True,
    ),
    ModelCase(
        "GRU, go_backwards",
        lambda k, d: [k.GRU(24, go_backwards=True, dtype=d), k.Dense(1, dtype=d)],
    ),
)


def _stateful_results(name: str, **arguments: Any) -> Callable[[Any, str], Any]:
    return lambda k, d: getattr(k, name)(16, return_sequences=True, return_state=True, dtype=d, **arguments)


LAYERS = (
    LayerCase("LSTM, states", _stateful_results("LSTM")),
    LayerCase("GRU, states", _stateful_results("GRU")),
    LayerCase("GRU, states, reset before", _stateful_results("GRU", reset_after=False)),
    LayerCase("SimpleRNN, states", _stateful_results("SimpleRNN")),
    LayerCase("LSTM, states, mask, backwards", _stateful_results("LSTM", go_backwards=True), masked=True),
    LayerCase("GRU, states, mask, zero output", _stateful_results("GRU", zero_output_for_mask=True), masked=True),
)

COUNTS = (
    CountCase("LSTM", {"units": 256}, 16, 4096),
    CountCase("LSTM", {"units": 8}, 3, 1),
    CountCase("LSTM", {"units": 8, "use_bias": False}, 3, 1),
    CountCase("GRU", {"units": 8, "reset_after": True}, 3, 1),
    CountCase("GRU", {"units": 8, "reset_after": False}, 3, 1),
    CountCase("GRU", {"units": 256, "reset_after": True}, 16, 4096),
    CountCase("GRU", {"units": 256, "reset_after": False}, 16, 4096),
    CountCase("SimpleRNN", {"units": 8}, 3, 1),
    CountCase("SimpleRNN", {"units": 256}, 16, 4096),
    CountCase("Dense", {"units": 1}, 1, 256),
)


def random_weights(layer: Any, rng: np.random.Generator) -> None:
    """Give a built layer normal weights: kernels that keep pre-activations near 1, biases of standard deviation 0.3."""
    layer.set_weights(
        [
            rng.normal(scale=0.3 if weight.name == "bias" else weight.shape[0] ** -0.5, size=weight.shape)
            for weight in layer.weights
        ]
    )


def build_model(case: ModelCase, library: ModuleType, dtype: str, seed: int = 0) -> Any:
    """The Sequential of a case, with seeded weights."""
    model = library.Sequential(
        [library.Input((case.time, case.features), dtype=dtype), *case.layers(library.layers, dtype)]
    )
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        random_weights(layer, rng)
    return model


def build_layer(case: LayerCase, library: ModuleType, dtype: str, seed: int = 0) -> Any:
    """The built layer of a case, with seeded weights."""
    layer = case.layer(library.layers, dtype)
    layer.build((None, case.time, case.features))
    random_weights(layer, np.random.default_rng(seed))
    return layer


def model_data(
    case: ModelCase, output_shape: tuple[int, ...], dtype: str, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (samples, time, features) of unit scale, zero-padded at the end where `padded`, and targets to learn.

    A target is the mean of tanh(x) over one half of the features, plus the place of the output: something a few Adam
    steps can begin to learn.
    """
    rng = np.random.default_rng([seed, 1])
    x = rng.normal(size=(case.samples, case.time, case.features))
    if case.padded:
        lengths = rng.integers(1, case.time + 1, size=case.samples)
        x[np.arange(case.time) >= lengths[:, None]] = 0
    signal = np.tanh(x[..., : (case.features + 1) // 2]).mean(axis=-1)
    if len(output_shape) == 2:
        signal = signal.mean(axis=1)
    y = signal[..., None] + np.linspace(-0.5, 0.5, output_shape[-1] + 2)[1:-1]
    return x.astype(dtype), y.astype(dtype)


def layer_data(
    case: LayerCase, units: int, states: int, dtype: str, seed: int = 1
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray | None]:
    """Inputs, initial states, and for a masked case a mask with holes in it.

    The step that comes first is never masked, as docs/differences.md says why ("first step masked").
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(case.samples, case.time, case.features)).astype(dtype)
    initial_state = [rng.normal(scale=0.5, size=(case.samples, units)).astype(dtype) for _ in range(states)]
    mask = None
    if case.masked:
        mask = rng.random((case.samples, case.time)) < 0.6
        mask[:, [0, -1]] = True
        mask[0, -3:-1] = False
    return x, initial_state, mask
