"""A certificate as a table for a reader, a line for each layer, and as JSON for a program."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

import minirnn
from reference.certificate import Certificate
from reference.compare import Check, worst
from reference.tolerances import TOLERANCES

QUANTITIES = ("outputs", "gradients")


def print_table(console: Console, found: Certificate) -> None:
    """Print what was compared, a line for each layer and one for the model, every failure, and the verdict."""
    console.print(f"{found.file}, {found.dtype}", style="bold", highlight=False, soft_wrap=True)
    if found.keras_file != found.file:
        console.print(f"Keras: {found.keras_file}", highlight=False, soft_wrap=True)
    for each in found.rounds:
        console.print(f"inputs: {each.inputs}, {_shapes(each.shapes)}", highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("layer", overflow="fold")
    for column in ("parameters", "outputs, states", "gradients", ""):
        table.add_column(column, justify="right")
    rows: dict[str, list[Check]] = {name: [] for name in found.layers}
    for each in found.rounds:
        for layer, check in each.checks:
            rows.setdefault(layer, []).append(check)
    counts = {check.name: check for check in found.counts}
    of_model = rows.pop("", [])
    for name, checks in rows.items():
        kind = found.layers.get(name)
        table.add_row(f"{name} ({kind})" if kind else f"  {name}", *_cells(counts.pop(name, None), checks))
    table.add_section()
    table.add_row("the model", *_cells(next(iter(counts.values()), None), of_model))
    allowed = (f"{TOLERANCES[found.dtype][quantity].allowed:.0e}" for quantity in QUANTITIES)
    table.add_row("allowed", "0", *allowed, "")
    console.print(table)
    failed = failures(found)
    for line in failed:
        console.print(f"FAIL {line}", style="red", highlight=False, markup=False, soft_wrap=True)
    for note in found.notes:
        console.print(f"NOTE {note}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    if found.passed:
        console.print("minirnn and Keras agree.", style="bold green")
    else:
        places = f"{len(failed)} place{'s' * (len(failed) > 1)}"
        console.print(f"minirnn and Keras differ in {places}.", style="bold red", highlight=False)


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join("(" + ", ".join(map(str, shape)) + ")" for shape in shapes)


def _cells(count: Check | None, checks: Sequence[Check]) -> list[Text]:
    """Parameters, the largest differences, and the verdict."""
    found = [*checks, *([] if count is None else [count])]
    shown = [Text("-") if count is None else _text(f"{count.ours:,.0f}", count)]
    for quantity in QUANTITIES:
        check = worst(checks, quantity)
        shown.append(Text("-") if check is None else _text(f"{check.error:.1e}", check))
    passed = all(check.passed for check in found)
    return [*shown, Text("pass", "green") if passed else Text("FAIL", "bold red")]


def _text(text: str, check: Check) -> Text:
    return Text(text, "" if check.passed else "bold red")


def failures(found: Certificate) -> list[str]:
    """One line for everything that differs: which layer, weight and index, and both values."""
    lines = [
        f"{check.name}{check.place}" if math.isinf(check.error) and check.place else
        f"{check.name}: minirnn {check.ours:,.0f} parameters, Keras {check.keras:,.0f}"
        for check in found.counts if not check.passed
    ]  # fmt: skip
    return lines + [f"{each.inputs}: {check}" for each in found.rounds for _, check in each.checks if not check.passed]


def as_json(found: Certificate) -> str:
    """Every number: `passed`, `file`, `dtype`, `versions`, `tolerances`, `counts`, `rounds` of checks, `failures`."""
    versions = {"minirnn": minirnn.__version__, "keras": keras.__version__, "tensorflow": tensorflow.__version__}
    return json.dumps(
        {
            "passed": found.passed,
            "file": found.file,
            "keras_file": found.keras_file,
            "dtype": found.dtype,
            "versions": versions,
            "tolerances": {q: vars(TOLERANCES[found.dtype][q]) for q in QUANTITIES},
            "counts": [_as_dict(check.name, check) for check in found.counts],
            "rounds": [
                {"inputs": each.inputs, "shapes": each.shapes, "checks": [_as_dict(*pair) for pair in each.checks]}
                for each in found.rounds
            ],
            "failures": failures(found),
            "notes": found.notes,
        },
        indent=2,
        allow_nan=False,
    )


def _as_dict(layer: str, check: Check) -> dict[str, Any]:
    """The fields of a check, and its layer; what JSON has no number for is null."""
    fields = {key: None if isinstance(value, float) and not math.isfinite(value) else value
              for key, value in vars(check).items()}  # fmt: skip
    return {"layer": layer, **fields, "passed": check.passed}
