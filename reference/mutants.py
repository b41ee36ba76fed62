"""Every gate function with one mistake in it, and which check finds the mistake: `python -m reference --mutants`.

The mutants are made from the source of `minirnn.gates` as it stands (`reference.mutations`), so none of them can be
left behind by a change there. The checks are those that the tests apply to the gates themselves (`gate_checks`). A
mutant that no check catches would be a mistake that could be made in minirnn without a test failing.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from minirnn.kernels.activations import KEEPS_PRE_ACTIVATION
from reference import gate_runs
from reference.gate_checks import (
    GATES,
    Gates,
    check_every_activation,
    check_normalise,
    check_oracle,
    check_slopes,
    check_zoneout,
)
from reference.mutations import DEFAULTS, Mutation, mutations

ORACLE, SLOPES, ACTIVATIONS = "oracle", "slopes", "activations"
CHECKS = {
    ORACLE: "one step, its states and gates, against the naive oracle",
    SLOPES: "the backward against central differences of the step, in float64",
    ACTIVATIONS: "slopes, with activations whose value does not tell their slope",
}
# What is run of each module: names in STEPS and RUNS, cells of WITH.
_STEPS = {"gru": ["gru, reset after", "gru, reset before"]}
_RUNS = {
    "simple_rnn": ["simple_rnn"], "lstm": ["lstm"], "gru": ["gru", "gru_reset", "gru_update"],
    "peephole_lstm": ["peephole"], "coupled_lstm": ["coupled"], "zoneout": ["zoneout"],
    "layer_norm_lstm": ["layer_norm_join", "layer_norm_memory", "layer_norm_output", "layer_norm_normalise"],
}  # fmt: skip
_WITH = {
    "simple_rnn": [gate_runs.simple_rnn_with], "lstm": [gate_runs.lstm_with],
    "gru": [gate_runs.gru_with, gate_runs.gru_reset_before_with], "peephole_lstm": [gate_runs.peephole_with],
    "coupled_lstm": [gate_runs.coupled_with], "layer_norm_lstm": [gate_runs.layer_norm_with], "zoneout": [],
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A gate function with one mistake.

    Attributes:
        module, function: whose source it is made from.
        mutation: the mistake.
    """

    module: str
    function: str
    mutation: Mutation

    @property
    def name(self) -> str:
        return f"{self.module}.{self.function}: {self.mutation.before} -> {self.mutation.after}"

    @property
    def source(self) -> str:
        """The function as a text, without docstring and comments."""
        return ast.unparse(self.mutation.tree)

    @property
    def backward(self) -> bool:
        return self.function.endswith("_backward")

    def gates(self) -> Gates:
        """All modules of gates, the mutant's with the mistake in it."""
        names = {name: getattr(GATES["lstm"], name) for name in DEFAULTS} | vars(GATES[self.module])
        exec(compile(self.source, f"<{self.name}>", "exec"), names)  # the project's own text, changed in one place
        return {**GATES, self.module: SimpleNamespace(**names)}


def gate_functions() -> Iterator[tuple[str, Callable]]:
    """(module, function) of every gate function."""
    for module, gates in GATES.items():
        for function in vars(gates).values():
            if inspect.isfunction(function) and function.__module__ == gates.__name__:
                yield module, function


def mutants_of(module: str, function: Callable) -> list[Mutant]:
    return [Mutant(module, function.__name__, mutation) for mutation in mutations(function)]


def all_mutants() -> list[Mutant]:
    return [mutant for module, function in gate_functions() for mutant in mutants_of(module, function)]


