"""The pictures of a run, by name: which of them it has data for, and drawing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import curves, plot, roofline
from benchmarks.results import CaseResult

RACE, ROOFLINE, CURVES = "race", "roofline", "curves"
TITLES = {
    RACE: "How many times as long as minirnn each contender takes",
    ROOFLINE: "minirnn's cases under the machine's roof",
    CURVES: "How the cost of a call grows with each size",
}


def caption(data: Mapping[str, Any]) -> str:
    """What was measured where, in one line."""
    about = data["machine"]
    threads = f"{about['threads']} thread{'s' if about['threads'] != 1 else ''}"
    return f"{about['processor']}, {threads}, float32, medians of {data['rounds']} rounds"


def drawable(results: Sequence[CaseResult], data: Mapping[str, Any]) -> list[str]:
    """Names of the pictures that this run has data for."""
    timed = [name for result in results for name, entry in result.entries.items() if entry.timed]
    has = {RACE: bool(set(timed) - {"minirnn"}), ROOFLINE: "minirnn" in timed, CURVES: bool(data["curves"])}
    return [name for name, found in has.items() if found]


def try_draw(
    name: str, results: Sequence[CaseResult], data: Mapping[str, Any], text: str, path: Path | Any
) -> list[str]:
    """Write one picture to a path or a file; a line when it cannot be drawn."""
    try:
        if name == RACE:
            plot.draw(results, path, text)
        elif name == ROOFLINE:
            roofline.draw(results, data["machine"], path, text)
        else:
            curves.draw(data["curves"], path, text)
    except (ImportError, ValueError) as error:
        return [f"no picture {name}: {error}"]
    return []
