"""Results as tables: for the terminal while the race runs, as Markdown for the README, as plain data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.profile import PARTS
from benchmarks.results import CaseResult


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them, to three digits."""
    for factor, unit in ((1e6, "us"), (1e3, "ms")):
        # Compared as it is printed, so that 999.9 us becomes 1.00 ms and not 1000 us.
        if float(f"{seconds * factor:.3g}") < 1000:
            return f"{digits(seconds * factor)} {unit}"
    return f"{digits(seconds)} s"


def digits(number: float) -> str:
    """A number to three digits, to two below a tenth."""
    size = float(f"{abs(number):.3g}")
    if size < 0.1:
        return f"{number:.2g}"
    return f"{number:.0f}" if size >= 100 else f"{number:.1f}" if size >= 10 else f"{number:.2f}"


def times(ratio: float | None) -> str:
    """A ratio such as `2.31x`; a dash when there is none."""
    return "-" if ratio is None else f"{digits(ratio)}x"


def percent(share: float | None) -> str:
    """A share as whole percents; one digit more below 1 %."""
    return "-" if share is None else f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


def peak_of(machine: Mapping[str, Any]) -> float:
    """GFLOP/s at the number of threads of the run."""
    return machine["peak_gflops"][str(machine["threads"])]


def machine_lines(machine: Mapping[str, Any]) -> list[str]:
    """The machine in a few lines."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    peaks = ", ".join(
        f"{peak:.0f} GFLOP/s on {count} thread{'s' if count != '1' else ''}"
        for count, peak in machine["peak_gflops"].items()
    )
    bandwidths = ", ".join(f"{rate:.0f} GB/s on {count}" for count, rate in machine["bandwidth"].items())
    return [
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}",
        f"Python {machine['python']}, {versions}",
        f"float32 peak measured now: {peaks}; copying large arrays: {bandwidths}",
    ]


def disturbance(others: float | None) -> list[str]:
    """A line when other programs took a part of the cores that makes the times doubtful."""
    if others is None or others < 0.05:
        return []
    return [f"Warning: other programs took {percent(others)} of the cores during the race; repeat it without them"]


def case_table(result: CaseResult, peak: float) -> Table:
    """One case, a row for each contender that was timed."""
    case = result.case
    table = Table(title=f"{case.name}  ({case.size})", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("contender", width=18)
    for heading, width in (("median", 9), (f"of {result.baseline}", 12), ("GFLOP/s", 8), ("of peak", 8)):
        table.add_column(heading, width=width, justify="right")
    table.add_column("setting", no_wrap=True)
    for name, entry in result.entries.items():
        gflops = result.gflops(name)
        if gflops is not None:
            ratio = times(result.ratio(name))
            setting = "" if entry.setting == "default" else entry.setting
            table.add_row(name, duration(entry.median), ratio, digits(gflops), percent(gflops / peak), setting)
    return table


def failures(result: CaseResult) -> list[str]:
    """One line for each contender that has no time at this case."""
    return [f"{name}: {entry.error}" for name, entry in result.entries.items() if entry.error]


def contenders_of(results: Sequence[CaseResult]) -> list[str]:
    """Everybody who was timed at least once, in the order of the registry."""
    names = dict.fromkeys(name for result in results for name in result.entries)
    return [name for name in names if any(result.entries[name].timed for result in results if name in result.entries)]


SUMMARY_TITLE = "How many times as long as {0} a call takes: above 1x, {0} is faster"


def summary_rows(results: Sequence[CaseResult], peak: float) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the ratios: the baseline's time and share of the peak, and the others' multiples of it."""
    if not results:
        return [], []
    baseline = results[0].baseline
    peers = [name for name in contenders_of(results) if name != baseline]
    rows = []
    for result in results:
        gflops = result.gflops(baseline)
        own = ["-", "-"]
        if gflops is not None:
            own = [duration(result.entries[baseline].median), percent(gflops / peak)]
        rows.append([result.case.name, *own, *(times(result.ratio(peer)) for peer in peers)])
    return ["case", baseline, "of peak", *peers], rows


PRICES_TITLE = "What masks, dropout and float64 add to a call"


