"""Workers, their protocol, and the race between them, with contenders made of a few lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.cases import find
from benchmarks.process import Worker, WorkerFailed
from benchmarks.results import ONE_THREAD, PLAIN, Entry
from benchmarks.runner import TOLERANCE, Race, Seat, compare, compares_peak, compares_threads, take_turns

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


def prepared(worker: Worker, case: str = CASE) -> dict:
    """What a worker says of the case that it made ready."""
    assert worker.ask("prepare", case=case) == {}
    return worker.ask("choose", case=case)


def test_a_worker_says_what_it_is_prepares_a_case_and_times_it(start, contender):
    worker = start(contender("good", GOOD))
    worker.wait_until_ready()
    assert worker.hello["versions"] == {"fake": "1"}
    assert prepared(worker) == {"setting": "default", "results": [0.25]}
    assert worker.ask("time", case=CASE, seconds=0.001)["seconds"] > 0
    assert worker.ask("drop") == {}


def test_what_a_library_prints_does_not_disturb_the_protocol(start, contender):
    worker = start(contender("chatty", "import os\nprint('hello')\nos.system('echo from another process')\n" + GOOD))
    worker.wait_until_ready()
    assert prepared(worker)["results"] == [0.25]


def test_of_several_settings_the_fastest_is_kept(start, contender):
    body = """
def settings(self, case):
    return ["slow", "quick"]

def task(self, case, data, setting):
    return Task(lambda: time.sleep(0.02 if setting == "slow" else 0) or [0.0])
"""
    worker = start(contender("choosy", body))
    worker.wait_until_ready()
    assert prepared(worker)["setting"] == "quick"


def test_a_worker_replies_when_its_threads_rest(start, contender, tmp_path):
    over = tmp_path / "over"
    body = f"""
def task(self, case, data, setting):
    import threading
    def look_for_work():
        start = time.process_time()
        while time.process_time() - start < 0.1:
            pass
        open({str(over)!r}, "w").close()
    return Task(lambda: threading.Thread(target=look_for_work).start() or [0.25])
"""
    worker = start(contender("restless", body))
    worker.wait_until_ready()
    assert worker.ask("prepare", case=CASE) == {}
    assert over.exists()


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
    assert prepared(worker, "seed1-lstm-training")["results"] == [11.0, 22.0, 33.0]


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
    with pytest.raises(WorkerFailed, match="seed1-lstm-inference is not prepared"):
        worker.ask("time", case=CASE, seconds=0.001)
    assert prepared(worker)["results"] == [0.25]


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
        worker.ask("time", case=CASE, seconds=0.001)
    assert prepared(worker)["results"] == [0.25]


def test_a_worker_that_keeps_silent_is_given_up(start, contender, monkeypatch):
    worker = start(contender("silent", "def task(self, case, data, setting):\n    time.sleep(60)"))
    worker.wait_until_ready()
    monkeypatch.setattr("benchmarks.process.PATIENCE", 0.2)
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


def seats(*names: str) -> dict[str, Seat]:
    """Seats without processes, for turns that are answered here."""
    return {name: Seat(Entry(setting=name), None, find(CASE)) for name in names}


def test_a_contender_that_fails_while_it_is_timed_is_reported_and_the_others_go_on():
    taken = seats("steady", "failing")

    def ask(seat):
        if seat is taken["failing"] and len(seat.entry.seconds) == 1:
            seat.entry.error = "RuntimeError: gone"
            return None
        return {"seconds": 1.0}

    take_turns(list(taken.values()), 4, ask)
    assert taken["steady"].entry.seconds == [1.0] * 4
    assert taken["failing"].entry.seconds == [1.0]
    assert not taken["failing"].entry.timed


def test_everybody_has_one_turn_a_round_and_the_one_who_begins_changes():
    asked = []
    take_turns(list(seats(*"abc").values()), 3, lambda seat: asked.append(seat.entry.setting) or {"seconds": 1.0})
    assert ["".join(asked[i : i + 3]) for i in (0, 3, 6)] == ["abc", "bca", "cab"]


def test_minirnn_runs_the_plain_case_of_a_priced_variant_and_one_thread_in_the_same_rounds(contender):
    body = """
def __init__(self, threads):
    self.threads = threads

def task(self, case, data, setting):
    pause = 0.002 if case.variant else 0.001
    return Task(lambda: time.sleep(pause * (2 if self.threads == 1 else 1)) or [0.25])
"""
    cases = [find("small-masked-lstm-inference"), find("small-lstm-inference")]
    with Race({"minirnn": contender("mine", body), "good": contender("good", GOOD)}, 2, cases) as race:
        assert list(race.helpers) == [ONE_THREAD]
        masked, plain = (race.run(case, rounds=3, seconds=0.005) for case in cases)
        alone = race.run(cases[0], rounds=1, seconds=0.005, alone=True)
    assert (list(masked.beside), list(plain.beside)) == ([PLAIN], [ONE_THREAD])
    assert len(masked.prices()) == len(plain.gains_of_threads()) == 3
    assert min(masked.prices()) > 1 and min(plain.gains_of_threads()) > 1
    assert masked.gains_of_threads() == plain.prices() == []
    assert (list(masked.entries), list(alone.entries)) == (["minirnn", "good"], ["minirnn"])


def test_a_variant_that_minirnn_runs_alone_asks_nobody_else(contender):
    with Race({"minirnn": contender("mine", GOOD), "good": contender("good", GOOD)}, 1) as race:
        result = race.run(find("small-float64-lstm-inference"), rounds=1, seconds=0.001)
    assert (list(result.entries), list(result.beside)) == (["minirnn"], [PLAIN])


def test_threads_and_the_peak_are_looked_at_in_plain_cases_only():
    named = {name: find(name) for name in ("medium-lstm-training", "medium-masked-lstm-training", "odd-gru-training")}
    assert [name for name, case in named.items() if compares_threads(case)] == [
        "medium-lstm-training", "odd-gru-training"
    ]  # fmt: skip
    assert [name for name, case in named.items() if compares_peak(case)] == ["medium-lstm-training"]


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
