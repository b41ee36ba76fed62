"""The model that a command is about: one from a file, or without a file a network for the airline passengers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from minirnn import forecasting, models
from minirnn.cli import files, inputs
from minirnn.cli.series import number, read_rows
from minirnn.datasets import load_air_passengers

WINDOW = HORIZON = 12
HELD_OUT = 24  # months


def load(path: Path) -> Any:
    """The model in a file. ValueError or OSError, in one line, where there is none."""
    if path.suffix.lower() in inputs.ENDINGS:
        raise ValueError(f"{path}: a file of numbers, expected that of a saved model, which comes before any numbers")
    files.check_there(path, "a model file")
    return models.load_model(path)


def airline_network() -> Any:
    """The network of `minirnn forecast`, untrained."""
    return forecasting.network((WINDOW, 1), "lstm", 32, HORIZON, seed=0)


def trained_on_the_airline() -> tuple[Any, np.ndarray, list[str]]:
    """That network, trained as `minirnn forecast` does; its input of the last year (1, 12, 1), and the months of it."""
    months, values = load_air_passengers()
    end = len(values) - HELD_OUT
    scaling = forecasting.Scaling.fit(values[:end])
    steps = scaling.to_steps(values)
    x, y = forecasting.training_windows(steps[: end - 1], WINDOW, HORIZON)
    model = forecasting.train(x, y, "lstm", 32, epochs=100, batch_size=16, seed=0)
    return model, steps[None, -WINDOW:, None], months[-WINDOW:]


def read_input(path: Path, model: Any, encoding: str) -> tuple[np.ndarray, list[str], list[str]]:
    """The last steps of a CSV file, a line for each, as a model takes them, (1, steps, features); and names of both.

    The names are line numbers, and those of the columns. The features are the last columns of numbers. Raises
    ValueError where there are too few, or too few lines, and for a model of another kind of input.
    """
    shapes = [tensor.shape for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][2] is None:
        raise ValueError(f"{model.name} does not take one input (batch, time, features); trace it in Python")
    _, steps, features = shapes[0]
    files.check_there(path, "a CSV file")
    header, lines, rows = read_rows(path, encoding)
    columns = inputs.feature_columns(path, header, rows, features)
    if steps is not None and len(rows) < steps:
        raise ValueError(f"{path}: {len(rows)} lines of numbers, but {model.name} reads {steps} steps")
    first = 0 if steps is None else len(rows) - steps
    x = [
        [number(path, line, header[k], row[k]) for k in columns]
        for line, row in zip(lines[first:], rows[first:], strict=True)
    ]
    return np.array([x]), [f"line {line}" for line in lines[first:]], [header[k] for k in columns]
