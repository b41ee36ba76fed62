"""The command line of the race: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import coldstart, machine, overhead, profile, report
from benchmarks.cases import CASES, GATES, MODES, QUICK, SHAPES, select
from benchmarks.contenders import CONTENDERS
from benchmarks.results import CaseResult
from benchmarks.runner import Race

QUICK_SECONDS = 45  # after which --quick begins no more cases
PARTS = ("cases", "coldstart", "overhead")

EXAMPLES = """
examples:
  python -m benchmarks --quick                                   a first impression, in under a minute
  python -m benchmarks --case medium --cell lstm --threads 1     one shape, inference and training
  python -m benchmarks --case 'seed*' --contender minirnn --contender torch
  python -m benchmarks --profile --case medium                   where the time of minirnn's calls goes
  python -m benchmarks --part coldstart                          import time, first fit, memory
  python -m benchmarks --json run.json --plot run.png --markdown run.md     everything, kept

Contenders that are not installed are named and left out. Every contender runs in a process of its own; results are
compared before anything is timed; a ratio compares times of the same round. Seconds change with the machine and its
day: quote the ratios.
"""


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """All options."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Race minirnn against Keras (TensorFlow, JAX, torch), PyTorch and ONNX Runtime on this CPU.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = options.add_argument
    add("--list", action="store_true", help="print the cases and the contenders, and stop")
    shapes = ", ".join(SHAPES)
    add("--case", action="append", default=[], metavar="PATTERN", help=f"a shape ({shapes}) or a name, '*' allowed")
    add("--cell", action="append", default=[], choices=GATES, help="only this cell")
    add("--mode", action="append", default=[], choices=MODES, help="only this mode")
    add("--contender", action="append", default=[], choices=CONTENDERS, help="only this contender")
    add(
        "--part", action="append", default=[], choices=PARTS, help="only this part (default: all, or cases if selected)"
    )
    cores = min(2, os.cpu_count() or 1)
    add("--threads", type=positive, default=cores, metavar="N", help="threads (default: %(default)s)")
    add("--rounds", type=positive, metavar="N", help="rounds of each case (default: 9; with --quick 3)")
    add("--json", type=Path, metavar="FILE", help="write all numbers")
    add("--plot", type=Path, metavar="FILE", help="write the picture (PNG, SVG or PDF; needs matplotlib)")
    add("--markdown", type=Path, metavar="FILE", help="write the tables of the README")
    add("--profile", action="store_true", help="split minirnn's calls into Python, hand-over, matmul, gates, optimizer")
    add("--quick", action="store_true", help="few cases and rounds: under a minute for everything")
    return options


def chosen_parts(options: argparse.Namespace) -> Sequence[str]:
    """The parts asked for; a filter on cases, or --quick, asks for the cases."""
    if options.part:
        return options.part
    return ("cases",) if options.quick or options.case or options.cell or options.mode else PARTS


def run_cases(console: Console, options: argparse.Namespace, contenders: dict[str, str], peak: float) -> dict[str, Any]:
    """Run the race and print it as it goes: the results, who was absent, what the others are."""
    cases = select(options.case or (QUICK if options.quick else ()), options.cell, options.mode)
    results: list[CaseResult] = []
    others = machine.OtherPrograms(options.threads)
    with Race(contenders, options.threads) as race:
        for name, reason in race.absent.items():
            console.print(f"{name} is not in the race: {reason}", style="yellow", markup=False, highlight=False)
        for name, worker in race.workers.items():
            if missing := [mode for mode in MODES if mode not in worker.hello["modes"]]:
                console.print(f"{name} does no {' and no '.join(missing)}", highlight=False)
        if race.workers:
            for number, case in enumerate(cases, 1):
                if options.quick and results and time.monotonic() - options.started > QUICK_SECONDS:
                    left = ", ".join(case.name for case in cases[number - 1 :])
                    console.print(f"--quick left out for lack of time: {left}", style="yellow")
                    break
                with console.status(f"{case.name} ({number} of {len(cases)})"):
                    result = race.run(case, options.rounds, seconds=0.02)
                results.append(result)
                report.print_case(console, result, peak)
        entrants = {name: worker.hello for name, worker in race.workers.items()}
    # The workers have ended by now, so their time is known to be ours.
    return {"results": results, "absent": race.absent, "entrants": entrants, "other_programs": others.share()}


