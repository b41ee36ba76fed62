"""What is measured beside the cases, part by part, and the files that a run leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console

from benchmarks import coldstart, curves, footprint, long_sequence, overhead, report, stream_command
from benchmarks.check import Verdict
from benchmarks.results import CaseResult

# What a run has of the parts that were not asked for.
NOTHING: dict[str, Any] = {
    "absent": {},
    "other_programs": None,
    "cases": [],
    "cold_start": {},
    "install_sizes": {},
    "overhead": [],
    "stream_lines": [],
    "stream_error": "",
    "long_growth": None,
    "long_error": "",
    "curves": [],
}


def run_coldstart(console: Console, options: Any, contenders: Mapping[str, str]) -> dict[str, Any]:
    """First fits and memory; of minirnn's peers only the memory where a promise is checked."""
    with console.status("cold starts"):
        if options.check:
            starts = coldstart.checked_cold_starts(contenders, options.threads)
        else:
            starts = coldstart.all_cold_starts(contenders, options.threads)
        sizes = footprint.sizes(contenders)
    console.print(report.plain_table("Cold start, memory, size", *report.cold_rows(starts, sizes)))
    for name, start in starts.items():
        if start["error"]:
            console.print(f"  {name}: {start['error']}", style="yellow", markup=False)
    return {"cold_start": starts, "install_sizes": sizes}


def run_overhead(console: Console, options: Any, contenders: Mapping[str, str]) -> dict[str, Any]:
    """The part of minirnn's small calls that is Python."""
    if "minirnn" not in contenders:
        return {}
    try:
        with console.status("overhead"):
            splits = overhead.all_splits()
    except RuntimeError as error:
        console.print(f"  overhead of minirnn: {error}", style="yellow", markup=False)
        return {}
    console.print(report.plain_table("Python and kernels in minirnn's small calls", *report.overhead_rows(splits)))
    return {"overhead": splits}


def run_stream(console: Console, options: Any, contenders: Mapping[str, str]) -> dict[str, Any]:
    """Lines a second of the stream command."""
    if "minirnn" not in contenders:
        return {}
    try:
        with console.status("minirnn stream demo"):
            rates = stream_command.rates()
    except RuntimeError as error:
        return {"stream_error": str(error)}
    shown = ", ".join(f"{rate:,.0f}" for rate in rates)
    console.print(f"minirnn stream demo: {shown} lines a second", markup=False)
    return {"stream_lines": rates}


def run_long(console: Console, options: Any, contenders: Mapping[str, str]) -> dict[str, Any]:
    """Memory that longer sequences need."""
    if "minirnn" not in contenders:
        return {}
    try:
        with console.status("long sequences"):
            growth = long_sequence.growth()
    except RuntimeError as error:
        return {"long_error": str(error)}
    steps = long_sequence.LONG_STEPS
    text = f"predict, {steps:,} steps: {growth:.1f} MiB more than {steps // 10:,}, beside input and output"
    console.print(text, markup=False)
    return {"long_growth": growth}


def run_curves(console: Console, options: Any, contenders: Mapping[str, str]) -> dict[str, Any]:
    """Cost against each size."""
    chosen = {name: module for name, module in contenders.items() if name in (options.contender or curves.CONTENDERS)}
    with console.status("curves"):
        found = curves.measure(chosen, options.threads, options.cell or ("lstm",), options.mode or curves.MODES)
    console.print(report.plain_table(curves.TITLE, *curves.rows(found)))
    return {"curves": found}


RUN: dict[str, Callable[[Console, Any, Mapping[str, str]], dict[str, Any]]] = {
    "coldstart": run_coldstart,
    "overhead": run_overhead,
    "stream": run_stream,
    "long": run_long,
    "curves": run_curves,
}


def write(
    options: Any, data: dict[str, Any], results: Sequence[CaseResult], verdicts: Sequence[Verdict]
) -> list[str]:
    """Write the files that were asked for; lines about pictures that could not be drawn."""
    if options.json:
        options.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(report.markdown(data, results), encoding="utf-8")
    from benchmarks import page, pictures

    lines = []
    caption = pictures.caption(data)
    if options.plot:
        lines += pictures.try_draw(pictures.RACE, results, data, caption, options.plot)
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        for name in pictures.drawable(results, data):
            lines += pictures.try_draw(name, results, data, caption, options.pictures / f"{name}.png")
    if options.html:
        text, missing = page.page(data, results, verdicts)
        options.html.write_text(text, encoding="utf-8")
        lines += missing
    return lines
