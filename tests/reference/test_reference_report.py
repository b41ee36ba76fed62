"""What `python -m reference` prints, and the exit code."""

from __future__ import annotations

import io
import json
import sys
import types

import pytest
from rich.console import Console

from reference import __main__ as program
from reference import cases, keras_side, report, suite
from reference.compare import compare_arrays
from reference.parameters import count


def parity(dtype, error, name="LSTM, GRU, SimpleRNN stacked"):
    checks = [
        compare_arrays("outputs", "output", [[0.5 + error]], [[0.5]], dtype),
        compare_arrays("gradients", "lstm/kernel", [[1.0, 2.0]], [[1.0, 2.0]], dtype),
    ]
    return suite.ParityRow(name, dtype, checks)


def result(error=0.0, ours=4_457_472, distance=1e-8):
    total, formula = count("LSTM", 256, 4096)
    return suite.Result(
        counts=[suite.CountRow("LSTM(256) on (16, 4096)", formula, total, ours, total)],
        parity=[parity("float32", error), parity("float64", 0.0)],
        truth=[suite.TruthRow("LSTM", distance, 4e-8, 1.1, "lstm/bias: minirnn 9e-08, Keras 4e-08")],
    )


def printed(result):
    console = Console(file=io.StringIO(), width=80)
    report.print_tables(console, result)
    return console.file.getvalue()


def test_the_tables_fit_80_columns_and_a_pipe():
    text = printed(result())
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "4 * [(units + input + 1) * units] = 4 * [(256 + 4096 + 1) * 256] = 4,457,472" in text
    assert "FAIL" not in text
    assert text.rstrip().endswith("minirnn and Keras agree.")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"error": 0.25},
            "float32 LSTM, GRU, SimpleRNN stacked: output[0, 0] differs (outputs): minirnn 0.75, Keras 0.5",
        ),
        ({"ours": 4_457_471}, "LSTM(256) on (16, 4096): minirnn 4,457,471, Keras 4,457,472, formula 4,457,472"),
        ({"distance": 5e-8}, "float32 LSTM: minirnn is 5e-08 from the truth, Keras 4e-08; most in lstm/bias"),
    ],
    ids=["output", "count", "truth"],
)
def test_a_failure_is_printed_with_both_values(change, line):
    bad = result(**change)
    assert not bad.passed
    assert [line in failure for failure in report.failures(bad)] == [True]
    text = printed(bad)
    assert "FAIL" in text
    assert "minirnn and Keras differ in 1 place." in text


def test_the_json_holds_every_number():
    numbers = json.loads(report.as_json(result(error=0.25)))
    assert numbers["passed"] is False
    assert numbers["counts"][0]["ours"] == 4_457_472
    assert numbers["parity"][0]["errors"] == {"outputs": 0.25, "gradients": 0.0, "losses": None}
    assert numbers["truth"][0]["keras"] == 4e-8
    assert numbers["tolerances"]["float32"]["outputs"]["allowed"] == 1e-6
    assert len(numbers["failures"]) == 1


@pytest.mark.parametrize(("error", "code"), [(0.0, 0), (0.25, 1)])
@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["tables", "json"])
def test_the_exit_code_tells_whether_all_passed(monkeypatch, capsys, error, code, arguments):
    monkeypatch.setitem(sys.modules, "minirnn", types.ModuleType("minirnn"))
    monkeypatch.setattr(keras_side, "load", lambda: None)
    monkeypatch.setattr(suite, "run", lambda library, progress: result(error))
    assert program.main(arguments) == code
    text = capsys.readouterr().out
    assert json.loads(text)["passed"] is (code == 0) if arguments else "Parameters" in text


def test_without_keras_one_line_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "minirnn", types.ModuleType("minirnn"))
    monkeypatch.setattr(keras_side.importlib.util, "find_spec", lambda name: None)
    keras_side.load.cache_clear()
    assert program.main([]) == 2
    error = capsys.readouterr().err
    assert error == (
        "python -m reference: keras is not installed; the comparison needs it: pip install keras tensorflow\n"
    )


def test_the_program_compares_minirnn_with_keras(keras, monkeypatch, capsys):
    for name in ("MODELS", "LAYERS", "COUNTS"):
        monkeypatch.setattr(cases, name, getattr(cases, name)[:1])
    monkeypatch.setattr(suite, "GRAPHS", suite.GRAPHS[:1])
    program.main(["--json"])
    numbers = json.loads(capsys.readouterr().out)
    assert [row["expected"] for row in numbers["counts"]] == [4_457_472]
    assert [row["name"] for row in numbers["parity"]] == [
        "LSTM(8) on (3, 1)", "tensors used twice", "LSTM, states",
    ] * 2  # fmt: skip
    assert [row["name"] for row in numbers["truth"]] == ["LSTM(8) on (3, 1)", "all models"]
    assert all(row["passed"] for row in [*numbers["counts"], *numbers["parity"]])
