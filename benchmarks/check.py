"""Promises held against measurements: what `python -m benchmarks --check` prints, and whether it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import targets
from benchmarks.report import digits, duration
from benchmarks.results import CaseResult, Spread, spread


@dataclass(frozen=True)
class Verdict:
    """One promise and what was measured.

    measured   None when there is nothing to judge: then it is not met, and `note` says why
    at_least   whether more is better
    unit       "x", "%", "s", "MiB" or "lines/s"
    slack      by how much the median may miss the number, as long as a quarter of the rounds keeps it
    note       whom it was measured against
    """

    subject: str
    wanted: float
    measured: Spread | None
    at_least: bool = True
    unit: str = "x"
    slack: float = 0.0
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the promise was kept. What was not measured was not kept."""
        if self.measured is None:
            return False
        sign = 1 if self.at_least else -1
        middle, best = self.measured.median, self.measured.high if self.at_least else self.measured.low
        if sign * middle >= sign * self.wanted:
            return True
        return self.slack > 0 and sign * (middle - self.wanted) >= -self.slack and sign * (best - self.wanted) >= 0

    @property
    def text(self) -> tuple[str, str, str, str, str]:
        """A row for a table: the verdict, of what, measured, the spread, wanted and against whom."""
        word = "not measured" if self.measured is None else "met" if self.met else "missed"
        wanted = f"{'at least' if self.at_least else 'at most'} {_shown(self.wanted, self.unit)}"
        if self.note:
            wanted += f" {self.note}"
        if self.measured is None:
            return word, self.subject, "-", "", wanted
        middle, low, high = (_shown(number, self.unit) for number in self.measured)
        return word, self.subject, middle, f"{low} to {high}" if low != high else "", wanted

    def as_dict(self) -> dict[str, Any]:
        """The verdict for JSON."""
        measured = None if self.measured is None else self.measured._asdict()
        return {**asdict(self), "measured": measured, "met": self.met}


def _shown(number: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * number:.0f} %"
    if unit == "s":
        return duration(number)
    if unit == "x":
        return f"{number:.2f}x"
    return f"{number:,.0f} {unit}" if number >= 100 else f"{digits(number)} {unit}"


def case_verdicts(result: CaseResult, threads: int) -> list[Verdict]:
    """What is promised of one case that was raced on so many threads."""
    case, found = result.case, []
    mine = result.entries.get("minirnn")
    lacking = f"({mine.error})" if mine is not None and mine.error else ""
    wanted = targets.against_peers(case)
    if wanted is not None:
        peer = result.fastest_peer() if result.baseline == "minirnn" else None
        measured = spread(result.ratios(peer)) if peer else None
        note = f"of {peer}" if peer else lacking or "of the fastest peer, and none was timed"
        found.append(Verdict(case.name, wanted, measured, note=note))
    wanted = targets.share_of_peak(case)
    if wanted is not None:
        shares = spread(result.shares_of_peak(threads))
        found.append(Verdict(case.name, wanted, shares, unit="%", note=lacking or "of the peak"))
    if case.variant in targets.PRICE:
        prices = spread(result.prices())
        note = lacking or "of the plain case's time"
        found.append(Verdict(case.name, targets.PRICE[case.variant], prices, at_least=False, note=note))
    if case.variant == "float64":
        rates = spread([1 / price for price in result.prices()])
        note = lacking or "of the rate in float32"
        found.append(Verdict(case.name, targets.RATE_OF_FLOAT64, rates, unit="%", note=note))
    if (gains := spread(result.gains_of_threads())) is not None:
        noise = targets.NOISE_OF_THREADS
        found.append(Verdict(case.name, targets.GAIN_OF_THREADS, gains, slack=noise, note="of one thread"))
    return found


def cold_verdicts(starts: Mapping[str, Mapping[str, Any]]) -> list[Verdict]:
    """What is promised of the first fit, of later ones, and of memory. `starts` is what `coldstart` gives, by name."""
    mine, torch = starts.get("minirnn", {}), starts.get("torch", {})
    error = mine.get("error") or ""

    def single(number: float | None) -> Spread | None:
        return None if number is None else spread([number])

    needs, peers = mine.get("memory_of_step"), torch.get("memory_of_step")
    memory = None if needs is None or not peers else needs / peers
    lacking = f"({error or torch.get('error') or 'torch was not measured'})" if memory is None else "of torch's"
    return [
        Verdict("first fit ever", targets.FIRST_FIT, single(mine.get("first_fit_seconds")), False, "s", note=error),
        Verdict("first fit, later process", targets.LATER_FIT, single(mine.get("later_fit_seconds")), False, "s",
                note=error),
        Verdict("memory of a large training step", targets.MEMORY_OF_TORCH, single(memory), False, note=lacking),
    ]  # fmt: skip


def long_verdict(growth: float | None, error: str = "") -> Verdict:
    """What is promised of long sequences; MiB."""
    measured = None if growth is None else spread([growth])
    subject = f"memory of predict, {targets.LONG_STEPS:,} steps"
    return Verdict(subject, targets.LONG_GROWTH, measured, False, "MiB", note=error or "above that of a tenth of them")


def stream_verdict(lines: Sequence[float], error: str = "") -> Verdict:
    """What is promised of `minirnn stream`; lines a second of each round."""
    return Verdict("minirnn stream demo", targets.STREAM_LINES, spread(lines), unit="lines/s", note=error)


HEADINGS = ["verdict", "of", "measured", "half of the rounds", "wanted"]


def rows(verdicts: Iterable[Verdict]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the table of verdicts."""
    return HEADINGS, [list(verdict.text) for verdict in verdicts]


def summary(verdicts: Sequence[Verdict]) -> list[str]:
    """How many promises were kept, and which were not."""
    missed = [verdict for verdict in verdicts if not verdict.met]
    lines = [f"{len(verdicts) - len(missed)} of {len(verdicts)} targets met"]
    return lines + [f"  {word}: {of}, {measured}, wanted {wanted}" for word, of, measured, _, wanted in
                    (verdict.text for verdict in missed)]  # fmt: skip
