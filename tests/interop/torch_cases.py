"""Modules of PyTorch, what `from_torch` has to be told of each, and what PyTorch computes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

BATCH, STEPS = 3, 5


class Words(nn.Module):
    """Embedding, a GRU in both directions, and a head of two Linears with a ReLU between them."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(7, 3)
        self.encoder = nn.Module()
        self.encoder.gru = nn.GRU(3, 4, bidirectional=True, batch_first=True)
        self.head = nn.Sequential(nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 2, bias=False))

    def forward(self, x: Any) -> Any:
        return self.head(self.encoder.gru(self.emb(x))[0])


class Last(nn.Module):
    """The usual forecaster: two layers of LSTM, and a Linear on the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 4, num_layers=2, batch_first=True)
        self.fc = nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        return self.fc(self.lstm(x)[0][:, -1])


class Case(NamedTuple):
    """`make` gives the module; `told` are the arguments that its weights alone need; `words` is a vocabulary's size."""

    make: Callable[[], Any]
    features: int
    told: dict[str, Any] = {}
    words: int = 0


CASES = {
    "lstm": Case(lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), 3),
    "gru": Case(lambda: nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), 3),
    "rnn_relu": Case(
        lambda: nn.RNN(2, 5, num_layers=2, nonlinearity="relu", bias=False, batch_first=True),
        2,
        {"nonlinearity": "relu"},
    ),
    "rnn_double": Case(lambda: nn.RNN(2, 3, bidirectional=True, batch_first=True).double(), 2),
    "lstm_double": Case(lambda: nn.LSTM(2, 3, batch_first=True).double(), 2),
    "gru_double": Case(lambda: nn.GRU(2, 3, batch_first=True).double(), 2),
    "chain": Case(
        lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), 3, {"activations": {"0": "tanh"}}
    ),
    "words": Case(
        Words,
        0,
        {
            "order": ["emb", "encoder.gru", "head.0", "head.2"],
            "activations": {"head.0": "relu"},
            "embeddings": ["emb"],
        },
        words=7,
    ),
    "last": Case(Last, 2, {"order": ["lstm", "fc"], "return_sequences": False}),
}


def module_of(name: str) -> Any:
    """The module of a case; its weights are always the same."""
    torch.manual_seed(sorted(CASES).index(name))
    return CASES[name].make()


def computed(name: str, module: Any) -> dict[str, np.ndarray]:
    """Input `x` and `target`; of the module the output `y`, states `h` and `c`, the `loss` (mse), its gradient `dx`."""
    case = CASES[name]
    dtype = next(module.parameters()).dtype
    if case.words:
        x = torch.randint(0, case.words, (BATCH, STEPS))
        y, states = module(x), ()
    else:
        shape = (BATCH, case.features) if name == "chain" else (BATCH, STEPS, case.features)
        x = torch.randn(shape, dtype=dtype, requires_grad=True)
        y, states = module(x), ()
        if isinstance(y, tuple):
            y, states = y
            states = states if isinstance(states, tuple) else (states,)
    target = torch.randn_like(y)
    loss = torch.mean((y - target) ** 2)
    found = {"x": x, "target": target, "y": y, "loss": loss.reshape(1), **dict(zip("hc", states, strict=False))}
    if not case.words:
        (found["dx"],) = torch.autograd.grad(loss, x, retain_graph=True)
    return {key: value.detach().to(dtype).numpy() for key, value in found.items()}