def run_profile(console: Console, options: argparse.Namespace) -> int:
    """Print where the time of minirnn's calls goes; the exit code is 1 when one cannot be run."""
    cases = select(options.case or QUICK, options.cell, options.mode)
    found = []
    try:
        for number, case in enumerate(cases, 1):
            with console.status(f"{case.name} ({number} of {len(cases)})"):
                found.append(profile.profile_apart(case.name, options.threads))
    except RuntimeError as error:
        console.print(f"profile: {error}", style="yellow", markup=False)
    console.print(report.plain_table(f"Where the time goes, {options.threads} threads", *report.profile_rows(found)))
    if options.json:
        options.json.write_text(json.dumps({"threads": options.threads, "profile": found}, indent=1) + "\n")
    return 0 if len(found) == len(cases) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for. The exit code is 1 when nobody could start or somebody's results differ."""
    # Tables are 110 wide; without a terminal rich would break them at 80.
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    options = parser().parse_args(arguments)
    if options.list:
        for case in CASES:
            console.print(f"{case.name:<32}{case.size:<24}{case.flops / 1e6:>12.3f} MFLOP", markup=False)
        console.print("contenders: " + ", ".join(CONTENDERS))
        return 0
    try:
        select(options.case)
    except ValueError as error:
        parser().error(str(error))
    if options.profile:
        return run_profile(console, options)
    options.started = time.monotonic()
    options.rounds = options.rounds or (3 if options.quick else 9)
    contenders = {name: CONTENDERS[name] for name in options.contender or CONTENDERS}
    parts = chosen_parts(options)

    with console.status("measuring the machine"):
        about = machine.describe(options.threads)
    for line in report.machine_lines(about):
        console.print(line, markup=False)
    data: dict[str, Any] = {
        "machine": about,
        "rounds": options.rounds,
        "other_programs": None,
        "cold_start": {},
        "overhead": [],
    }
    results: list[CaseResult] = []
    good = True

    if "cases" in parts:
        race = run_cases(console, options, contenders, report.peak_of(about))
        results = race["results"]
        data |= {name: race[name] for name in ("absent", "entrants", "other_programs")}
        data["cases"] = [result.as_dict(report.peak_of(about)) for result in results]
        if results:
            title = report.SUMMARY_TITLE.format(results[0].baseline)
            console.print(report.plain_table(title, *report.summary_rows(results, report.peak_of(about))))
            headings, rows = report.variant_rows(results)
            if rows:
                console.print(report.plain_table(report.VARIANTS_TITLE, headings, rows))
        for line in report.disturbance(data["other_programs"]):
            console.print(line, style="yellow")
        wrong = any(entry.wrong for result in results for entry in result.entries.values())
        good = bool(results) and not wrong
    if "coldstart" in parts:
        with console.status("cold starts"):
            data["cold_start"] = coldstart.all_cold_starts(contenders, options.threads)
        console.print(report.plain_table("Cold start and memory", *report.cold_rows(data["cold_start"])))
        for name, start in data["cold_start"].items():
            if start["error"]:
                console.print(f"  {name}: {start['error']}", style="yellow", markup=False)
    if "overhead" in parts and "minirnn" in contenders:
        try:
            with console.status("overhead"):
                data["overhead"] = overhead.all_splits()
            rows = report.overhead_rows(data["overhead"])
            console.print(report.plain_table("Python and kernels in minirnn's small calls", *rows))
        except RuntimeError as error:
            console.print(f"  overhead of minirnn: {error}", style="yellow", markup=False)

    write(console, options, data, results)
    return 0 if good else 1


def write(console: Console, options: argparse.Namespace, data: dict[str, Any], results: Sequence[CaseResult]) -> None:
    """Write the files that were asked for."""
    if options.json:
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    if options.markdown:
        options.markdown.write_text(report.markdown(data, results))
    if options.plot:
        from benchmarks.plot import draw

        about = data["machine"]
        caption = f"{about['processor']}, {about['threads']} threads, float32, medians of {data['rounds']} rounds"
        try:
            draw(results, options.plot, caption)
        except (ImportError, ValueError) as error:
            console.print(f"no picture: {error}", style="yellow", markup=False)


if __name__ == "__main__":
    sys.exit(main())
