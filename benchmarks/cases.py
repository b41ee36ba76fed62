"""The registry of cases: what is timed.

A case is one public call on one model, `Input((time, features)) -> cell(units) -> Dense(1)`:

    inference   the predictions of one batch
    training    one step on one batch: forward, backward through time, mean squared error, Adam
    step        one step of a stream: the next (B, 1, F) of a sequence, from the states that the step before it left
    fit         the same steps for all rows, EPOCHS times, by one call of `fit`, in the rows' order
    predict     the predictions of all rows by one call of `predict`, batches of 32

The last two have shapes of their own, many rows and small steps, and libraries without such calls do it their own way:
a loop over rows, all rows in one batch.

A variant is the same case with something added; its name stands behind the shape's, `medium-stacked-lstm-training`:

    sequences   the layer gives every step's output, and the head answers each of them
    stacked     two recurrent layers, the first one giving every step's output
    masked      sequences of half the steps or more, the rest zeros behind a Masking layer
    dropout     a share RATE of the features dropped, and of h where U multiplies it. Each library draws masks of its
                own: losses cannot be compared
    float64     everything in double precision

Masks, dropout and precision have a price, which is taken in the same rounds as the plain case's time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import NamedTuple

GATES = {"lstm": 4, "gru": 3, "gru_reset_before": 3, "simple_rnn": 1}
MODES = ("inference", "training", "step", "fit", "predict")
EPOCHS = 100
RATE = 0.2  # of dropout

#                batch, time, features, units
SHAPES = {
    "stream": (1, 1, 8, 32),
    "seed1": (1, 4, 1, 10),
    "seed32": (32, 4, 1, 10),
    "small": (32, 50, 8, 32),
    "odd": (17, 37, 5, 100),
    "medium": (32, 100, 32, 128),
    "large": (64, 100, 256, 512),
    "wide": (32, 16, 4096, 256),
    "rows6": (1, 4, 1, 10),
    "rows1000": (32, 24, 3, 48),
}
ROWS = {"rows6": 6, "rows1000": 1000}  # of all data, where that is not one batch

ALL = tuple(GATES)
MAIN = ("lstm", "gru", "simple_rnn")
BOTH = ("inference", "training")


class Entries(NamedTuple):
    """A row of the registry: every one of the shapes with every one of the cells in every one of the modes."""

    variant: str
    shapes: tuple[str, ...]
    cells: tuple[str, ...]
    modes: tuple[str, ...]


REGISTRY = (
    #       variant      shapes                                             cells             modes
    Entries("",          ("stream",),                                       ALL,              ("inference", "step")),
    Entries("",          ("seed1", "seed32", "small", "odd", "medium"),     ALL,              BOTH),
    Entries("",          ("large", "wide"),                                 ALL,              BOTH),
    Entries("",          ("rows6",),                                        ALL,              ("fit",)),
    Entries("",          ("rows1000",),                                     ALL,              ("predict",)),
    Entries("sequences", ("small",),                                        ("lstm",),        BOTH),
    Entries("sequences", ("medium",),                                       MAIN,             BOTH),
    Entries("stacked",   ("small",),                                        ("lstm",),        BOTH),
    Entries("stacked",   ("medium",),                                       ("lstm", "gru"),  BOTH),
    Entries("masked",    ("small",),                                        ("lstm", "gru"),  BOTH),
    Entries("masked",    ("medium",),                                       MAIN,             BOTH),
    Entries("dropout",   ("seed1",),                                        ("lstm",),        ("training",)),
    Entries("dropout",   ("small", "medium"),                               MAIN,             ("training",)),
    Entries("float64",   ("small", "medium", "large"),                      ("lstm",),        BOTH),
    Entries("float64",   ("medium",),                                       MAIN[1:],         BOTH),
)  # fmt: skip

VARIANTS = tuple(dict.fromkeys(entries.variant for entries in REGISTRY if entries.variant))
PRICED = ("masked", "dropout", "float64")  # variants that are compared with the plain case
ALONE = ("float64",)  # variants that only minirnn runs: what is asked is its own price
# A shape that is not in the registry, as `32x100x32x128` or `32x100x32x128-masked`.
SIZES = re.compile(rf"(\d+)x(\d+)x(\d+)x(\d+)(?:-(?:{'|'.join(VARIANTS)}))?")


@dataclass(frozen=True)
class Case:
    """One thing to time."""

    shape: str  # with its variant
    cell: str
    mode: str
    batch: int
    time: int
    features: int
    units: int

    @property
    def base(self) -> str:
        """The shape without the variant."""
        return self.shape.partition("-")[0]

    @property
    def variant(self) -> str:
        """The name of the variant; empty for the plain case."""
        return self.shape.partition("-")[2]

    @property
    def plain(self) -> Case:
        """The same case without the variant."""
        return replace(self, shape=self.base)

    @property
    def name(self) -> str:
        """The case's unique name, e.g. `medium-lstm-training`."""
        return f"{self.shape}-{self.cell}-{self.mode}"

    @property
    def rows(self) -> int:
        """Rows of x."""
        return ROWS.get(self.base, self.batch)

    @property
    def sequences(self) -> bool:
        """Whether every step's output is asked for."""
        return self.variant == "sequences"

    @property
    def layers(self) -> int:
        """How many recurrent layers there are."""
        return 2 if self.variant == "stacked" else 1

    @property
    def masked(self) -> bool:
        """Whether sequences are of different lengths."""
        return self.variant == "masked"

    @property
    def dropout(self) -> float:
        """The rate of the layer's dropout and of its recurrent_dropout."""
        return RATE if self.variant == "dropout" else 0.0

    @property
    def dtype(self) -> str:
        """The dtype of everything."""
        return "float64" if self.variant == "float64" else "float32"

    @property
    def trains(self) -> bool:
        """Whether losses come out, not predictions."""
        return self.mode in ("training", "fit")

    @property
    def priced(self) -> bool:
        """Whether it is compared with its plain case, in the same rounds."""
        return self.variant in PRICED

    @property
    def alone(self) -> bool:
        """Whether only minirnn runs it."""
        return self.variant in ALONE

    @property
    def size(self) -> str:
        """The case's size in words for tables: batch, time, features -> units."""
        rows = f"{self.rows} rows, " if self.base in ROWS else ""
        return f"{rows}{self.batch}x{self.time}x{self.features} -> {' -> '.join([str(self.units)] * self.layers)}"


