"""The command line, from its options to the files it writes."""

from __future__ import annotations

import json

import pytest

from benchmarks import __main__ as command
from benchmarks import machine, profile
from benchmarks.cases import CASES

MACHINE = {
    "processor": "a processor",
    "cores": 2,
    "system": "a system",
    "python": "3",
    "versions": {"numpy": "2", "keras": None},
    "threads": 1,
    "rates_gflops": {"1": {"FMA": 100.0}},
    "peak_gflops": {"1": 100.0},
}
FAST = "def task(self, case, data, setting):\n    return Task(lambda: time.sleep(0.0001) or [0.25] * case.batch)"


@pytest.fixture
def two_contenders(contender, monkeypatch):
    """A registry of one contender that works and one that is not there."""
    registry = {"fast": contender("fast", FAST), "absent": contender("absent", "import nowhere_to_be_found")}
    monkeypatch.setattr(command, "CONTENDERS", registry)
    monkeypatch.setattr(machine, "describe", lambda threads: MACHINE)


def test_list_names_every_case(capsys):
    assert command.main(["--list"]) == 0
    out = capsys.readouterr().out
    assert all(case.name in out for case in CASES)
    assert "keras-tensorflow" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--case", "huge"], "no case matches 'huge'"),
        (["--threads", "0"], "'0' is not a whole number of at least 1"),
        (["--rounds", "many"], "'many' is not a whole number"),
        (["--cell", "rnn"], "invalid choice"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_measured(arguments, message, capsys):
    with pytest.raises(SystemExit) as refused:
        command.main(arguments)
    assert refused.value.code == 2
    assert message in capsys.readouterr().err


def test_a_run_tells_who_is_absent_and_writes_json_markdown_and_a_picture(two_contenders, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    files = [tmp_path / name for name in ("run.json", "run.md", "run.png")]
    options = [f"--{kind}={file}" for kind, file in zip(("json", "markdown", "plot"), files, strict=True)]
    assert command.main(["--case", "seed1-*-inference", "--rounds", "2", "--threads", "1", *options]) == 0

    out = capsys.readouterr().out
    assert "absent is not in the race: ModuleNotFoundError: No module named 'nowhere_to_be_found'" in out
    assert "seed1-gru-inference" in out

    told = json.loads(files[0].read_text())
    assert [case["case"] for case in told["cases"]] == [f"seed1-{c}-inference" for c in ("lstm", "gru", "simple_rnn")]
    assert len(told["cases"][0]["contenders"]["fast"]["seconds"]) == 2
    assert told["machine"]["processor"] == "a processor"
    assert "| seed1-lstm-inference |" in files[1].read_text()
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_a_run_in_which_nobody_can_start_ends_with_code_1(two_contenders, capsys):
    assert command.main(["--case", "seed1-lstm-inference", "--contender", "absent", "--rounds", "1"]) == 1
    assert "absent is not in the race" in capsys.readouterr().out


def test_parts_follow_from_what_is_asked():
    def parts(*arguments):
        return list(command.chosen_parts(command.parser().parse_args(arguments)))

    assert parts() == ["cases", "coldstart", "overhead"]
    assert parts("--quick") == ["cases"]
    assert parts("--cell", "gru") == ["cases"]
    assert parts("--quick", "--part", "overhead") == ["overhead"]


def test_a_profile_is_printed_and_written_for_the_cases_asked_for(tmp_path, monkeypatch, capsys):
    parts = dict(zip(profile.PARTS, (1.0, 0.0, 5.0, 2.0, 1.0, 1.0), strict=True))
    monkeypatch.setattr(profile, "profile_apart", lambda name, threads: {"case": name, "call": 10.0, **parts})
    file = tmp_path / "profile.json"
    assert command.main(["--profile", "--case", "seed1-lstm-*", "--threads", "1", "--json", str(file)]) == 0
    assert "5.00 us (50 %)" in capsys.readouterr().out
    told = json.loads(file.read_text())
    assert [one["case"] for one in told["profile"]] == ["seed1-lstm-inference", "seed1-lstm-training"]
