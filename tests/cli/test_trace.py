"""`minirnn trace` and `minirnn summary`: read by a user, in a pipe, on 80 columns."""

from __future__ import annotations

import re

import numpy as np
import pytest

from minirnn import layers, models
from minirnn.cli import command
from minirnn.cli import trace as tracing
from minirnn.layers import Input

ROW = re.compile(r"^  (\w) (\w+ \w+|\w+) +(.*?) +(-?\d+\.\d\d) +(-?\d+\.\d\d)$", re.MULTILINE)


def rows(text):
    return [match.group(1) for match in ROW.finditer(text)]


@pytest.fixture(scope="module")
def model():
    stack = [Input((None, 2)), layers.GRU(3, return_sequences=True, name="low"), layers.LSTM(4, name="high")]
    return models.Sequential([*stack, layers.Dense(1)])


@pytest.fixture
def typed(model, tmp_path, monkeypatch, capsys):
    """Run a command in this process, with a file model.keras that holds `model`, in a folder of its own."""
    monkeypatch.setattr(models, "load_model", lambda path: model, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "model.keras").write_bytes(b"")
    lines = ["day,a,b", *(f"2024-01-{n + 1:02d},{np.sin(n):.3f},{n / 10}" for n in range(20))]
    (tmp_path / "input.csv").write_text("\n".join(lines) + "\n")

    def run(*arguments):
        code = command.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


# --- without a file ---------------------------------------------------------------------------------------------------


def test_without_a_model_the_airline_network_is_traced_in_a_pipe_of_80_columns(minirnn):
    result = minirnn("trace", TERM="xterm-256color", COLORTERM="truecolor")
    assert (result.code, result.err) == (0, "")
    assert "\x1b" not in result.out and " \n" not in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    assert result.out.startswith("lstm: LSTM, 32 units, 12 steps, 1960-01 to 1960-12\n")
    assert rows(result.out) == 2 * ["i", "f", "o", "g", "c", "h"]
    assert re.search(r"^unit \d+$", result.out, re.MULTILINE) and "░" in result.out


def test_where_blocks_cannot_be_printed_letters_stand_for_them(minirnn):
    result = minirnn("trace", "--unit", "3", PYTHONIOENCODING="ascii")
    assert (result.code, result.err) == (0, "") and result.out.isascii() and "\\u" not in result.out
    assert "\nunit 3\n" in result.out and rows(result.out) == 2 * ["i", "f", "o", "g", "c", "h"]


def test_gates_and_states_are_drawn_into_a_file(minirnn, tmp_path):
    image = pytest.importorskip("matplotlib.image")
    result = minirnn("trace", "--png", "gates.png")
    assert result.code == 0 and result.out.endswith("gates and states of all units: gates.png\n")
    drawn = image.imread(tmp_path / "gates.png")
    assert drawn.shape[0] > drawn.shape[1] and drawn.std() > 0.05  # seven panels: the input, i f o g, c and h


