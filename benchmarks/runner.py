"""The race itself: start a worker for each contender, compare their results, time them in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.process import Worker, WorkerFailed
from benchmarks.results import ONE_THREAD, PEAK, PLAIN, CaseResult, Entry

# For outputs and losses of unit scale. Losses follow Adam's steps, which magnify rounding where gradients are tiny.
TOLERANCE = {"inference": 1e-5, "training": 5e-5, "step": 1e-5, "fit": 5e-5, "predict": 1e-5}
# The first of these that is present is what the others are compared with: the baseline last of all.
REFERENCES = ("keras-tensorflow", "torch", "keras-jax", "keras-torch", "onnxruntime")

NEAR_PEAK = ("medium", "large")  # shapes that are compared with the machine's peak in the same rounds
SHARED = ("lstm", "gru")  # cells whose plain cases are also run on one thread


@dataclass(frozen=True)
class Seat:
    """One that is timed at a case: an entry, and the process and the case whose time it gets."""

    entry: Entry
    worker: Worker
    case: Case


class Race:
    """Workers of all contenders that can start; `absent` says why the others cannot.

    Beside minirnn run its own comparisons, in the same rounds: the plain case of a variant that has a price, the case
    on one thread, the machine's peak. Use it as a context manager: leaving it ends the workers.
    """

    def __init__(self, contenders: Mapping[str, str], threads: int, cases: Sequence[Case] = ()) -> None:
        self.absent: dict[str, str] = {}
        self.workers: dict[str, Worker] = {}
        self.helpers: dict[str, Worker] = {}
        started = {name: Worker(name, module, threads) for name, module in contenders.items()}
        if "minirnn" in contenders:
            if threads > 1 and any(map(compares_threads, cases)):
                self.helpers[ONE_THREAD] = Worker(ONE_THREAD, contenders["minirnn"], 1)
            if any(map(compares_peak, cases)):
                self.helpers[PEAK] = Worker(PEAK, "benchmarks.contenders.peak", threads)
        for name, worker in started.items():
            try:
                worker.wait_until_ready()
                self.workers[name] = worker
            except WorkerFailed as error:
                worker.close()
                self.absent[name] = str(error)
        for name, worker in list(self.helpers.items()):
            try:
                worker.wait_until_ready()
            except WorkerFailed as error:
                self.helpers.pop(name).close()
                self.absent[name] = str(error)

    def __enter__(self) -> Race:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in (*self.workers.values(), *self.helpers.values()):
            worker.close()

    @property
    def baseline(self) -> str:
        """The contender that the others are set against: minirnn, or the first of those present."""
        return "minirnn" if "minirnn" in self.workers else next(iter(self.workers))

    def run(self, case: Case, rounds: int, seconds: float, alone: bool = False) -> CaseResult:
        """Prepare a case everywhere, compare the results, then time everybody in each round.

        `alone`: without minirnn's peers.
        """
        result = CaseResult(case, self.baseline, {})
        seats: list[Seat] = []
        for name, worker in self.workers.items():
            if (alone or case.alone) and name != result.baseline:
                continue
            entry = result.entries[name] = Entry()
            if case.mode in worker.hello["modes"]:
                seats.append(Seat(entry, worker, case))
            else:
                entry.error = f"does no {case.mode}"
        seats += self._beside(result)
        results = prepare(seats)
        contenders = {name: results[place] for name, place in _places(result.entries, seats) if place in results}
        compare(case, result.entries, contenders)
        take_turns(
            [seat for seat in seats if seat.entry.error is None],
            rounds,
            lambda seat: _ask(seat, "time", case=seat.case.name, seconds=seconds),
        )
        drop({id(seat.worker): seat.worker for seat in seats}.values())
        return result

    def _beside(self, result: CaseResult) -> list[Seat]:
        """What minirnn is compared with beside its peers."""
        case, seats = result.case, []
        mine = self.workers.get("minirnn")
        if mine and case.priced:
            seats.append(Seat(result.beside.setdefault(PLAIN, Entry()), mine, case.plain))
        for name, applies in ((ONE_THREAD, compares_threads), (PEAK, compares_peak)):
            if name in self.helpers and applies(case):
                seats.append(Seat(result.beside.setdefault(name, Entry()), self.helpers[name], case))
        return seats


def compares_threads(case: Case) -> bool:
    """Whether the case is also run on one thread."""
    return not case.variant and case.cell in SHARED


def compares_peak(case: Case) -> bool:
    """Whether the machine's peak is measured in the case's rounds."""
    return not case.variant and case.base in NEAR_PEAK


def _places(entries: Mapping[str, Entry], seats: Sequence[Seat]) -> list[tuple[str, int]]:
    """Of each contender with a seat, its name and the seat's place."""
    return [(name, at) for name, entry in entries.items() for at, seat in enumerate(seats) if seat.entry is entry]


