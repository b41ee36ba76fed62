"""The model of `minirnn stream demo`: an LSTM that foretells the next value of a wave."""

from __future__ import annotations

import numpy as np

from minirnn import layers, optimizers
from minirnn.models import Sequential
from minirnn.utils import set_random_seed

STEPS, BATCH, UPDATES = 64, 32, 300
PERIODS = (8.0, 40.0)  # shortest and longest wave, in steps


def waves(random: np.random.Generator) -> np.ndarray:
    """Sines of chance periods and phases, (BATCH, STEPS + 1, 1), between -1 and 1."""
    period, phase = random.uniform(*PERIODS, (BATCH, 1, 1)), random.uniform(0, 2 * np.pi, (BATCH, 1, 1))
    return np.sin(2 * np.pi * np.arange(STEPS + 1)[None, :, None] / period + phase).astype(np.float32)


def wave_model() -> Sequential:
    """LSTM(32) and Dense(1), trained here and now, in less than a second once compiled; always the same."""
    set_random_seed(0)
    random = np.random.default_rng(0)
    model = Sequential([layers.Input((None, 1)), layers.LSTM(32, return_sequences=True), layers.Dense(1)])
    model.compile(optimizers.Adam(0.01), "mse")
    for _ in range(UPDATES):
        wave = waves(random)
        model.train_on_batch(wave[:, :-1], wave[:, 1:])
    return model
