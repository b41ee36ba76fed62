"""The result of the standard set as tables for a reader, and as JSON for a program."""

from __future__ import annotations

import json
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reference.compare import Check, worst
from reference.suite import ParityRow, Result
from reference.tolerances import TOLERANCES, TRUTH_RATIO

COLUMNS = {"outputs": "outputs", "gradients": "gradients", "losses": "100 steps"}


def _verdict(passed: bool) -> Text:
    return Text("pass", "green") if passed else Text("FAIL", "bold red")


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, min_width=30)
    for column in columns:
        table.add_column(column, justify="right")
    table.add_column("")
    return table


def _error(check: Check | None) -> Text:
    if check is None:
        return Text("-")
    return Text(f"{check.error:.1e}", "" if check.passed else "bold red")


def _print_note(console: Console, note: str) -> None:
    console.print(Padding(Text(note, "dim"), (0, 2), expand=False))


def _print_counts(console: Console, result: Result) -> None:
    console.print("Parameters", style="bold")
    for row in result.counts:
        counts = f"minirnn {row.ours:,}, Keras {row.keras:,}" if row.ours != row.keras else f"{row.ours:,} in both"
        console.print(f"\n{row.name}: {counts}", _verdict(row.passed), highlight=False)
        console.print(f"  {row.formula}", highlight=False, markup=False)
    console.print()


def _print_parity(console: Console, dtype: str, rows: list[ParityRow]) -> None:
    table = _table(f"{dtype}: largest difference from Keras", "", *COLUMNS.values())
    for row in rows:
        table.add_row(row.name, *(_error(worst(row.checks, q)) for q in COLUMNS), _verdict(row.passed))
    table.add_section()
    table.add_row("allowed", *(f"{TOLERANCES[dtype][q].allowed:.0e}" for q in COLUMNS), "")
    console.print(table)
    for quantity, heading in COLUMNS.items():
        _print_note(console, f"{heading}: {TOLERANCES[dtype][quantity].reason}")
    console.print()


def _print_truth(console: Console, result: Result) -> None:
    table = _table("float32: distance from the float64 truth", "", "minirnn", "Keras", "ratio")
    for row in result.truth:
        if row.name == "all models":
            table.add_section()
        table.add_row(row.name, f"{row.ours:.1e}", f"{row.keras:.1e}", f"{row.ratio:.2f}", _verdict(row.passed))
    console.print(table)
    for name, tolerance in TRUTH_RATIO.items():
        _print_note(console, f"{name}: ratio at most {tolerance.allowed}; {tolerance.reason}")
    console.print()


def failures(result: Result) -> list[str]:
    """One line for everything that failed: which layer, weight and index, and both values."""
    counts = [
        f"{row.name}: minirnn {row.ours:,}, Keras {row.keras:,}, formula {row.expected:,}"
        for row in result.counts
        if not row.passed
    ]
    parity = [f"{row.dtype} {row.name}: {check}" for row in result.parity for check in row.checks if not check.passed]
    truth = [
        f"float32 {row.name}: minirnn is {row.ours:.3g} from the truth, Keras {row.keras:.3g}; most in {row.worst}"
        for row in result.truth
        if not row.passed
    ]
    return [*counts, *parity, *truth]


def print_tables(console: Console, result: Result) -> None:
    """Print every table, then every failure, then the verdict."""
    _print_counts(console, result)
    for dtype in TOLERANCES:
        _print_parity(console, dtype, [row for row in result.parity if row.dtype == dtype])
    _print_truth(console, result)
    for line in failures(result):
        console.print(f"FAIL {line}", style="red", highlight=False, markup=False)
    places = len(failures(result))
    if result.passed:
        console.print("minirnn and Keras agree.", style="bold green")
    else:
        console.print(
            f"minirnn and Keras differ in {places} place{'s' * (places > 1)}.", style="bold red", highlight=False
        )


def as_json(result: Result) -> str:
    """Every number of the tables, as an object with `passed`, `counts`, `parity`, `truth`, `tolerances`, `failures`."""

    def parity(row: ParityRow) -> dict[str, Any]:
        found = {quantity: worst(row.checks, quantity) for quantity in COLUMNS}
        errors = {quantity: None if check is None else check.error for quantity, check in found.items()}
        return {"name": row.name, "dtype": row.dtype, "errors": errors, "passed": row.passed}

    return json.dumps(
        {
            "passed": result.passed,
            "counts": [{**vars(row), "passed": row.passed} for row in result.counts],
            "parity": [parity(row) for row in result.parity],
            "truth": [{**vars(row), "ratio": row.ratio, "passed": row.passed} for row in result.truth],
            "tolerances": {
                dtype: {quantity: vars(tolerance) for quantity, tolerance in table.items()}
                for dtype, table in TOLERANCES.items()
            },
            "failures": failures(result),
        },
        indent=2,
    )
