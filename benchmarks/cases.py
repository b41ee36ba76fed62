"""The registry of cases: what is timed, and how many floating-point operations each case needs.

A case is one public call on one model, `Input((time, features)) -> cell(units) -> Dense(1)`:

    inference   the predictions of one batch
    training    one step on one batch: forward, backward through time, mean squared error, Adam
    step        one step of a stream: the next (B, 1, F) of a sequence, from the states that the step before it left

FLOPs are those of the matrix products, a multiply and an add counted as two, with G gates (LSTM 4, GRU 3, SimpleRNN 1):

    product            inference and step       training
    x W                2 B T F G U              and as much again for dW
    h U                2 B T U G U              and twice as much again, for dU and for dh
    Dense(1) head      2 B U                    and twice as much again

Not counted: biases, activations, the loss, Adam, and the gradient of x, which no weight needs.
The product of U with the initial state of zeros is counted, as the equation of the layer has it.

`medium-dropout` is `medium` with a share of the features dropped and of h where U multiplies it: the ratio of the two
is what dropout costs a step of training. Each library draws masks of its own, so that losses cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
MODES = ("inference", "training", "step")

#                batch, time, features, units
SHAPES = {
    "stream": (1, 1, 8, 32),
    "seed1": (1, 4, 1, 10),
    "seed32": (32, 4, 1, 10),
    "small": (32, 50, 8, 32),
    "medium": (32, 100, 32, 128),
    "medium-dropout": (32, 100, 32, 128),
    "large": (64, 100, 256, 512),
    "wide": (32, 16, 4096, 256),
}
DROPOUT = {"medium-dropout": 0.2}  # rates, in training; other shapes drop nothing
STEPPED = ("stream",)  # shapes of one step of time, the only ones of the mode of this name


@dataclass(frozen=True)
class Case:
    """One thing to time."""

    shape: str
    cell: str
    mode: str
    batch: int
    time: int
    features: int
    units: int
    dropout: float = 0.0  # the rate of the layer's dropout and of its recurrent_dropout

    @property
    def name(self) -> str:
        """The case's unique name, e.g. `medium-lstm-training`."""
        return f"{self.shape}-{self.cell}-{self.mode}"

    @property
    def size(self) -> str:
        """The case's size in words for tables: batch, time, features -> units."""
        return f"{self.batch}x{self.time}x{self.features} -> {self.units}"

    @property
    def flops(self) -> int:
        """Floating-point operations of one call, by the formula in this module's docstring."""
        gates = GATES[self.cell] * self.units
        of_x = 2 * self.batch * self.time * self.features * gates
        of_h = 2 * self.batch * self.time * self.units * gates
        head = 2 * self.batch * self.units
        if self.mode != "training":
            return of_x + of_h + head
        return 2 * of_x + 3 * of_h + 3 * head


CASES = tuple(
    Case(shape, cell, mode, *SHAPES[shape], DROPOUT.get(shape, 0.0))
    for mode in MODES
    for cell in GATES
    for shape in SHAPES
    if (shape in STEPPED if mode == "step" else mode == "training" or shape not in DROPOUT)
)

QUICK = ("seed1-lstm-training", "small-gru-training", "medium-lstm-inference", "medium-lstm-training")


def find(name: str) -> Case:
    """The case with this name. Raises KeyError when there is none."""
    return {case.name: case for case in CASES}[name]


def select(patterns: Iterable[str] = (), cells: Iterable[str] = (), modes: Iterable[str] = ()) -> list[Case]:
    """Cases whose shape or name matches any of the patterns (`medium`, `*-gru-*`), whose cell and mode are listed.

    An empty filter lets everything pass. Raises ValueError for a pattern that matches no case.
    """
    patterns, cells, modes = tuple(patterns), tuple(cells), tuple(modes)

    def matches(case: Case, pattern: str) -> bool:
        return fnmatch(case.shape, pattern) or fnmatch(case.name, pattern)

    for pattern in patterns:
        if not any(matches(case, pattern) for case in CASES):
            raise ValueError(f"no case matches {pattern!r}; give a shape ({', '.join(SHAPES)}) or a name from --list")
    return [
        case
        for case in CASES
        if (not patterns or any(matches(case, pattern) for pattern in patterns))
        and (not cells or case.cell in cells)
        and (not modes or case.mode in modes)
    ]
