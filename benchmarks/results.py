"""What a race measured: seconds of every round, and the numbers that are read from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.cases import Case


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


@dataclass
class CaseResult:
    """All contenders at one case. Ratios are to the contender called `baseline`."""

    case: Case
    baseline: str
    entries: dict[str, Entry]

    def ratios(self, contender: str) -> list[float]:
        """For each round, the contender's time over the baseline's time in the same round. Empty if either has none."""
        base, entry = self.entries.get(self.baseline), self.entries.get(contender)
        if base is None or entry is None or not (base.timed and entry.timed):
            return []
        return [mine / its for mine, its in zip(entry.seconds, base.seconds, strict=True)]

    def ratio(self, contender: str) -> float | None:
        """The median of the ratios: above 1, the baseline is faster."""
        ratios = self.ratios(contender)
        return median(ratios) if ratios else None

    def gflops(self, contender: str) -> float | None:
        """Billions of useful floating-point operations a second, at the median time."""
        entry = self.entries[contender]
        return self.case.flops / entry.median / 1e9 if entry.timed else None

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
        head = {"case": case.name, "cell": case.cell, "mode": case.mode, **sizes, "flops": case.flops}
        return {**head, "baseline": self.baseline, "contenders": rows}
