"""The registry of cases: what is timed, and how many floating-point operations each case needs.

A case is one public call on one model, `Input((time, features)) -> cell(units) -> Dense(1)`:

    inference   the predictions of one batch
    training    one step on one batch: forward, backward through time, mean squared error, Adam
    step        one step of a stream: the next (B, 1, F) of a sequence, from the states that the step before it left
    fit         the same steps for all rows, EPOCHS times, by one call of `fit`, in the rows' order
    predict     the predictions of all rows by one call of `predict`, batches of 32

The last two have shapes of their own, many rows and small steps, and libraries without such calls do it their own way:
a loop over rows, all rows in one batch.

FLOPs are those of the matrix products, a multiply and an add counted as two, with G gates (LSTM 4, GRU 3, SimpleRNN 1):

    product            inference and step       training
    x W                2 B T F G U              and as much again for dW
    h U                2 B T U G U              and twice as much again, for dU and for dh
    Dense(1) head      2 B U                    and twice as much again

Not counted: biases, activations, the loss, Adam, and the gradient of x, which no weight needs.
The product of U with the initial state of zeros is counted, as the equation of the layer has it.

A shape `*-dropout` is the one before the hyphen with a share of the features dropped and of h where U multiplies it,
a shape `*-masked` the same with sequences of half the steps or more, the rest zeros behind a Masking layer: the ratio
to the plain case is what that costs. With dropout each library draws masks of its own: losses cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
MODES = ("inference", "training", "step", "fit", "predict")
EPOCHS = 100

#                batch, time, features, units
SHAPES = {
    "stream": (1, 1, 8, 32),
    "seed1": (1, 4, 1, 10),
    "seed32": (32, 4, 1, 10),
    "small": (32, 50, 8, 32),
    "medium": (32, 100, 32, 128),
    "large": (64, 100, 256, 512),
    "wide": (32, 16, 4096, 256),
    "rows6": (1, 4, 1, 10),
    "rows1000": (32, 24, 3, 48),
}
VARIANTS = {"dropout": ("seed1", "small", "medium"), "masked": ("small", "medium")}
SHAPES |= {f"{shape}-{kind}": SHAPES[shape] for kind, shapes in VARIANTS.items() for shape in shapes}
RATE = 0.2  # of dropout
ROWS = {"rows6": 6, "rows1000": 1000}  # of all data, where that is not one batch
OWN_MODES = {"rows6": ("fit",), "rows1000": ("predict",)}
STEPPED = ("stream",)  # shapes of one step of time, which a stream takes, too


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
    masked: bool = False  # whether sequences are of different lengths
    all_rows: int = 0  # rows of all data, where that is not one batch

    @property
    def rows(self) -> int:
        """Rows of x."""
        return self.all_rows or self.batch

    @property
    def plain(self) -> str:
        """The name of the same case without dropout and masks."""
        return f"{self.shape.partition('-')[0]}-{self.cell}-{self.mode}"

    @property
    def name(self) -> str:
        """The case's unique name, e.g. `medium-lstm-training`."""
        return f"{self.shape}-{self.cell}-{self.mode}"

    @property
    def size(self) -> str:
        """The case's size in words for tables: batch, time, features -> units."""
        rows = f"{self.rows} rows, " if self.all_rows else ""
        return f"{rows}{self.batch}x{self.time}x{self.features} -> {self.units}"

    @property
    def flops(self) -> int:
        """Floating-point operations of one call, by the formula in this module's docstring."""
        gates = GATES[self.cell] * self.units
        of_x = 2 * self.rows * self.time * self.features * gates
        of_h = 2 * self.rows * self.time * self.units * gates
        head = 2 * self.rows * self.units
        if self.mode in ("inference", "step", "predict"):
            return of_x + of_h + head
        return (2 * of_x + 3 * of_h + 3 * head) * (EPOCHS if self.mode == "fit" else 1)


def modes_of(shape: str) -> tuple[str, ...]:
    """The modes that a shape is timed in; dropout is for training."""
    if shape.endswith("-dropout"):
        return ("training",)
    return OWN_MODES.get(shape, ("inference", "training", "step") if shape in STEPPED else ("inference", "training"))


def _case(shape: str, cell: str, mode: str) -> Case:
    rate = RATE if shape.endswith("-dropout") else 0.0
    return Case(shape, cell, mode, *SHAPES[shape], rate, shape.endswith("-masked"), ROWS.get(shape, 0))


CASES = tuple(
    _case(shape, cell, mode) for mode in MODES for cell in GATES for shape in SHAPES if mode in modes_of(shape)
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
