"""The command line of the race: `python -m benchmarks --help`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from benchmarks import check, history, machine, parts, profile, report
from benchmarks.cases import MODES, PRICED, QUICK, Case, select
from benchmarks.contenders import CONTENDERS
from benchmarks.options import chosen_contenders, chosen_parts, chosen_rounds, parser
from benchmarks.results import CaseResult
from benchmarks.runner import Race
from benchmarks.work import flops

QUICK_SECONDS = 45  # after which --quick begins no more cases
ROUND_SECONDS, QUICK_ROUND_SECONDS = 0.15, 0.02  # of measuring one contender in one round


def run_cases(
    console: Console, options: Any, cases: Sequence[Case], contenders: Mapping[str, str], peak: float
) -> dict[str, Any]:
    """Run the race and print it as it goes: the results, who was absent, what the others are."""
    results: list[CaseResult] = []
    others = machine.OtherPrograms(options.threads)
    with Race(contenders, options.threads, cases) as race:
        for name, reason in race.absent.items():
            console.print(f"{name} is not in the race: {reason}", style="yellow", markup=False, highlight=False)
        for name, worker in race.workers.items():
            if missing := [mode for mode in MODES if mode not in worker.hello["modes"]]:
                console.print(f"{name} does no {' and no '.join(missing)}", highlight=False)
        seconds = QUICK_ROUND_SECONDS if options.quick else ROUND_SECONDS
        if race.workers:
            for number, case in enumerate(cases, 1):
                if options.quick and results and time.monotonic() - options.started > QUICK_SECONDS:
                    left = ", ".join(case.name for case in cases[number - 1 :])
                    console.print(f"--quick left out for lack of time: {left}", style="yellow")
                    break
                with console.status(f"{case.name} ({number} of {len(cases)})"):
                    # A variant's price is a matter between minirnn and itself: no promise asks for the peers.
                    alone = options.check and case.variant in PRICED
                    result = race.run(case, options.rounds, seconds, alone)
                results.append(result)
                report.print_case(console, result, peak)
        entrants = {name: worker.hello for name, worker in race.workers.items()}
    # The workers have ended by now, so their time is known to be ours.
    return {"results": results, "absent": race.absent, "entrants": entrants, "other_programs": others.share()}


def run_profile(console: Console, options: Any, cases: Sequence[Case]) -> int:
    """Print where the time of minirnn's calls goes; the exit code is 1 when one cannot be run."""
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


def print_list(console: Console, cases: Sequence[Case]) -> None:
    """Names, sizes and work of cases, and the contenders."""
    for case in cases:
        console.print(f"{case.name:<40}{case.size:<28}{flops(case) / 1e6:>12.3f} MFLOP", markup=False)
    console.print("contenders: " + ", ".join(CONTENDERS))


def print_results(console: Console, results: Sequence[CaseResult], peak: float) -> None:
    """The tables over all cases."""
    if results:
        title = report.SUMMARY_TITLE.format(results[0].baseline)
        console.print(report.plain_table(title, *report.summary_rows(results, peak)))
        headings, rows = report.price_rows(results)
        if rows:
            console.print(report.plain_table(report.PRICES_TITLE, headings, rows))


def print_check(console: Console, verdicts: Sequence[check.Verdict]) -> bool:
    """The table of promises; whether all of them were kept."""
    console.print(report.plain_table("Targets", *check.rows(verdicts)))
    for line in check.summary(verdicts):
        console.print(line, markup=False)
    return bool(verdicts) and all(verdict.met for verdict in verdicts)


def print_changes(console: Console, options: Any, data: dict[str, Any]) -> bool:
    """The table of changes since an earlier run; whether no case became slower by more than the threshold."""
    changes = history.changes(options.earlier, data)
    for line in history.same_conditions(options.earlier, data):
        console.print(line, style="yellow", markup=False)
    console.print(report.plain_table("minirnn since the earlier run", *history.rows(changes, options.threshold)))
    failed = history.failed(changes, options.threshold)
    if not changes:
        console.print("the two runs have no case of minirnn in common", style="yellow")
    for change in failed:
        console.print(f"{change.case} is {100 * (change.ratio - 1):.0f} % slower, beyond the spread", style="yellow")
    return bool(changes) and not failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for.

    The exit code is 1 when nobody could start, somebody's results differ, a promise is missed, or a case became slower
    than it was by more than the threshold.
    """
    # Tables are 110 wide; without a terminal rich would break them at 80.
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    options = parser().parse_args(arguments)
    try:
        patterns = options.case or (QUICK if options.quick or options.profile else ())
        cases = select(patterns, options.cell, options.mode)
        options.earlier = history.read(options.baseline) if options.baseline else None
    except ValueError as error:
        parser().error(str(error))
    if options.list:
        print_list(console, select(options.case, options.cell, options.mode))
        return 0
    if options.profile:
        return run_profile(console, options, cases)
    options.started = time.monotonic()
    options.rounds = chosen_rounds(options)
    contenders, wanted = chosen_contenders(options, CONTENDERS), chosen_parts(options)

    with console.status("measuring the machine"):
        about = machine.describe(options.threads)
    for line in report.machine_lines(about):
        console.print(line, markup=False)
    data: dict[str, Any] = {"machine": about, "rounds": options.rounds, **parts.NOTHING}
    results: list[CaseResult] = []
    verdicts: list[check.Verdict] = []
    good = True

    if "cases" in wanted:
        race = run_cases(console, options, cases, contenders, report.peak_of(about))
        results = race["results"]
        data |= {name: race[name] for name in ("absent", "entrants", "other_programs")}
        data["cases"] = [result.as_dict(report.peak_of(about)) for result in results]
        print_results(console, results, report.peak_of(about))
        for line in report.disturbance(data["other_programs"]):
            console.print(line, style="yellow")
        wrong = any(entry.wrong for result in results for entry in result.entries.values())
        good = bool(results) and not wrong
        verdicts += [verdict for result in results for verdict in check.case_verdicts(result, options.threads)]
    for part in wanted:
        if part != "cases":
            data |= parts.RUN[part](console, options, contenders)
    if "coldstart" in wanted:
        verdicts += check.cold_verdicts(data["cold_start"])
    if "long" in wanted and "minirnn" in contenders:
        verdicts.append(check.long_verdict(data["long_growth"], data["long_error"]))
    if "stream" in wanted and "minirnn" in contenders:
        verdicts.append(check.stream_verdict(data["stream_lines"], data["stream_error"]))
    data["verdicts"] = [verdict.as_dict() for verdict in verdicts]

    if options.check:
        good = print_check(console, verdicts) and good
    if options.earlier:
        good = print_changes(console, options, data) and good
    for line in parts.write(options, data, results, verdicts):
        console.print(line, style="yellow", markup=False)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
