"""The threads that help a caller: asleep, awake, missing, lost. No result shows it, and none stays behind."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from shared_pieces import at_bytecode, dawdle, machine_code_shares, mark, pieces_of

from minirnn.jit import sharing
from minirnn.kernels import threads


@pytest.fixture(autouse=True)
def idle(monkeypatch):
    """The crews that have nothing to do: none at first. All end with the test."""
    monkeypatch.setattr(threads, "_idle", [])
    return threads._idle


@pytest.fixture
def helpers():
    """A function that gives the threads of helpers that began in this test and have not ended."""
    before = threading.enumerate()
    return lambda: [each for each in threading.enumerate() if each.name == "minirnn" and each not in before]


def all_end(begun):
    for thread in begun:
        thread.join(30)
        assert not thread.is_alive()


def until_asleep(crew):
    deadline = time.monotonic() + 30
    while any(crew.boxes[:, sharing.STATE] != sharing.ASLEEP):
        assert time.monotonic() < deadline
        time.sleep(0.001)


# --- asleep and awake -------------------------------------------------------------------------------------------------


@machine_code_shares
def test_helpers_that_sleep_are_woken_and_those_awake_go_on(share_everything, thread_count, idle):
    thread_count(3)
    for pause in (0, 20 * threads.LOOK_SECONDS, 0, 0, 20 * threads.LOOK_SECONDS):
        time.sleep(pause)
        assert (pieces_of(mark)[0] == 1).all()
    until_asleep(idle[-1])


@machine_code_shares
@pytest.mark.parametrize("often", [True, False])
def test_work_too_small_to_wake_a_helper_for_wakes_it_if_it_comes_often(often, monkeypatch, thread_count, idle):
    monkeypatch.setattr(threads, "OFTEN_SECONDS", 60.0 if often else 0.0)
    thread_count(2)
    crew = threads.Crew(1)
    idle.append(crew)
    for woken in (False, often):
        until_asleep(crew)  # only its thread puts a helper to sleep: one that was woken has come
        seen, ends = pieces_of(mark, work=threads.WORTH_WAKING - 1)
        assert (seen == 1).all() and (woken or set(ends) == {64})
        assert bool(crew.boxes[0, sharing.WAKE]) == woken
    until_asleep(crew)


@pytest.mark.parametrize("disturbed", [0, threads.MEASUREMENTS - 1])
def test_helpers_look_as_long_where_others_disturb_the_measurement(disturbed, monkeypatch):
    def looks(rounds):
        times = itertools.chain.from_iterable((0.0, seconds) for seconds in rounds)
        monkeypatch.setattr(threads, "time", SimpleNamespace(perf_counter=lambda: next(times)))
        monkeypatch.setattr(threads, "_looks", 0)
        return threads._looks_in(threads.LOOK_SECONDS)

    rounds = [1e-5] * threads.MEASUREMENTS
    calm = looks(rounds)
    rounds[disturbed] = 1.0
    assert looks(rounds) == calm > 1


# --- pieces -----------------------------------------------------------------------------------------------------------


@machine_code_shares
def test_a_caller_waits_for_the_pieces_that_others_have_begun(share_everything, thread_count):
    thread_count(2)
    busy = np.array([20_000])
    expected, _ = pieces_of(dawdle, busy)
    for _ in range(20):
        np.testing.assert_array_equal(pieces_of(dawdle, busy)[0], expected)


@machine_code_shares
@pytest.mark.parametrize("had", [0, 1, 2])
def test_a_caller_does_the_pieces_of_helpers_whose_threads_could_not_be_had(
    had, share_everything, thread_count, monkeypatch, idle, helpers
):
    class Thread(threading.Thread):
        def start(self):
            if len(helpers()) == had:
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(threads, "Thread", Thread)
    thread_count(4)
    for _ in range(5):
        seen, ends = pieces_of(mark)
        assert (seen == 1).all() and len(set(ends)) == 4
        assert len(idle) == 1 and len(helpers()) == had
    begun = helpers()
    idle.clear()
    all_end(begun)


# --- a crew's life ----------------------------------------------------------------------------------------------------


@machine_code_shares
def test_a_crew_is_used_again_and_keeps_nothing_of_the_work(share_everything, thread_count, helpers):
    thread_count(3)
    for _ in range(20):
        seen, ends = np.zeros(64, np.int64), np.zeros(64, np.int64)
        gone = weakref.ref(seen)
        threads.share(mark, (seen, ends), 64, 1)
        del seen
        assert gone() is None
        assert len(helpers()) == 2


@machine_code_shares
def test_a_crew_that_has_become_too_small_goes(share_everything, thread_count, idle, helpers):
    thread_count(2)
    pieces_of(mark)
    small = helpers()
    for count in (4, 2):
        thread_count(count)
        pieces_of(mark)
        assert [len(crew.boxes) for crew in idle] == [3]
    all_end(small)


def interrupted_at(moment, call):
    """Call, with a Ctrl-C after so many bytecodes of `kernels.threads`; whether there are as many."""

    def ctrl_c():
        raise KeyboardInterrupt

    try:
        at_bytecode(moment, call, ctrl_c)
    except KeyboardInterrupt:
        return True
    return False


def no_crew(idle):
    idle.clear()


def too_small(idle):
    idle[:] = [threads.Crew(1)]


def sleepers(idle):
    idle[:] = [threads.Crew(2)]
    until_asleep(idle[0])


def sleepers_often_called(idle):
    sleepers(idle)
    idle[0]._called = time.perf_counter()


@machine_code_shares
@pytest.mark.parametrize("begin", [no_crew, too_small, sleepers, sleepers_often_called])
def test_ctrl_c_at_any_moment_leaves_no_helper_behind(begin, monkeypatch, thread_count, idle, helpers):
    monkeypatch.setattr(threads, "OFTEN_SECONDS", 60.0)
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(threads, "WORTH_WAKING", 2 if begin is sleepers_often_called else 0)
    thread_count(3)
    for moment in itertools.count():
        begin(idle)
        interrupted = interrupted_at(moment, lambda: pieces_of(mark))
        assert (pieces_of(mark)[0] == 1).all()
        begun = helpers()
        idle.clear()
        all_end(begun)
        if not interrupted:
            break
    assert moment > 100
