"""Workers, their protocol, and the race between them, with contenders made of a few lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.cases import find
from benchmarks.results import Entry
from benchmarks.runner import TOLERANCE, Race, Worker, WorkerFailed, compare, take_turns

CASE = "seed1-lstm-inference"

GOOD = """
def task(self, case, data, setting):
    return Task(lambda: [0.25] * case.batch)
"""


@pytest.fixture
def start() -> Iterator:
    """Start a worker that is ended after the test."""
    workers = []

    def started(module: str) -> Worker:
        workers.append(Worker(module, module, 1))
        return workers[-1]

    yield started
    for worker in workers:
        worker.close()


def test_a_worker_says_what_it_is_prepares_a_case_and_times_it(start, contender):
    worker = start(contender("good", GOOD))
    worker.wait_until_ready()
    assert worker.hello["versions"] == {"fake": "1"}
    assert worker.ask("prepare", case=CASE) == {"setting": "default", "results": [0.25]}
    assert worker.ask("time", seconds=0.001)["seconds"] > 0
    assert worker.ask("drop") == {}


def test_what_a_library_prints_does_not_disturb_the_protocol(start, contender):
    worker = start(contender("chatty", "import os\nprint('hello')\nos.system('echo from another process')\n" + GOOD))
    worker.wait_until_ready()
    assert worker.ask("prepare", case=CASE)["results"] == [0.25]


def test_of_several_settings_the_fastest_is_kept(start, contender):
    body = """
def settings(self, case):
    return ["slow", "quick"]

def task(self, case, data, setting):
    return Task(lambda: time.sleep(0.02 if setting == "slow" else 0) or [0.0])
"""
    worker = start(contender("choosy", body))
    worker.wait_until_ready()
    assert worker.ask("prepare", case=CASE)["setting"] == "quick"


def test_training_gives_the_losses_of_the_first_steps_each_made_ready_for_the_check(start, contender):
    body = """
def task(self, case, data, setting):
    state = {"steps": 0, "checks": 0}
    def step():
        state["steps"] += 1
        return state["steps"] + 10.0 * state["checks"]
    return Task(step, before_check=lambda: state.update(checks=state["checks"] + 1))
"""
    worker = start(contender("trained", body))
    worker.wait_until_ready()
    assert worker.ask("prepare", case="seed1-lstm-training")["results"] == [11.0, 22.0, 33.0]


def test_an_error_is_one_line_and_the_worker_lives_on(start, contender):
    body = """
def task(self, case, data, setting):
    if case.cell == "gru":
        raise ValueError("no such cell\\nand a long story")
    return Task(lambda: [0.25])
"""
    worker = start(contender("moody", body))
    worker.wait_until_ready()
    with pytest.raises(WorkerFailed, match="^ValueError: no such cell$"):
        worker.ask("prepare", case="seed1-gru-inference")
    with pytest.raises(WorkerFailed, match="no case is prepared"):
        worker.ask("time", seconds=0.001)
    assert worker.ask("prepare", case=CASE)["results"] == [0.25]


def test_a_worker_that_dies_is_told_with_its_last_words_and_starts_anew_for_the_next_case(start, contender):
    body = """
def task(self, case, data, setting):
    import os, sys
    if case.cell == "gru":
        print("killed by a bug", file=sys.stderr, flush=True)
        os._exit(7)
    return Task(lambda: [0.25])
