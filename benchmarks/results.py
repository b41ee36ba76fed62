"""What a race measured: seconds of every round, and the numbers that are read from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, NamedTuple

from benchmarks.cases import Case
from benchmarks.machine import PEAK_CALL
from benchmarks.work import flops, traffic

# What minirnn is compared with in the same rounds, beside its peers.
PLAIN, ONE_THREAD, PEAK = "plain", "one thread", "peak"


class Spread(NamedTuple):
    """The middle of some numbers, and the quartiles, between which half of them lie."""

    median: float
    low: float
    high: float


def spread(numbers: Sequence[float]) -> Spread | None:
    """Median and quartiles; None if there are no numbers."""
    if not numbers:
        return None
    if len(numbers) == 1:
        return Spread(numbers[0], numbers[0], numbers[0])
    low, middle, high = quantiles(numbers, n=4, method="inclusive")
    return Spread(middle, low, high)


@dataclass
class Entry:
    """One contender at one case.

    seconds      of one call, one number for each round
    setting      the contender's setting that was kept
    difference   how far its results lie from the reference contender's, as a multiple of the tolerance
    wrong        whether that is more than the tolerance
    error        one line, when there is nothing to time or the timing ended early
    """

    seconds: list[float] = field(default_factory=list)
    setting: str = ""
    difference: float | None = None
    wrong: bool = False
    error: str | None = None

    @property
    def timed(self) -> bool:
        """Whether it ran to the end, with the right results."""
        return self.error is None and bool(self.seconds)

    @property
    def median(self) -> float:
        """Median seconds of one call."""
        return median(self.seconds)


def _quotients(above: Entry | None, below: Entry | None) -> list[float]:
    """For each round, the one's time over the other's in the same round. Empty if either has none."""
    if above is None or below is None or not (above.timed and below.timed):
        return []
    return [one / other for one, other in zip(above.seconds, below.seconds, strict=True)]


@dataclass
class CaseResult:
    """All contenders at one case. Ratios are to the contender called `baseline`.

    `beside` holds what else minirnn was compared with: PLAIN, ONE_THREAD, PEAK.
    """

    case: Case
    baseline: str
    entries: dict[str, Entry]
    beside: dict[str, Entry] = field(default_factory=dict)

    def ratios(self, contender: str) -> list[float]:
        """For each round, the contender's time over the baseline's time in the same round. Empty if either has none."""
        return _quotients(self.entries.get(contender), self.entries.get(self.baseline))

    def ratio(self, contender: str) -> float | None:
        """The median of the ratios: above 1, the baseline is faster."""
        ratios = self.ratios(contender)
        return median(ratios) if ratios else None

    def fastest_peer(self) -> str | None:
        """The contender with the smallest ratio, the baseline left out; None if nobody else was timed."""
        ratios = {name: self.ratio(name) for name in self.entries if name != self.baseline}
        timed = {name: ratio for name, ratio in ratios.items() if ratio is not None}
        return min(timed, key=lambda name: timed[name]) if timed else None

    def prices(self) -> list[float]:
        """For each round, the time of this variant over that of its plain case."""
        return _quotients(self.entries.get(self.baseline), self.beside.get(PLAIN))

    def gains_of_threads(self) -> list[float]:
        """For each round, the time on one thread over the time on all."""
        return _quotients(self.beside.get(ONE_THREAD), self.entries.get(self.baseline))

    def shares_of_peak(self, threads: int) -> list[float]:
        """For each round, the rate of this case over that of the machine's peak."""
        work = flops(self.case) / (PEAK_CALL.flops * threads)
        return [work * ratio for ratio in _quotients(self.beside.get(PEAK), self.entries.get(self.baseline))]

    def gflops(self, contender: str) -> float | None:
        """Billions of useful floating-point operations a second, at the median time."""
        entry = self.entries.get(contender)
        return flops(self.case) / entry.median / 1e9 if entry is not None and entry.timed else None

    def as_dict(self, peak_gflops: float) -> dict[str, Any]:
        """This result for JSON, the derived numbers beside the raw ones."""
        case = self.case
        rows: dict[str, dict[str, Any]] = {}
        for name, entry in self.entries.items():
            rows[name] = {"setting": entry.setting, "error": entry.error, "difference_in_tolerances": entry.difference}
            gflops = self.gflops(name)
            if gflops is not None:
                rows[name] |= {
                    "seconds": entry.seconds,
                    "median_seconds": entry.median,
                    "ratio": self.ratio(name),
                    "ratios": self.ratios(name),
                    "gflops": gflops,
                    "share_of_peak": gflops / peak_gflops,
                }
        sizes = {"batch": case.batch, "time": case.time, "features": case.features, "units": case.units}
        work = {"flops": flops(case), "bytes": traffic(case)}
        head = {"case": case.name, "cell": case.cell, "mode": case.mode, **sizes, **work}
        beside = {name: {"error": entry.error, "seconds": entry.seconds} for name, entry in self.beside.items()}
        return {**head, "baseline": self.baseline, "contenders": rows, "beside": beside}
