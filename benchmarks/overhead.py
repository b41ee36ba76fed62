"""How much of a small public call is spent in compiled kernels, and how much in Python around them.

    python -m benchmarks.overhead       prints the split as JSON

Every kernel of minirnn is reached through `Kernel.specialise`, which gives the entry point that is then called. Here
that method is replaced by one that gives the entry point in a stopwatch. The stopwatch's own cost is measured on an
empty function and taken off; the time of the whole call is measured without it. An entry point's time holds what Numba
needs to unpack the arguments, about a tenth of a microsecond an array.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.cases import GATES, find
from benchmarks.data import case_data
from benchmarks.process import run_apart
from benchmarks.worker import one_line, pin, seconds_per_call

SMALL = (("stream", "inference"), ("seed1", "training"))
CASES = tuple(f"{shape}-{cell}-{mode}" for shape, mode in SMALL for cell in GATES)
ROUNDS = 7
SECONDS = 0.05


@dataclass
class Split:
    """One public call in microseconds: all of it, the part inside kernels, and how many kernels it enters."""

    case: str
    call: float
    kernels: float
    entries: float

    @property
    def share(self) -> float:
        """The part of the call that is spent in kernels."""
        return self.kernels / self.call


class Stopwatch:
    """Adds up the nanoseconds and the number of calls of the functions it wraps."""

    def __init__(self) -> None:
        self.nanoseconds = 0
        self.calls = 0

    def around(self, function: Callable) -> Callable:
        """The same function, timed."""
        clock = time.perf_counter_ns

        def timed(*arguments: Any) -> Any:
            start = clock()
            result = function(*arguments)
            self.nanoseconds += clock() - start
            self.calls += 1
            return result

        return timed

    def reset(self) -> None:
        """Begin again at zero."""
        self.nanoseconds = self.calls = 0


def own_nanoseconds(calls: int = 20_000) -> float:
    """What a stopwatch reads for a function that does nothing."""
    stopwatch = Stopwatch()
    empty = stopwatch.around(lambda: None)
    for _ in range(calls):
        empty()
    return stopwatch.nanoseconds / calls


@contextmanager
def watched(kernel_class: type, stopwatch: Stopwatch) -> Iterator[None]:
    """Within this context, entry points handed out by the class's `specialise` are timed."""
    specialise = kernel_class.specialise  # type: ignore[attr-defined]

    def watched_specialise(self: Any, *arguments: Any) -> Callable:
        return stopwatch.around(specialise(self, *arguments))

    kernel_class.specialise = watched_specialise  # type: ignore[attr-defined]
    try:
        yield
    finally:
        kernel_class.specialise = specialise  # type: ignore[attr-defined]


def split(contender: Any, kernel_class: type, name: str, rounds: int = ROUNDS, seconds: float = SECONDS) -> Split:
    """Medians over rounds of plain calls and of watched calls, taken in turn."""
    case = find(name)
    data, stopwatch = case_data(case), Stopwatch()
    plain = contender.task(case, data, "default").call
    with watched(kernel_class, stopwatch):
        # Built and called in here: a model may keep its entry points from the first call on.
        timed = contender.task(case, data, "default").call
        timed()
        own = own_nanoseconds()
        calls, kernels, entries = [], [], []
        for _ in range(rounds):
            calls.append(1e6 * seconds_per_call(plain, seconds))
            stopwatch.reset()
            repeats = max(1, int(seconds * 1e6 / calls[-1]))
            for _ in range(repeats):
                timed()
            kernels.append((stopwatch.nanoseconds - own * stopwatch.calls) / repeats / 1e3)
            entries.append(stopwatch.calls / repeats)
    return Split(name, statistics.median(calls), statistics.median(kernels), statistics.median(entries))


def all_splits() -> list[dict[str, Any]]:
    """The splits of minirnn's small calls, measured on one thread in a process of their own. Raises RuntimeError."""
    return run_apart("benchmarks.overhead", [], 1)


def main() -> None:
    """Print every split as JSON; an error as one line and exit code 1."""
    pin(1)
    try:
        from benchmarks.contenders.minirnn import Entrant
        from minirnn.jit import Kernel

        contender = Entrant(1)
        splits = [split(contender, Kernel, name) for name in CASES]
        print(json.dumps([asdict(one) | {"share": one.share} for one in splits]))
    except Exception as error:
        sys.exit(one_line(error))


if __name__ == "__main__":
    main()