"""
    worker = start(contender("mortal", body))
    worker.wait_until_ready()
    with pytest.raises(WorkerFailed, match="code 7: killed by a bug"):
        worker.ask("prepare", case="seed1-gru-inference")
    with pytest.raises(WorkerFailed, match="code 7"):
        worker.ask("time", seconds=0.001)
    assert worker.ask("prepare", case=CASE)["results"] == [0.25]


def test_a_worker_that_keeps_silent_is_given_up(start, contender, monkeypatch):
    worker = start(contender("silent", "def task(self, case, data, setting):\n    time.sleep(60)"))
    worker.wait_until_ready()
    monkeypatch.setattr("benchmarks.runner.PATIENCE", 0.2)
    with pytest.raises(WorkerFailed, match="no reply"):
        worker.ask("prepare", case=CASE)


def test_a_race_names_whoever_is_absent_raises_or_gives_another_result(contender):
    contenders = {
        "good": contender("good", GOOD),
        "also-good": contender("also_good", GOOD),
        "raises": contender("raises", "def task(self, case, data, setting):\n    raise MemoryError('too large')"),
        "wrong": contender("wrong", "def task(self, case, data, setting):\n    return Task(lambda: [0.26])"),
        "infers-not": contender("infers_not", "modes = ('training',)\n" + GOOD),
        "not-installed": contender("not_installed", "import a_library_that_nobody_has"),
    }
    with Race(contenders, threads=1) as race:
        assert list(race.absent) == ["not-installed"]
        assert "ModuleNotFoundError: No module named 'a_library_that_nobody_has'" in race.absent["not-installed"]
        result = race.run(find(CASE), rounds=3, seconds=0.001)
    assert {name: len(entry.seconds) for name, entry in result.entries.items()} == {
        "good": 3,
        "also-good": 3,
        "raises": 0,
        "wrong": 0,
        "infers-not": 0,
    }
    assert result.entries["raises"].error == "MemoryError: too large"
    assert result.entries["wrong"].error == "wrong result: 0.26 where good gives 0.25 (number 0)"
    assert result.entries["infers-not"].error == "does no inference"
    assert len(result.ratios("also-good")) == 3


def test_a_contender_that_fails_while_it_is_timed_is_reported_and_the_others_go_on():
    entries = {"steady": Entry(), "failing": Entry()}

    def ask(name):
        if name == "failing" and len(entries[name].seconds) == 1:
            entries[name].error = "RuntimeError: gone"
            return None
        return {"seconds": 1.0}

    take_turns(["steady", "failing"], entries, 4, ask)
    assert entries["steady"].seconds == [1.0] * 4
    assert entries["failing"].seconds == [1.0]
    assert not entries["failing"].timed


def test_everybody_has_one_turn_a_round_and_the_one_who_begins_changes():
    asked = []
    entries = {name: Entry() for name in "abc"}
    take_turns("abc", entries, 3, lambda name: asked.append(name) or {"seconds": 1.0})
    assert ["".join(asked[i : i + 3]) for i in (0, 3, 6)] == ["abc", "bca", "cab"]


def compared(case: str, **results: list[float]) -> dict[str, Entry]:
    entries = {name: Entry() for name in results}
    compare(find(case), entries, results)
    return entries


def test_predictions_are_compared_absolutely_and_losses_relatively():
    near, far = 0.9 * TOLERANCE["inference"], 1.1 * TOLERANCE["inference"]
    entries = compared(CASE, torch=[0.0, 100.0], near=[near, 100.0], far=[0.0, 100.0 + far])
    assert entries["near"].error is None
    assert entries["near"].difference == pytest.approx(0.9)
    assert entries["far"].wrong
    assert "(number 1)" in entries["far"].error

    loss = 1000 * (1 + 0.9 * TOLERANCE["training"])
    assert compared("seed1-lstm-training", torch=[1000.0], near=[loss])["near"].error is None


def test_losses_with_dropout_are_not_compared_as_each_library_draws_its_own_masks():
    entries = {"torch": Entry(), "minirnn": Entry()}
    compare(find("medium-dropout-lstm-training"), entries, {"torch": [1.0], "minirnn": [2.0]})
    assert not any(entry.wrong or entry.error for entry in entries.values())


def test_minirnn_is_never_the_reference_while_a_peer_is_present():
    entries = compared(CASE, minirnn=[1.0], onnxruntime=[2.0])
    assert entries["onnxruntime"].error is None
    assert "where onnxruntime gives 2" in entries["minirnn"].error


def test_nan_and_a_wrong_number_of_results_are_wrong():
    entries = compared(CASE, torch=[1.0, 2.0], nan=[1.0, float("nan")], short=[1.0])
    assert entries["nan"].wrong
    assert "nan where torch gives 2 (number 1)" in entries["nan"].error
    assert entries["short"].error == "wrong result: 1 numbers where torch gives 2"