def _ask(seat: Seat, do: str, **arguments: Any) -> dict[str, Any] | None:
    """The reply, or None after writing down what went wrong."""
    try:
        return seat.worker.ask(do, **arguments)
    except WorkerFailed as error:
        seat.entry.error = str(error)
        return None


def drop(workers: Iterable[Worker]) -> None:
    """Have everybody forget what was prepared, side by side; one that died holds nothing."""
    asked = []
    for worker in workers:
        with suppress(WorkerFailed):
            worker.request("drop")
            asked.append(worker)
    for worker in asked:
        with suppress(WorkerFailed):
            worker.reply()


def prepare(seats: Sequence[Seat]) -> dict[int, list[float]]:
    """Make everybody ready, and write down the setting that each keeps; the results to be compared, by seat.

    Models are built and compiled side by side; the settings are timed one process after the other.
    """
    asked: dict[int, list[int]] = {}  # seats of each process, whose replies come in this order
    for place, seat in enumerate(seats):
        try:
            seat.worker.request("prepare", case=seat.case.name)
            asked.setdefault(id(seat.worker), []).append(place)
        except WorkerFailed as error:
            seat.entry.error = str(error)
    for places in asked.values():
        for seat in (seats[place] for place in places):
            try:
                seat.worker.reply()
            except WorkerFailed as error:
                seat.entry.error = str(error)
    results: dict[int, list[float]] = {}
    for place, seat in enumerate(seats):
        if seat.entry.error is None and (reply := _ask(seat, "choose", case=seat.case.name)):
            seat.entry.setting, results[place] = reply["setting"], reply["results"]
    return results


def compare(case: Case, entries: Mapping[str, Entry], results: Mapping[str, list[float]]) -> None:
    """Write down how far everybody is from the reference; more than the tolerance is an error, and is not timed.

    Predictions are compared absolutely, losses relative to the reference; with dropout each library draws its own.
    """
    if case.dropout:
        return
    reference = next((name for name in (*REFERENCES, *results) if name in results), None)
    if reference is None:
        return
    truth = np.array(results[reference])
    for name, values in results.items():
        entry = entries[name]
        if len(values) != len(truth):
            entry.wrong = True
            entry.error = f"wrong result: {len(values)} numbers where {reference} gives {len(truth)}"
            continue
        difference = np.abs(np.array(values) - truth)
        if case.trains:
            difference = difference / np.abs(truth)
        worst = float(difference.max() / TOLERANCE[case.mode])
        entry.difference = worst if np.isfinite(worst) else None
        if not worst <= 1:  # also when it is nan
            entry.wrong = True
            at = int(np.argmax(difference))  # the first nan, if there is one
            entry.error = f"wrong result: {values[at]:.7g} where {reference} gives {truth[at]:.7g} (number {at})"


def take_turns(seats: Sequence[Seat], rounds: int, ask: Callable[[Seat], Mapping[str, Any] | None]) -> None:
    """Time everybody once a round, starting with another one each round, so that nobody always follows the same one."""
    order = list(seats)
    for turn in range(rounds):
        shift = turn % max(1, len(order))
        for seat in order[shift:] + order[:shift]:
            if seat.entry.error is None:
                reply = ask(seat)
                if reply is not None:
                    seat.entry.seconds.append(reply["seconds"])