def checks_of(module: str, gates: Gates) -> dict[str, list[Callable[[], None]]]:
    """What the tests do with the gates of a module, by the kind of check, with these gates."""
    steps = [lambda n=name: check_oracle(n, gates) for name in _STEPS.get(module, [module])]
    slopes = [lambda n=name: check_slopes(n, gates) for name in _RUNS[module]]
    if module == "zoneout":
        steps = [lambda: check_zoneout(gates)]
    if module == "layer_norm_lstm":
        slopes.append(lambda: check_normalise(gates))
    others = [lambda c=cell: check_every_activation(c, sorted(KEEPS_PRE_ACTIVATION), gates) for cell in _WITH[module]]
    return {ORACLE: steps, SLOPES: slopes, ACTIVATIONS: others}


def caught_by(mutant: Mutant) -> str | None:
    """The first kind of check that fails: a forward mistake is shown to the oracle first, a backward one to slopes."""
    checks = checks_of(mutant.module, mutant.gates())
    for kind in (SLOPES, ACTIVATIONS, ORACLE) if mutant.backward else (ORACLE, SLOPES, ACTIVATIONS):
        for check in checks[kind]:
            try:
                with np.errstate(all="ignore"):
                    check()
            except AssertionError:
                return kind
    return None


# --- the report -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """A mutant, and what caught it: a name in CHECKS, or None."""

    mutant: Mutant
    caught: str | None

    @property
    def passed(self) -> bool:
        """Caught, or, where it changes no number, let through by all."""
        return (self.caught is None) == bool(self.mutant.mutation.same)


def judge(progress: Callable[[str], Any] = lambda text: None) -> list[Verdict]:
    """Every mutant of every gate function with what caught it."""
    verdicts = []
    for module, function in gate_functions():
        progress(f"{module}.{function.__name__}")
        verdicts += [Verdict(mutant, caught_by(mutant)) for mutant in mutants_of(module, function)]
    return verdicts


def print_table(console: Console, verdicts: list[Verdict]) -> None:
    """How many mistakes of each function each check catches, then every one that got away."""
    table = Table(title="Mistakes in gate functions, by what catches them", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("function", no_wrap=True)
    for column in ("mistakes", *CHECKS, "missed", "same"):
        table.add_column(column, justify="right")
    groups: dict[str, dict[str, list[Verdict]]] = {}
    for verdict in verdicts:
        groups.setdefault(verdict.mutant.module, {}).setdefault(verdict.mutant.function, []).append(verdict)
    for module, functions in groups.items():
        table.add_row(module)
        for name, group in functions.items():
            table.add_row(f"  {name}", *_counts(group))
    table.add_section()
    table.add_row("all", *_counts(verdicts))
    console.print(table)
    for kind, text in CHECKS.items():
        console.print(f"  {kind}: {text}", style="dim", highlight=False)
    reasons = Counter(v.mutant.mutation.same for v in verdicts if v.mutant.mutation.same)
    for reason, count in reasons.items():
        console.print(f"  same: changes that change nothing, {count}: {reason}", style="dim", highlight=False)
    for verdict in verdicts:
        if not verdict.passed:
            wrong = "MISSED" if verdict.caught is None else "CAUGHT, though it changes no number:"
            console.print(f"{wrong} {verdict.mutant.name}", style="red", highlight=False, markup=False)


def _counts(group: list[Verdict]) -> list[str]:
    mistakes = [v for v in group if not v.mutant.mutation.same]
    caught = Counter(v.caught for v in mistakes)
    numbers = [len(mistakes), *(caught[kind] for kind in CHECKS), caught[None], len(group) - len(mistakes)]
    return [f"{number:,}" if number else "-" for number in numbers]


def as_json(verdicts: list[Verdict]) -> str:
    """Every mutant: its name, kind, sentence, what caught it, and, if it is no mistake, why."""
    rows = [
        {
            "name": v.mutant.name, "kind": v.mutant.mutation.kind, "sentence": v.mutant.mutation.sentence,
            "caught_by": v.caught, "no_mistake": v.mutant.mutation.same,
        }
        for v in verdicts
    ]  # fmt: skip
    return json.dumps({"passed": all(v.passed for v in verdicts), "mutants": rows}, indent=2)
