"""PyTorch itself: its own recurrent layers, time-major tensors made before the timing starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from benchmarks.cases import EPOCHS, Case
from benchmarks.contenders.base import CHECKED_EPOCHS, Contender, Task
from benchmarks.data import Data
from benchmarks.layouts import torch_parameters

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "simple_rnn": nn.RNN}
EPSILON, BETA_2 = 1e-7, 0.999


class Forecaster(nn.Module):
    """The case's model: a recurrent layer and a linear head on its last output."""

    def __init__(self, case: Case, data: Data) -> None:
        super().__init__()
        weights = data.weights
        self.lengths = None if data.lengths is None else torch.from_numpy(data.lengths)
        self.recurrent = LAYERS[case.cell](case.features, case.units)
        self.head = nn.Linear(case.units, 1)
        parameters = {f"recurrent.{name}": array for name, array in torch_parameters(case.cell, weights[:3]).items()}
        parameters |= {"head.weight": weights[3].T, "head.bias": weights[4]}
        self.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in parameters.items()})
        if case.cell != "gru":
            # One trained bias, as in Keras: Adam would move a sum of two biases by two steps at once.
            self.recurrent.bias_hh_l0.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.lengths is not None:
            _, states = self.recurrent(pack_padded_sequence(x, self.lengths, enforce_sorted=False))
            h = states[0] if isinstance(states, tuple) else states
            return self.head(h[0])
        sequence, _ = self.recurrent(x)
        return self.head(sequence[-1])

    def step(self, x: torch.Tensor, states: Any) -> tuple[torch.Tensor, Any]:
        """The answer to the next step of a stream, and the states after it; None stands for the first ones."""
        sequence, states = self.recurrent(x, states)
        return self.head(sequence[-1]), states


def stream(model: Forecaster, x: torch.Tensor) -> Callable[[], np.ndarray]:
    """The call that takes the next step of a stream."""
    states: Any = None

    @torch.inference_mode()
    def step() -> np.ndarray:
        nonlocal states
        y, states = model.step(x, states)
        return y.numpy()

    return step


def fit(
    step: Callable[[torch.Tensor, torch.Tensor], float], x: torch.Tensor, targets: Iterator[torch.Tensor], size: int
) -> list[float]:
    """EPOCHS over all batches of so many rows, in order; the mean losses of the first epochs."""
    batches = list(zip(x.split(size, dim=1), next(targets).split(size), strict=True))
    means = [sum(step(*batch) for batch in batches) / len(batches) for _ in range(EPOCHS)]
    return means[:CHECKED_EPOCHS]


class Entrant(Contender):
    """Eager PyTorch: inference_mode for inference, for training the Adam that is faster."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        self.versions = {"torch": torch.__version__}

    def settings(self, case: Case) -> list[str]:
        return ["inference_mode"] if case.mode in ("inference", "step", "predict") else ["fused Adam", "plain Adam"]

    def task(self, case: Case, data: Data, setting: str) -> Task:
        if case.dropout:
            raise NotImplementedError("its recurrent layers drop between layers only, not between steps")
        model = Forecaster(case, data)
        x = torch.from_numpy(np.ascontiguousarray(data.x.swapaxes(0, 1)))
        if case.mode in ("inference", "predict"):
            model.eval()

            @torch.inference_mode()
            def predict() -> np.ndarray:
                return model(x).numpy()

            return Task(predict)

        if case.mode == "step":
            return Task(stream(model.eval(), x))

        targets = cycle([torch.from_numpy(target) for target in data.targets])
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=EPSILON, fused=setting == "fused Adam")
        mean_squared_error = nn.functional.mse_loss

        def step_on(x: torch.Tensor, y: torch.Tensor) -> float:
            adam.zero_grad()
            loss = mean_squared_error(model(x), y)
            loss.backward()
            adam.step()
            return loss.item()

        if case.mode == "fit":
            # What `keras_epsilon` sets for the first step; later ones want less, which moves losses by next to nothing.
            adam.param_groups[0]["eps"] = EPSILON / (1 - BETA_2) ** 0.5
            return Task(partial(fit, step_on, x, targets, case.batch))

        def step() -> float:
            return step_on(x, next(targets))

        steps = count(1)

        def keras_epsilon() -> None:
            # Keras adds epsilon before the bias correction, PyTorch after it: this makes the two the same number.
            adam.param_groups[0]["eps"] = EPSILON / (1 - BETA_2 ** next(steps)) ** 0.5

        return Task(step, before_check=keras_epsilon)
