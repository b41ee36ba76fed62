"""Mistakes in the gates: the checks of the gates catch every one of them, and let the gates themselves pass."""

from __future__ import annotations

import inspect
import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from minirnn import gates
from minirnn.gates import lstm
from reference import __main__ as program
from reference import mutants
from reference.gate_checks import GATES, on
from reference.gate_runs import RUNS, quantities
from reference.mutants import ACTIVATIONS, CHECKS, ORACLE, SLOPES, Mutant, Verdict
from reference.mutations import Mutation, source_tree

FUNCTIONS = [pytest.param(*pair, id=f"{pair[0]}.{pair[1].__name__}") for pair in mutants.gate_functions()]
# The mistakes that people make, each of which has to be among the mutants: (function, line, mistaken line).
CLASSIC = {
    "swapped gates": ("lstm.step", "c = f * c_prev + i * g", "c = i * c_prev + f * g"),
    "a dropped term": ("lstm.step", "c = f * c_prev + i * g", "c = f * c_prev"),
    "c_prev instead of c": ("lstm.step", "h = o * activation(c)", "h = o * activation(c_prev)"),
    "no 1 -": ("gru.step", "h = z * h_prev + (1.0 - z) * n", "h = z * h_prev + z * n"),
    "z and 1 - z in each other's place": (
        "gru.step_update", "h = z * h_prev + (1.0 - z) * n", "h = z * n + (1.0 - z) * h_prev",
    ),
    "the reset gate left out": ("gru.step", "n = activation(a_n + r * q)", "n = activation(a_n + q)"),
    "the other activation": ("lstm.step", "g = activation(a_g)", "g = recurrent_activation(a_g)"),
    "forgotten dc": (
        "lstm.step_backward", "dc = dc + dh * o * d_activation(y, c)", "dc = dh * o * d_activation(y, c)",
    ),
    "dc of later steps alone": ("lstm.step_backward", "dc = dc + dh * o * d_activation(y, c)", "(missing)"),
    "c instead of c_prev": ("lstm.step_backward", "df = dc * c_prev", "df = dc * c"),
    "the slope at the wrong point": (
        "lstm.step_backward", "da_g = dg * d_activation(g, a_g)", "da_g = dg * d_activation(i, a_g)",
    ),
    "the slope of the wrong pre-activation": (
        "lstm.step_backward", "da_g = dg * d_activation(g, a_g)", "da_g = dg * d_activation(g, a_i)",
    ),
    "no slope": ("gru.step_backward", "da_n = dn * d_activation(n, a_n)", "da_n = dn"),
    "wrong sign": ("coupled_lstm.step_backward", "di = di - df", "di = di + df"),
    "a path of the peephole forgotten": ("peephole_lstm.step_backward", "dc = dc + da_o * p_o", "(missing)"),
    "gradients returned in another order": (
        "lstm.step_backward", "return da_i, da_f, da_g, da_o, dc_prev", "return da_f, da_i, da_g, da_o, dc_prev",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("module", "function"), FUNCTIONS)
def test_every_mistake_is_caught_and_what_is_no_mistake_is_let_through(module, function):
    found = [Verdict(mutant, mutants.caught_by(mutant)) for mutant in mutants.mutants_of(module, function)]
    assert [v.mutant.name for v in found if not v.passed] == []
    kinds = {v.caught for v in found} - {None}
    # A forward mistake never needs a second look, a backward one may need another activation, and no oracle.
    assert kinds and kinds <= ({SLOPES, ACTIVATIONS} if function.__name__.endswith("_backward") else {ORACLE})


@pytest.mark.parametrize(("module", "function"), FUNCTIONS)
def test_the_source_without_a_mistake_passes_every_check(module, function):
    same = Mutant(module, function.__name__, Mutation("none", "", "", "", source_tree(function)))
    rebuilt = getattr(same.gates()[module], function.__name__)
    assert rebuilt is not function and inspect.signature(rebuilt) == inspect.signature(function)
    checks = mutants.checks_of(module, same.gates())
    assert sorted(checks) == sorted(CHECKS)
    for check in sum(checks.values(), []):
        check()
    assert mutants.caught_by(same) is None


def test_what_is_excluded_as_no_mistake_changes_no_number():
    excluded = [m for m in mutants.all_mutants() if m.mutation.same]
    assert {m.mutation.same for m in excluded} == {
        "the same sum or product, reordered", "the same product, less a factor of one",
    }  # fmt: skip
    x = quantities(40, "float64", seed=9)
    for mutant in excluded:
        for name in mutants._RUNS[mutant.module]:
            found, expected = (np.array(on(which, RUNS[name])(*x)) for which in (mutant.gates(), GATES))
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14, err_msg=mutant.name)


@pytest.mark.parametrize(("function", "before", "after"), CLASSIC.values(), ids=CLASSIC)
def test_the_mistakes_that_people_make_are_among_them(function, before, after):
    module, _, name = function.partition(".")
    known = {mutant.name: mutant for mutant in mutants.mutants_of(module, getattr(GATES[module], name))}
    mutant = known[f"{function}: {before} -> {after}"]
    assert mutant.mutation.sentence.endswith(".") and not mutant.mutation.same
    assert mutants.caught_by(mutant) in CHECKS


def test_no_file_of_gates_is_left_out():
    files = {path.stem for path in Path(gates.__file__).parent.glob("*.py")}
    assert files - {"__init__", "activations", "elementary"} == set(GATES)


def test_mutants_have_names_of_their_own_and_one_sentence_each():
    found = mutants.all_mutants()
    assert len({m.name for m in found}) == len(found) > 3500
    for mutant in found:
        assert mutant.mutation.sentence.count(". ") == 0 and mutant.mutation.sentence.endswith(".")


def test_a_mutant_is_made_of_the_source_as_it_stands():
    wrong = "i = recurrent_activation(a_f)"
    (mutant,) = (mutant for mutant in mutants.mutants_of("lstm", lstm.step) if mutant.mutation.after == wrong)
    text = inspect.getsource(lstm.step)
    lines = mutant.source.splitlines()
    assert lines[1].strip() == wrong
    assert all(line.strip() in text for line in lines[2:-1])
    step = mutant.gates()["lstm"].step
    assert step is not lstm.step and mutant.gates()["gru"] is GATES["gru"]
    assert step(1.0, 2.0, 0.0, 0.0, 0.0)[2] == lstm.step(2.0, 2.0, 0.0, 0.0, 0.0)[2]


def test_a_mistake_that_nothing_catches_is_named_and_fails(monkeypatch, capsys):
    def one_function():
        return iter([("lstm", lstm.step)])

    monkeypatch.setattr(mutants, "gate_functions", one_function)
    assert program.main(["--mutants"]) == 0
    assert "MISSED" not in capsys.readouterr().out
    monkeypatch.setattr(mutants, "check_oracle", lambda name, gates: None)
    monkeypatch.setattr(mutants, "check_slopes", lambda name, gates: None)
    monkeypatch.setattr(mutants, "check_every_activation", lambda cell, names, gates: None)
    assert program.main(["--mutants", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)["mutants"]
    assert {row["caught_by"] for row in rows} == {None} and all(row["sentence"] for row in rows)
    console = Console(file=io.StringIO(), width=80)
    mutants.print_table(console, mutants.judge())
    text = console.file.getvalue()
    assert "MISSED lstm.step: c = f * c_prev + i * g -> c = f * c_prev" in text.replace("\n", "")
    assert "\x1b" not in text