def test_a_page_is_written_that_begins_with_the_unit_that_was_asked_for(minirnn, tmp_path):
    result = minirnn("trace", "--unit", "3", "--html", "explain.html", "--language", "ko")
    assert (result.code, result.err) == (0, "")
    assert re.search(r"\nto walk through with a browser: explain\.html: \d+ kB\n$", result.out)
    page = (tmp_path / "explain.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page and '"begin":{"layer":"lstm","unit":3}' in page and "1960-12" in page


def test_the_summary_has_the_ledger_if_asked(minirnn):
    plain, ledger = minirnn("summary"), minirnn("summary", "--ledger")
    assert (plain.code, plain.err, ledger.code, ledger.err) == (0, "", 0, "")
    assert "Total params: 4,748" in plain.out and "Ledger" not in plain.out
    assert "  4 * [(units + input + 1) * units] = 4 * [(32 + 1 + 1) * 32] = 4,352\n" in ledger.out
    assert max(map(len, ledger.out.splitlines())) <= 80 and " \n" not in ledger.out


# --- with a model and numbers -----------------------------------------------------------------------------------------


def test_a_model_is_traced_on_the_last_columns_of_numbers_of_a_file(typed):
    code, out, err = typed("trace", "model.keras", "input.csv")
    assert (code, err) == (0, "")
    assert out.startswith("low: GRU, 3 units, 20 steps, line 2 to line 21\ninput: input.csv, a, b\n")
    assert "other recurrent layers, for --layer: high" in out
    assert rows(out) == 2 * ["z", "r", "n", "h"]


def test_the_rows_of_a_unit_are_those_of_its_trace(typed, model):
    code, out, _ = typed("trace", "model.keras", "input.csv", "--layer", "high", "--unit", "2")
    x = np.array([[(round(np.sin(n), 3), n / 10) for n in range(20)]])
    trace = model.trace(x)["high"]
    found = {m.group(1): m for m in ROW.finditer(out.split("\nunit 2\n")[1])}
    assert code == 0 and list(found) == ["i", "f", "o", "g", "c", "h"]
    for name, match in found.items():
        values = trace[name][0, :, 2]
        assert match.group(4, 5) == (f"{values.min():.2f}", f"{values.max():.2f}")
    assert found["c"].group(3) == tracing.shades(
        trace.c[0, :, 2], trace.c[0, :, 2].min(), trace.c[0, :, 2].max(), tracing.CURVE, "·"
    )


def test_the_page_of_a_file_names_its_lines_and_columns(typed, tmp_path):
    code, out, err = typed("trace", "model.keras", "input.csv", "--layer", "high", "--html", "explain.html")
    assert (code, err) == (0, "") and "to walk through with a browser: explain.html" in out
    page = (tmp_path / "explain.html").read_text(encoding="utf-8")
    assert '"begin":{"layer":"high","unit":' in page and '"feature_names":["a","b"]' in page and '"line 21"' in page


def test_long_series_are_averaged_to_fit_the_line(typed, tmp_path):
    (tmp_path / "long.csv").write_text("a,b\n" + "".join(f"{n % 7},{n % 3}\n" for n in range(480)))
    code, out, _ = typed("trace", "model.keras", "long.csv")
    assert code == 0 and "each letter is the average of 10.0 steps" in out and max(map(len, out.splitlines())) <= 80


def test_masked_steps_show_as_such(typed, model, monkeypatch):
    padded = models.Sequential([Input((None, 2)), layers.Masking(-1.0), layers.GRU(3, name="gru")])
    monkeypatch.setattr(models, "load_model", lambda path: padded)
    with open("padded.csv", "w") as file:
        file.write("a,b\n1,2\n2,3\n-1,-1\n3,1\n")
    code, out, err = typed("trace", "model.keras", "padded.csv")
    assert (code, err) == (0, "") and "· is a masked step" in out
    by_name = {m.group(1): m.group(3) for m in ROW.finditer(out.split("\nunit ")[1])}
    assert by_name["z"][2] == "·" and "·" not in by_name["h"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trace", "model.keras"), "name a CSV file to trace model.keras on"),
        (("trace", "input.csv"), "input.csv: a file of numbers, expected that of a saved model"),
        (("trace", "none.keras", "input.csv"), "none.keras: found no such file, expected a model file"),
        (("trace", "model.keras", "none.csv"), "none.csv: found no such file, expected a CSV file"),
        (("trace", "model.keras", "input.csv", "--layer", "hihg"), "no recurrent layer 'hihg' to trace; there is low"),
        (("trace", "model.keras", "input.csv", "--unit", "3"), "--unit must be from 0 to 2 in low, got 3"),
        (("trace", "model.keras", "one.csv"), "one.csv: 1 columns of numbers, but the model reads 2"),
        (("trace", "--png", "gates.txt2"), "no picture of kind '.txt2'"),
        (("trace", "--png", "no/gates.png"), "there is no directory no"),
        (("trace", "--html", "no/explain.html"), "there is no directory no"),
        (("summary", "none.keras"), "none.keras: found no such file, expected a model file"),
    ],
)  # fmt: skip
def test_what_cannot_be_traced_is_one_line_and_exit_code_2(typed, tmp_path, arguments, words):
    (tmp_path / "one.csv").write_text("day,a\nmonday,1\ntuesday,2\n")
    code, out, err = typed(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and words in err


def test_the_summary_of_a_file_is_that_of_its_model(typed, model):
    printed = []
    model.summary(ledger=True, print_fn=printed.append)
    code, out, _ = typed("summary", "model.keras", "--ledger")
    assert code == 0 and out.split() == printed[0].split()


def test_shades_run_from_the_lowest_to_the_highest_and_masked_steps_show():
    assert tracing.shades(np.array([0.0, 0.19, 0.5, 0.99, 1.0]), 0, 1, " .:*#", "?") == "  :##"
    assert tracing.shades(np.array([2.0, np.nan, 2.0]), 2, 2, "_^", "?") == "_?_"
    assert tracing.squeezed(np.array([1.0, 3.0, np.nan, np.nan]), 2).tolist()[0] == 2.0
