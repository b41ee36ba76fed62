"""The command as a whole: help, output, files, signals."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from minirnn import __version__
from minirnn.cli import main
from minirnn.cli.forecast import duration

SMALL = ("--units", "4", "--epochs", "2")
CONSOLE_SCRIPT = shutil.which("minirnn", path=str(Path(sys.executable).parent))


COMMANDS = ["convert", "demo", "forecast", "params", "predict", "run", "stream", "summary", "trace", "warmup"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_subcommand_shows_an_example_in_its_help(minirnn, command):
    assert f"  {command} " in minirnn("--help").out
    result = minirnn(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"examples:\n  minirnn {command}" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_the_version_is_that_of_the_package(minirnn):
    assert minirnn("--version").out == f"minirnn {__version__}\n"


@pytest.mark.parametrize("arguments", [("forcast",), ("demo", "--fast")])
def test_a_wrong_command_is_one_line_and_exit_code_2(minirnn, arguments):
    result = minirnn(*arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)


@pytest.mark.skipif(CONSOLE_SCRIPT is None, reason="minirnn is not installed beside this Python")
def test_the_console_script_and_python_m_are_the_same_command(minirnn):
    arguments = ("params", "lstm", "--units", "256", "--input", "4096")
    wanted = minirnn(*arguments)
    assert wanted.code == 0 and minirnn(*arguments, command=[CONSOLE_SCRIPT]) == wanted
    assert minirnn(*arguments, own_process=True) == wanted


def test_no_command_at_all_shows_the_help_and_the_demo_first(minirnn):
    result = minirnn()
    assert (result.code, result.out, result.err) == (2, "", minirnn("--help").out)
    assert re.findall(r"^    (\w+)  ", result.err, re.MULTILINE) == COMMANDS


def test_a_misspelt_command_is_told_the_nearest(minirnn):
    line = f"argument COMMAND: invalid choice: 'forcast', expected one of {', '.join(COMMANDS)}; did you mean "
    assert minirnn("forcast").err == f"minirnn: error: {line}'forecast'? (see minirnn --help)\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("forecast --plott out.png", "unknown option --plott; did you mean '--plot'? (see minirnn forecast --help)"),
        ("forecast --unit=3 --epohcs=2", "unknown option --epohcs; did you mean '--epochs'? (see minirnn forecast"),
        ("params --unitss 3 lstm", "unknown option --unitss; did you mean '--units'? (see minirnn params --help)"),
        ("convert --ordr a b c", "unknown option --ordr; did you mean '--order'? (see minirnn convert --help)"),
        ("trace --laguage ko", "unknown option --laguage; did you mean '--language'? (see minirnn trace --help)"),
        ("run --hlep a.py", "unknown option --hlep; did you mean '--help'? (see minirnn run --help)"),
        ("--versoin", "minirnn: error: unknown option --versoin; did you mean '--version'? (see minirnn --help)"),
        ("demo --fast", "unknown option --fast (see minirnn demo --help)"),
        ("demo fast", "unexpected argument 'fast' (see minirnn demo --help)"),
        ("demo -f", "unexpected argument '-f' (see minirnn demo --help)"),
        ("forecast --cell lstn", "expected one of lstm, gru, simple_rnn; did you mean 'lstm'? (see minirnn forecast"),
        ("forecast --column passenger", "the header has month, passengers; did you mean 'passengers'?"),
        ("warmup lstn", "must be 'lstm', 'gru' or 'simple_rnn', got 'lstn'; did you mean 'lstm'?"),
    ],
)
def test_a_misspelt_option_is_told_the_nearest_and_whose_help_has_it(minirnn, arguments, words):
    result = minirnn(*arguments.split())
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert words in result.err


def test_options_behind_the_script_are_the_scripts(minirnn, tmp_path):
    (tmp_path / "a.py").write_text("import sys; print(sys.argv[1:])")
    # In a process of its own: in this one another test may have imported Keras, and then it cannot be replaced.
    assert minirnn("run", "a.py", "--plott", "--", "--hlep", own_process=True).out == "['--plott', '--', '--hlep']\n"


def test_other_columns_of_numbers_are_named_with_the_option_that_takes_them(minirnn, tmp_path):
    rows = [f"{1900 + n},{n % 5},7,{n % 3},x,{1 + n % 7}\n" for n in range(60)]
    (tmp_path / "sales.csv").write_text("year,price,shop,visits,note,total\n" + "".join(rows))
    told = minirnn("forecast", "sales.csv", *SMALL).out
    assert re.search(r"^ +--column takes another: price, visits$", told, re.MULTILINE) and "column total" in told
    chosen = minirnn("forecast", "sales.csv", "--column", "price", *SMALL).out
    assert "column price" in chosen and "--column" not in chosen and "--column" not in minirnn("forecast", *SMALL).out


def test_a_script_is_all_that_run_requires(minirnn):
    line = "minirnn run: error: the following arguments are required: SCRIPT (see minirnn run --help)\n"
    assert minirnn("run").err == line


@pytest.mark.parametrize("cell", ["LSTM", "SimpleRNN", "simple-rnn", "Gru"])
def test_kinds_of_layers_are_read_in_any_case_and_as_keras_writes_them(minirnn, cell):
    known = {"LSTM": "lstm", "Gru": "gru"}.get(cell, "simple_rnn")
    wanted = minirnn("params", known, "--units", "3", "--input", "2")
    assert wanted.code == 0 and minirnn("params", cell, "--units", "3", "--input", "2") == wanted
    refused = minirnn("forecast", "--cell", cell, "--units", "-1").err
    assert "units must be at least 1" in refused


def test_a_file_with_the_newest_first_is_turned_round_and_the_report_says_so(minirnn, tmp_path):
    days = [f'2024-0{month}-{n:02d},"{1 + n % 7},{100 + n}"\n' for month in (3, 4) for n in range(1, 31)]
    (tmp_path / "oldest.csv").write_text("day,close\n" + "".join(days))
    (tmp_path / "newest.csv").write_text("day,close\n" + "".join(days[::-1]))
    arguments = ("--window", "4", "--horizon", "4", "--season", "7", *SMALL)
    oldest, newest = (minirnn("forecast", f"{name}.csv", *arguments) for name in ("oldest", "newest"))
    assert (newest.code, newest.err) == (0, "")
    told = re.compile(r" +the newest came first in the file: turned round\n")
    assert told.search(newest.out) and not told.search(oldest.out)
    forecasts = [result.out[result.out.index("Forecast of") :] for result in (oldest, newest)]
    assert forecasts[0] == forecasts[1] and "60 values, 2024-03-01 to 2024-04-30" in newest.out


def test_a_piped_forecast_fits_80_columns_and_has_no_escape_codes(minirnn):
    result = minirnn("forecast", *SMALL, TERM="xterm-256color", COLORTERM="truecolor")
    assert (result.code, result.err) == (0, "")
    assert "\x1b" not in result.out
    assert " \n" not in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    assert re.search(r"^  1961-01 +\d+\.\d$", result.out, re.MULTILINE)
    for name in ("LSTM", "naive (last value)", "seasonal naive (12)", "seasonal naive x growth"):
        assert re.search(rf"^ +{re.escape(name)} +[\d.]+ +[\d.]+ +[\d.]+ % *$", result.out, re.MULTILINE)


def test_held_out_values_without_a_logarithm_are_mentioned(minirnn, tmp_path):
    values = [10 + n % 7 for n in range(60)]
    values[50] = values[53] = 0
    (tmp_path / "sales.csv").write_text("day,v\n" + "".join(f"{n},{v}\n" for n, v in enumerate(values)))
    result = minirnn("forecast", "sales.csv", "--window", "4", "--horizon", "4", "--season", "7", *SMALL)
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 80
    said = " ".join(result.out.split())
    assert "2 of them, not positive, shown to the LSTM as the smallest positive value before; errors are" in said
    assert "not positive" not in minirnn("forecast", *SMALL).out


@pytest.mark.needs_jit
def test_the_verdict_says_who_wins(minirnn, tmp_path):
    won_and_lost = (
        r"LSTM's RMSE is \d+ % below naive, \d+ % below seasonal naive and \d+ % above seasonal naive x growth\."
    )
    assert re.search(won_and_lost, " ".join(minirnn("forecast").out.split()))
    season = [1, 9, 2, 8]
    (tmp_path / "clock.csv").write_text("v\n" + "".join(f"{season[n % 4]}\n" for n in range(60)))
    lost = minirnn("forecast", "clock.csv", "--season", "4", "--window", "2", "--horizon", "4", *SMALL)
    said = " ".join(lost.out.split())
    assert "above seasonal naive (which makes no error) and above seasonal naive x growth (which makes" in said


def test_a_series_that_never_changes_is_forecast_by_all_alike(minirnn, tmp_path):
    (tmp_path / "still.csv").write_text("v\n" + "5\n" * 60)
    said = " ".join(minirnn("forecast", "still.csv", *SMALL).out.split())
    assert "RMSE is 0, as that of naive, 0, as that of seasonal naive and 0, as that of seasonal naive x" in said


def test_one_step_one_value_and_one_origin_are_no_plurals(minirnn):
    sizes = ("--window", "1", "--horizon", "1", "--held-out", "1", "--epochs", "1", "--units", "2")
    said = " ".join(minirnn("forecast", *sizes).out.split())
    assert "sees the last 1 step, answers with the next 1 Trained" in said
    assert "1 epoch, seed 0" in said
    assert "forecasts of 1 value made at 1 origin, each knowing" in said
    assert "Forecast of the next 1 value: 1961-01" in said


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        ([0.0, 0.5, 0.6], "0.6 s"),
        ([0.0, 10.0, 10.2, 10.4], "10.4 s, most of it compiling, once"),
        ([0.0, 10.0, 20.0], "20.0 s"),
        ([0.0, 10.0], "10.0 s"),
    ],
)
def test_the_time_says_what_was_compiling(clock, said):
    assert duration(clock) == said


def test_the_picture_and_the_csv_are_written(minirnn, tmp_path):
    pytest.importorskip("matplotlib")
    result = minirnn("forecast", *SMALL, "--horizon", "5", "--plot", "out.png", "--csv-out", "out.csv")
    assert result.out.endswith("Wrote out.png\nWrote out.csv\n")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG\r\n")
    header, *rows = (tmp_path / "out.csv").read_text().splitlines()
    assert header == "step,passengers"
    assert [row.split(",")[0] for row in rows] == ["1961-01", "1961-02", "1961-03", "1961-04", "1961-05"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "out.png"]


def test_korean_names_are_printed_and_drawn_on_an_ascii_terminal_too(minirnn, tmp_path):
    pytest.importorskip("matplotlib")
    rows = "".join(f"{n}월,{n % 12 + 1}\n" for n in range(60))
    (tmp_path / "승객.csv").write_bytes(f"달,승객\n{rows}".encode("cp949"))
    options = (*SMALL, "--encoding", "cp949", "--plot", "out.svg")
    assert "승객.csv, column 승객" in minirnn("forecast", "승객.csv", *options, PYTHONIOENCODING="utf-8").out
    result = minirnn("forecast", "승객.csv", *options, PYTHONIOENCODING="ascii")
    assert (result.code, result.err) == (0, "")
    assert r"column \uc2b9\uac1d" in result.out


@pytest.mark.needs_jit
def test_the_demo_shows_gates_a_forecast_and_where_to_go_next(minirnn):
    result = minirnn("demo")
    assert (result.code, result.err) == (0, "")
    assert "i = sigmoid(a_i) = 0.750" in result.out
    assert "f = sigmoid(a_f) = 0.690" in result.out
    assert "c = f c_prev + i g = 0.690 * -0.2 + 0.750 * 0.462 = 0.209" in result.out
    assert "h = o tanh(c) = 0.711 * tanh(0.209) = 0.146" in result.out
    assert "seasonal naive (12)" in result.out
    assert "minirnn forecast your.csv" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.needs_jit
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_the_training_quietly_and_writes_nothing(tmp_path):
    script = "import sys; from minirnn.cli import main; print('ready', flush=True); sys.exit(main(sys.argv[1:]))"
    arguments = ["forecast", "--epochs", "1000000000", "--csv-out", "out.csv"]
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("module", ["numpy", "numba", "rich"])
@pytest.mark.parametrize("start", [
    ["-m", "minirnn"], ["-c", "import sys; from minirnn.cli import main; sys.exit(main())"],
], ids=["python -m minirnn", "console script"])  # fmt: skip
def test_ctrl_c_during_the_imports_is_as_quiet(tmp_path, start, module):
    (tmp_path / f"{module}.py").write_text("import time; print('importing', flush=True); time.sleep(60)")
    with subprocess.Popen(
        [sys.executable, *start, "forecast"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")


def test_main_returns_its_exit_code(capsys):
    assert main(["params", "lstm", "--units", "8", "--input", "1"]) == 0
    assert capsys.readouterr().out.startswith("4 * [(units + input + 1) * units] = 4 * [(8 + 1 + 1) * 8] = 320\n")
    assert main(["params", "lstm", "--units", "0", "--input", "1"]) == 2
    assert "units must be at least 1" in capsys.readouterr().err
