"""This run set against an earlier one, `--baseline earlier.json`: what became slower, and was it us or the machine?

Seconds of two runs differ by the machine's day, too. The peers of a case are the measure of that: they have not
changed, unless their versions have. A case's change is minirnn's seconds, new over old, over the same of its peers'
(the geometric mean). Without peers in both runs it is the change of seconds alone, and the table says so.

A change is *beyond the spread* when the quartiles of the two runs, so corrected, lie apart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import duration
from benchmarks.results import Spread, spread

THRESHOLD = 0.10  # a case that is slower by more, beyond the spread, makes the command fail


@dataclass(frozen=True)
class Change:
    """One case in two runs: the spread of seconds in each, and the peers' time, new over old; None without peers."""

    case: str
    old: Spread
    new: Spread
    peers: float | None

    @property
    def ratio(self) -> float:
        """New over old, corrected by the peers: above 1, it became slower."""
        return self.new.median / self.old.median / (self.peers or 1.0)

    @property
    def beyond_spread(self) -> bool:
        """Whether the spreads lie apart."""
        day = self.peers or 1.0
        return self.new.low > self.old.high * day or self.new.high < self.old.low * day

    @property
    def word(self) -> str:
        """slower, faster, or as before."""
        if not self.beyond_spread:
            return "as before"
        return "slower" if self.ratio > 1 else "faster"

    def fails(self, threshold: float) -> bool:
        """Whether it is slower by more than the threshold, beyond the spread."""
        return self.beyond_spread and self.ratio > 1 + threshold


def read(path: Path) -> dict[str, Any]:
    """An earlier run. Raises ValueError, in one line, for a file that is none."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"--baseline {path}: {error}; give a file that --json wrote") from None
    cases = run.get("cases") if isinstance(run, dict) else None
    if not isinstance(cases, list) or not all(isinstance(case, dict) and "contenders" in case for case in cases):
        raise ValueError(f"--baseline {path}: there are no cases in it; give a file that --json wrote")
    return run


def _seconds(run: Mapping[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Of each case of a run, seconds by contender."""
    return {
        case["case"]: {name: row["seconds"] for name, row in case["contenders"].items() if row.get("seconds")}
        for case in run["cases"]
    }


def changes(earlier: Mapping[str, Any], now: Mapping[str, Any], contender: str = "minirnn") -> list[Change]:
    """The contender's changes at the cases that both runs have, in the order of this one. Both as `--json` has them."""
    before, found = _seconds(earlier), []
    for name, seconds in _seconds(now).items():
        others = before.get(name, {})
        old, new = spread(others.get(contender, ())), spread(seconds.get(contender, ()))
        if old is None or new is None:
            continue
        peers = []
        for peer in seconds.keys() & others.keys() - {contender}:
            one, other = spread(others[peer]), spread(seconds[peer])
            assert one is not None and other is not None  # empty ones are left out by _seconds
            peers.append(math.log(other.median / one.median))
        found.append(Change(name, old, new, math.exp(sum(peers) / len(peers)) if peers else None))
    return found


def same_conditions(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Lines about what differs between the two runs beside minirnn: processor, threads, versions of peers."""
    one, other = earlier.get("machine", {}), now["machine"]
    lines = [
        f"the earlier run had {name} {one.get(name)}, this one {other.get(name)}"
        for name in ("processor", "threads", "python")
        if one.get(name) != other.get(name)
    ]
    old, new = one.get("versions", {}), other.get("versions", {})
    return lines + [
        f"the earlier run had {name} {old.get(name)}, this one {version}"
        for name, version in new.items()
        if old.get(name) != version
    ]


def rows(found: Iterable[Change], threshold: float) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the table of changes."""
    table = [
        [
            change.case,
            duration(change.old.median),
            duration(change.new.median),
            "-" if change.peers is None else f"{change.peers:.2f}x",
            f"{change.ratio:.2f}x",
            change.word + (" (fails)" if change.fails(threshold) else ""),
        ]
        for change in found
    ]
    return ["case", "earlier", "now", "peers now", "change", ""], table


def failed(found: Sequence[Change], threshold: float) -> list[Change]:
    """The changes that make the command fail."""
    return [change for change in found if change.fails(threshold)]