def price_rows(results: Sequence[CaseResult]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of what variants with a price take beyond the plain case, of those who ran both.

    The baseline ran both in the same rounds; for the others medians of two cases are set against each other.
    """
    plain = {result.case.name: result for result in results}
    priced = [result for result in results if result.case.priced]

    def price(name: str, result: CaseResult) -> float | None:
        if name == result.baseline and result.prices():
            return median(result.prices())
        before = plain.get(result.case.plain.name)
        one, other = (of.entries.get(name) if of else None for of in (before, result))
        return other.median / one.median if one and other and one.timed and other.timed else None

    prices = [{name: price(name, result) for name in result.entries} for result in priced]
    names = [name for name in contenders_of(results) if any(of.get(name) for of in prices)]
    rows = [
        [result.case.name, *("-" if of.get(name) is None else f"{100 * (of[name] - 1):+.0f} %" for name in names)]
        for result, of in zip(priced, prices, strict=True)
        if any(of.values())
    ]
    return ["case", *names], rows


def cold_rows(
    starts: Mapping[str, Mapping[str, Any]], sizes: Mapping[str, float]
) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the cold-start table; `sizes` are MiB on the disk."""

    def shown(seconds: float | None) -> str:
        return "-" if seconds is None else duration(seconds)

    def mebibytes(amount: float | None) -> str:
        return "-" if amount is None else f"{amount:.0f} MiB"

    rows = [
        [
            name,
            mebibytes(sizes.get(name)),
            shown(start["import_seconds"]),
            shown(start["first_fit_seconds"]),
            shown(start["later_fit_seconds"]),
            shown(start["process_seconds"]),
            mebibytes(start["memory"]),
            mebibytes(start["memory_of_step"]),
        ]
        for name, start in starts.items()
        if start["error"] is None
    ]
    headings = ["contender", "installed", "import", "first fit ever", "first fit, later process"]
    return [*headings, "whole later process", "peak memory, large", "of it after import"], rows


def overhead_rows(splits: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the overhead table."""
    rows = [
        [
            split["case"],
            f"{split['call']:.1f} us",
            f"{split['kernels']:.1f} us",
            f"{split['call'] - split['kernels']:.1f} us",
            percent(split["share"]),
            f"{split['entries']:.0f}",
        ]
        for split in splits
    ]
    return ["public call, 1 thread", "all of it", "in kernels", "in Python", "share of kernels", "kernel calls"], rows


def profile_rows(profiles: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of where the time of calls goes."""
    rows = [
        [
            one["case"],
            duration(one["call"] / 1e6),
            *(f"{duration(one[part] / 1e6)} ({100 * one[part] / one['call']:.0f} %)" for part in PARTS),
        ]
        for one in profiles
    ]
    return ["minirnn's call", "all of it", *PARTS], rows


def plain_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of text, the first column to the left; numbers are never broken."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, heading in enumerate(headings):
        widest = max((len(row[index]) for row in rows), default=0)  # only headings may take several lines
        table.add_column(heading, justify="right" if index else "left", min_width=widest, vertical="bottom")
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The same table in Markdown, the first column to the left."""
    marks = ["---", *("---:" for _ in headings[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in [headings, marks, *rows])


def markdown(report: Mapping[str, Any], results: Sequence[CaseResult]) -> str:
    """All tables of a run for the README, with the machine they were measured on."""
    machine = report["machine"]
    parts = []
    if results:
        parts += [
            SUMMARY_TITLE.format(results[0].baseline) + ".",
            markdown_table(*summary_rows(results, peak_of(machine))),
        ]
        headings, rows = price_rows(results)
        if rows:
            parts += [PRICES_TITLE + ".", markdown_table(headings, rows)]
    if report["cold_start"]:
        parts.append(markdown_table(*cold_rows(report["cold_start"], report["install_sizes"])))
    if report["overhead"]:
        parts.append(markdown_table(*overhead_rows(report["overhead"])))
    how = f"{machine['threads']} threads, medians of {report['rounds']} rounds."
    parts.append("  \n".join([*machine_lines(machine), how, *disturbance(report["other_programs"])]))
    return "\n\n".join(parts) + "\n"


def print_case(console: Console, result: CaseResult, peak: float) -> None:
    """One case as soon as it is done."""
    if any(entry.timed for entry in result.entries.values()):
        console.print(case_table(result, peak))
    else:
        console.print(f"{result.case.name}: nobody was timed")
    for line in failures(result):
        console.print(f"  {line}", style="yellow", markup=False, highlight=False)
