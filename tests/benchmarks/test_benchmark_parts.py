"""What is measured beside the race: the machine's peak, cold starts, the split of a call."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest
from numba import config

from benchmarks import coldstart, machine
from benchmarks.overhead import Stopwatch, split, watched
from benchmarks.profile import PARTS, Stopwatches, profile

FIT = """
def task(self, case, data, setting):
    return Task(lambda: 0.5)
"""


@pytest.mark.skipif(config.DISABLE_JIT, reason="the loop exists as machine code only")
@pytest.mark.parametrize("lanes", machine.LANES)
def test_the_fma_loop_does_every_multiplication_and_addition(lanes):
    loop = machine.fma_loop(lanes)
    expected = sum(range(machine.ACCUMULATORS)) * 0.5**3 + machine.ACCUMULATORS * 0.25 * (1 + 0.5 + 0.5**2)
    assert loop(3, np.float32(0.5), np.float32(0.25)) == pytest.approx(expected, rel=1e-6)


def test_a_rate_is_the_work_over_the_time_of_the_fastest_run():
    assert machine.rate(lambda: None, flops=1e9, seconds=0.01) > 1


def test_the_processor_has_a_name():
    assert machine.processor()


def test_what_others_take_is_the_busy_time_of_the_cores_less_our_own(monkeypatch):
    others = machine.OtherPrograms(threads=2)
    others.start = (0.0, 0.0, 0.0)
    monkeypatch.setattr(others, "_counters", lambda: (20.0, 12.0, 7.0))
    assert others.share() == 0.25
    monkeypatch.setattr(others, "_counters", lambda: (20.0, 12.0, 12.1))
    assert others.share() == 0.0
    monkeypatch.setattr(others, "_counters", lambda: None)
    assert others.share() is None


def test_the_counters_of_this_system_give_a_share_or_nothing():
    others = machine.OtherPrograms(threads=1)
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        pass
    share = others.share()
    assert share is None or 0 <= share <= 1


def test_a_cold_start_is_measured_in_fresh_processes(contender):
    start = coldstart.cold_start(contender("quick", FIT), threads=1, repeats=1)
    assert start.error is None
    assert start.first_fit_seconds > 0
    assert start.process_seconds > start.import_seconds
    assert start.memory > start.memory_of_step >= 0


def test_the_first_process_finds_an_empty_home_and_later_ones_what_it_left(contender):
    body = """
def fit(self, case, data):
    import os, pathlib
    kept = pathlib.Path(os.environ["MINIRNN_CACHE_DIR"], "kept")
    assert kept.parent == pathlib.Path(os.environ["HOME"])
    if not kept.exists():
        assert not list(kept.parent.iterdir())
        kept.touch()
        time.sleep(0.5)

def task(self, case, data, setting):
    return Task(lambda: 0.5)
"""
    start = coldstart.cold_start(contender("caching", body), threads=1, repeats=1)
    assert start.error is None
    assert start.later_fit_seconds < 0.5 <= start.first_fit_seconds


def test_a_contender_without_training_has_only_an_import_time(contender):
    start = coldstart.cold_start(contender("infers", "modes = ('inference',)\n" + FIT), threads=1, repeats=1)
    assert start.error is None
    assert start.import_seconds is not None
    assert start.first_fit_seconds is None


def test_a_cold_start_that_fails_is_told_in_one_line(contender):
    start = coldstart.cold_start(contender("missing", "import nowhere_to_be_found"), threads=1)
    assert start.error == "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    assert json.dumps(coldstart.asdict(start))


class FakeKernel:
    """A kernel as the overhead part knows it: `specialise` gives the entry point."""

    def specialise(self, *arguments):
        return lambda a, b: a + b


def test_a_watched_kernel_works_as_before_and_every_call_is_counted():
    stopwatch, original = Stopwatch(), FakeKernel.specialise
    with watched(FakeKernel, stopwatch):
        entry = FakeKernel().specialise(1, 2)
        assert [entry(1, 2), entry(3, 4)] == [3, 7]
    assert stopwatch.calls == 2
    assert stopwatch.nanoseconds > 0
    assert FakeKernel.specialise is original


def test_minirnns_public_calls_are_seen_entering_kernels():
    from benchmarks.contenders.minirnn import Entrant
    from minirnn.jit import Kernel

    seen = split(Entrant(1), Kernel, "stream-simple_rnn-inference", rounds=1, seconds=0.001)
    assert seen.entries >= 1
    assert seen.call > 0


def test_stopwatches_add_up_by_name_and_leave_other_threads_out():
    watches = Stopwatches()
    work = watches.around("work", lambda seconds: time.sleep(seconds) or seconds)
    other = threading.Thread(target=work, args=(0.2,))
    other.start()
    assert work(0.02) == 0.02
    other.join()
    assert watches.calls == 1
    assert 0.02e9 <= watches.nanoseconds["work"] < 0.2e9


@pytest.mark.skipif(config.DISABLE_JIT, reason="without machine code there are no entry points")
def test_a_profile_splits_a_call_into_its_parts():
    from benchmarks.contenders.minirnn import Entrant

    one = profile(Entrant(1), "small-simple_rnn-training", seconds=0.1, rounds=5)
    assert sum(one[part] for part in PARTS) == pytest.approx(one["call"], rel=0.01)
    assert one["call"] > 0 and min(one[part] for part in PARTS) >= 0
    assert one["hand-over"] == 0
