"""The command line, from its options to the files it writes."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import __main__ as command
from benchmarks import machine, options, profile, targets
from benchmarks.cases import CASES, GATES
from benchmarks.contenders import CONTENDERS

MACHINE = {
    "processor": "a processor",
    "cores": 2,
    "system": "a system",
    "python": "3",
    "versions": {"numpy": "2", "keras": None},
    "threads": 1,
    "rates": {"1": {"gflops": {"FMA": 100.0}, "bandwidth": {"copy": 10.0}}},
    "peak_gflops": {"1": 100.0},
    "bandwidth": {"1": 10.0},
}
FAST = "def task(self, case, data, setting):\n    return Task(lambda: time.sleep(0.0001) or [0.25] * case.batch)"


@pytest.fixture
def two_contenders(contender, monkeypatch):
    """A registry of one contender that works and one that is not there."""
    registry = {"fast": contender("fast", FAST), "absent": contender("absent", "import nowhere_to_be_found")}
    for module in (command, options):
        monkeypatch.setattr(module, "CONTENDERS", registry)
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
        (["--case", "rows6", "--mode", "step"], "no case has all of rows6, step"),
        (["--threshold", "ten"], "'ten' is not a share such as 0.1 or 10%"),
        (["--baseline", "nowhere.json"], "give a file that --json wrote"),
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
    written = [f"--{kind}={file}" for kind, file in zip(("json", "markdown", "plot"), files, strict=True)]
    assert command.main(["--case", "seed1-*-inference", "--rounds", "2", "--threads", "1", *written]) == 0

    out = capsys.readouterr().out
    assert "absent is not in the race: ModuleNotFoundError: No module named 'nowhere_to_be_found'" in out
    assert "seed1-gru-inference" in out

    told = json.loads(files[0].read_text())
    assert [case["case"] for case in told["cases"]] == [f"seed1-{c}-inference" for c in GATES]
    assert len(told["cases"][0]["contenders"]["fast"]["seconds"]) == 2
    assert told["machine"]["processor"] == "a processor"
    assert "| seed1-lstm-inference |" in files[1].read_text()
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_a_run_in_which_nobody_can_start_ends_with_code_1(two_contenders, capsys):
    assert command.main(["--case", "seed1-lstm-inference", "--contender", "absent", "--rounds", "1"]) == 1
    assert "absent is not in the race" in capsys.readouterr().out


def test_parts_follow_from_what_is_asked():
    def parts(*arguments):
        return list(options.chosen_parts(options.parser().parse_args(arguments)))

    assert parts() == ["cases", "coldstart", "overhead", "stream", "long"]
    assert parts("--check") == ["cases", "coldstart", "stream", "long"]
    assert parts("--quick") == parts("--check", "--case", "medium") == ["cases"]
    assert parts("--cell", "gru") == ["cases"]
    assert parts("--quick", "--part", "overhead") == ["overhead"]
    assert parts("--curves")[-1] == "curves"
    assert parts("--curves", "--cell", "gru") == parts("--part", "curves") == ["curves"]


def test_a_check_asks_fewer_rounds_and_leaves_out_who_cannot_win():
    def asked(*arguments):
        parsed = options.parser().parse_args(arguments)
        return options.chosen_rounds(parsed), list(options.chosen_contenders(parsed, CONTENDERS))

    assert asked() == (9, list(CONTENDERS))
    assert asked("--check") == (5, [name for name in CONTENDERS if name != "keras-torch"])
    assert asked("--check", "--rounds", "6", "--contender", "keras-torch") == (6, ["keras-torch"])


def test_list_follows_the_filters(capsys):
    assert command.main(["--list", "--case", "odd", "--cell", "gru", "--mode", "training"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]] == ["odd-gru-training"]


@pytest.fixture
def mine_and_a_peer(contender, monkeypatch):
    """A registry of a minirnn of a few lines, and of a peer that takes three times as long."""
    slow = FAST.replace("0.0001", "0.003")
    registry = {"minirnn": contender("mine", FAST.replace("0.0001", "0.001")), "slow": contender("slow", slow)}
    for module in (command, options):
        monkeypatch.setattr(module, "CONTENDERS", registry)
    monkeypatch.setattr(machine, "describe", lambda threads: MACHINE)


def test_a_check_ends_with_code_1_when_a_promise_is_missed_and_with_0_when_all_are_met(
    mine_and_a_peer, monkeypatch, tmp_path, capsys
):
    arguments = ["--check", "--case", "seed1-gru-inference", "--rounds", "2", "--threads", "1"]
    file = tmp_path / "run.json"
    assert command.main([*arguments, "--json", str(file)]) == 0
    assert "1 of 1 targets met" in capsys.readouterr().out
    assert [verdict["met"] for verdict in json.loads(file.read_text())["verdicts"]] == [True]

    monkeypatch.setitem(targets.AGAINST_PEERS, "seed1", {"inference": 50.0})
    assert command.main(arguments) == 1
    out = capsys.readouterr().out
    assert "0 of 1 targets met" in out
    assert "missed: seed1-gru-inference" in out


def test_a_run_that_became_slower_than_an_earlier_one_ends_with_code_1(mine_and_a_peer, tmp_path, capsys):
    file = tmp_path / "run.json"
    arguments = ["--case", "seed1-gru-inference", "--rounds", "3", "--threads", "1"]
    assert command.main([*arguments, "--json", str(file)]) == 0
    run = json.loads(file.read_text())
    mine = run["cases"][0]["contenders"]["minirnn"]
    mine["seconds"] = [seconds / 4 for seconds in mine["seconds"]]
    file.write_text(json.dumps(run))
    assert command.main([*arguments, "--baseline", str(file)]) == 1
    assert "seed1-gru-inference is" in capsys.readouterr().out
    assert command.main([*arguments, "--baseline", str(file), "--threshold", "900%"]) == 0


def test_a_page_holds_the_tables_and_pictures_and_needs_nothing_else(mine_and_a_peer, tmp_path):
    pytest.importorskip("matplotlib")
    page, folder = tmp_path / "run.html", tmp_path / "pictures"
    arguments = ["--case", "seed1-gru-*", "--rounds", "2", "--threads", "1", "--html", str(page)]
    assert command.main([*arguments, "--pictures", str(folder)]) == 0
    assert sorted(file.name for file in folder.iterdir()) == ["race.png", "roofline.png"]
    text = page.read_text()
    assert text.count('src="data:image/png;base64,') == 2
    assert "seed1-gru-training" in text and "Targets" in text
    # Nothing is fetched: no address, no file, no script.
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:)|https?://|@import|url\(|<script|<link""", text)


def test_a_profile_is_printed_and_written_for_the_cases_asked_for(tmp_path, monkeypatch, capsys):
    parts = dict(zip(profile.PARTS, (1.0, 0.0, 5.0, 2.0, 1.0, 1.0), strict=True))
    monkeypatch.setattr(profile, "profile_apart", lambda name, threads: {"case": name, "call": 10.0, **parts})
    file = tmp_path / "profile.json"
    assert command.main(["--profile", "--case", "seed1-lstm-*", "--threads", "1", "--json", str(file)]) == 0
    assert "5.00 us (50 %)" in capsys.readouterr().out
    told = json.loads(file.read_text())
    assert [one["case"] for one in told["profile"]] == ["seed1-lstm-inference", "seed1-lstm-training"]