CASES = tuple(
    Case(f"{shape}-{variant}" if variant else shape, cell, mode, *SHAPES[shape])
    for variant, shapes, cells, modes in REGISTRY
    for mode in modes
    for cell in cells
    for shape in shapes
)

QUICK = ("seed1-lstm-training", "small-gru-training", "medium-lstm-inference", "medium-lstm-training")


def find(name: str) -> Case:
    """The case with this name, or one of any size, as `8x20x3x16-gru-training`. KeyError when there is none."""
    known = {case.name: case for case in CASES}
    if name in known:
        return known[name]
    shape = name.rpartition("-")[0].rpartition("-")[0]
    return {case.name: case for case in _of_own_sizes(shape)}[name]


def _of_own_sizes(shape: str) -> list[Case]:
    """Every case of a shape that is written as sizes; none of any other."""
    sizes = SIZES.fullmatch(shape)
    if not sizes:
        return []
    modes = ("training",) if shape.endswith("-dropout") else BOTH
    return [Case(shape, cell, mode, *map(int, sizes.groups())) for mode in modes for cell in ALL]


def select(patterns: Iterable[str] = (), cells: Iterable[str] = (), modes: Iterable[str] = ()) -> list[Case]:
    """Cases whose shape or name matches any of the patterns (`medium`, `*-gru-*`), whose cell and mode are listed.

    A pattern may be four sizes, batch x time x features x units: a shape that is not in the registry. An empty filter
    lets everything pass. Raises ValueError for a pattern that matches no case, and for filters that leave none.
    """
    patterns, cells, modes = tuple(patterns), tuple(cells), tuple(modes)
    own = [case for pattern in patterns for case in _of_own_sizes(pattern)]
    if zero := next((case.shape for case in own if 0 in (case.batch, case.time, case.features, case.units)), None):
        raise ValueError(f"{zero} has a size of 0; give sizes of at least 1")

    def matches(case: Case, pattern: str) -> bool:
        return fnmatch(case.shape, pattern) or fnmatch(case.name, pattern)

    for pattern in patterns:
        if not any(matches(case, pattern) for case in (*CASES, *own)):
            shapes = ", ".join(SHAPES)
            raise ValueError(
                f"no case matches {pattern!r}; give a shape ({shapes}), four sizes as 8x20x3x16, or a name from --list"
            )
    found = [
        case
        for case in (*CASES, *own)
        if (not patterns or any(matches(case, pattern) for pattern in patterns))
        and (not cells or case.cell in cells)
        and (not modes or case.mode in modes)
    ]
    if not found:
        raise ValueError(f"no case has all of {', '.join((*patterns, *cells, *modes))}; --list shows what there is")
    return found
