"""PyTorch itself: its own recurrent layers, time-major tensors made before the timing starts.

Not through `torch.compile`: its tracer stops at nn.LSTM, nn.GRU and nn.RNN, and what then runs is eager PyTorch behind
a check of guards, some 40 us more a call. The switch that lets it go on, `torch._dynamo.config.allow_rnn`, is off in
PyTorch and marked as an experiment; it needs a C++ compiler on the user's machine, seconds to minutes for a first call,
and does not make the recurrent layers' own kernels any faster.
"""

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
from benchmarks.contenders.base import CHECKED_EPOCHS, ONE_THREAD, Contender, Task, with_one_thread
from benchmarks.data import Data
from benchmarks.layouts import torch_parameters

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "simple_rnn": nn.RNN}
PACKED, PADDED = ", packed", ", padded"  # ways to give sequences of different lengths
EPSILON, BETA_2 = 1e-7, 0.999


class Forecaster(nn.Module):
    """The case's model: recurrent layers, and a linear head on their last output or on every step's.

    Sequences of different lengths are packed, or run to the end with their padding, which is then not looked at.
    """

    def __init__(self, case: Case, data: Data, packed: bool = True) -> None:
        super().__init__()
        self.sequences, self.packed = case.sequences, packed
        self.lengths = None if data.lengths is None else torch.from_numpy(data.lengths)
        self.rows = torch.arange(case.rows)
        self.recurrent = LAYERS[case.cell](case.features, case.units, case.layers)
        self.head = nn.Linear(case.units, 1)
        kernel, bias = data.weights[-2:]
        parameters = {"head.weight": kernel.T, "head.bias": bias}
        for layer in range(case.layers):
            named = torch_parameters(case.cell, data.of_layer(layer), layer)
            parameters |= {f"recurrent.{name}": array for name, array in named.items()}
        self.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in parameters.items()})
        if case.cell != "gru":
            # One trained bias, as in Keras: Adam would move a sum of two biases by two steps at once.
            for layer in range(case.layers):
                getattr(self.recurrent, f"bias_hh_l{layer}").requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.lengths is not None and self.packed:
            _, states = self.recurrent(pack_padded_sequence(x, self.lengths, enforce_sorted=False))
            h = states[0] if isinstance(states, tuple) else states
            return self.head(h[-1])
        sequence, _ = self.recurrent(x)
        if self.lengths is not None:
            return self.head(sequence[self.lengths - 1, self.rows])
        return self.head(sequence if self.sequences else sequence[-1])

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
    """Eager PyTorch: inference_mode for inference, for training the Adam that is faster; the threads that are."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        # As TensorFlow and JAX do of themselves: gradients that vanish over many steps become numbers that this kind of
        # processor takes a hundred times as long for. Threads that start later inherit it.
        torch.set_flush_denormal(True)
        torch.set_num_threads(threads)
        self.versions = {"torch": torch.__version__}

    def settings(self, case: Case) -> list[str]:
        names = ["fused Adam", "plain Adam"] if case.trains else ["inference_mode"]
        names = [names[0] + PACKED, names[0] + PADDED] if case.masked else names
        return with_one_thread(case, names, self.threads)

    def task(self, case: Case, data: Data, setting: str) -> Task:
        task = self.on_all_threads(case, data, setting.removesuffix(ONE_THREAD))
        threads = 1 if setting.endswith(ONE_THREAD) else self.threads

        def call() -> Any:
            if torch.get_num_threads() != threads:  # the setting before this one had others
                torch.set_num_threads(threads)
            return task.call()

        return Task(call, task.before_check)

    def on_all_threads(self, case: Case, data: Data, setting: str) -> Task:
        """The task, on as many threads as there are when it is called."""
        if case.dropout:
            raise NotImplementedError("its recurrent layers drop between layers only, not between steps")
        if case.cell not in LAYERS:
            raise NotImplementedError("its GRU resets after the product only")
        model = Forecaster(case, data, packed=setting.endswith(PACKED))
        x = torch.from_numpy(np.ascontiguousarray(data.x.swapaxes(0, 1)))
        if case.mode in ("inference", "predict"):
            model.eval()

            @torch.inference_mode()
            def predict() -> np.ndarray:
                y = model(x).numpy()
                return y.swapaxes(0, 1) if case.sequences else y

            return Task(predict)

        if case.mode == "step":
            return Task(stream(model.eval(), x))

        arrays = [target.swapaxes(0, 1) if case.sequences else target for target in data.targets]
        targets = cycle([torch.from_numpy(np.ascontiguousarray(array)) for array in arrays])
        adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=EPSILON, fused=setting.startswith("fused"))
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
