"""What every contender offers: its versions, and for a case the call that is timed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.cases import EPOCHS, MODES, Case
from benchmarks.data import Data
from benchmarks.work import flops

CHECKED_EPOCHS = 3  # whose losses a `fit` gives
ONE_THREAD = ", 1 thread"  # what the names of settings end with that leave the other threads alone
SMALL = 10_000_000  # FLOPs of a step up to which a careful user would try that


def nothing() -> None:
    """What most contenders have to do before a call whose result is checked."""


@dataclass(frozen=True)
class Task:
    """A case made ready.

    call           the whole public call, nothing else: gives the predictions, batch-major (in a stream those of its
                   next step), the loss of a training step, or the mean losses of the first CHECKED_EPOCHS of a fit
    before_check   called before each call whose result is compared with the other contenders' results
    """

    call: Callable[[], Any]
    before_check: Callable[[], None] = nothing


def with_one_thread(case: Case, settings: list[str], threads: int) -> list[str]:
    """The settings, and where the work is small enough for it to pay, each of them on a single thread."""
    steps = EPOCHS * -(-case.rows // case.batch) if case.mode == "fit" else 1
    return settings + [name + ONE_THREAD for name in settings if threads > 1 and flops(case) / steps <= SMALL]


class Contender(ABC):
    """One library, imported and pinned to its number of threads by the constructor."""

    modes: tuple[str, ...] = MODES
    versions: dict[str, str]

    @abstractmethod
    def __init__(self, threads: int) -> None: ...

    def settings(self, case: Case) -> list[str]:
        """The settings a careful user would try for this case. The fastest one is kept, and named in the report."""
        return ["default"]

    @abstractmethod
    def task(self, case: Case, data: Data, setting: str) -> Task:
        """The case with these arrays, ready to be called. Raises NotImplementedError for what the library has not."""

    def fit(self, case: Case, data: Data) -> None:
        """One trained step, the way a new user would ask for it first."""
        self.task(case, data, self.settings(case)[0]).call()
