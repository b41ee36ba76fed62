"""Threads, concurrent callers and forks: none of them changes a bit of any result."""

from __future__ import annotations

import os
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from recurrent_cases import CELLS, make

from minirnn import layers
from minirnn.kernels import threads


@pytest.fixture
def share_everything(monkeypatch):
    """Small work is shared too, as large work is."""
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)


def run(case):
    dx, d_weights, d_states = case.vjp()
    return [*case.output(), dx, *d_weights, *d_states]


@pytest.mark.parametrize("masked", [None, True], ids=["no mask", "mask"])
@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_results_are_the_same_bits_for_every_number_of_threads(
    cell, masked, dtype, share_everything, thread_count
):
    case = make(cell, batch=29, time=4, units=20, mask=masked, return_sequences=True, dtype=dtype)
    thread_count(1)
    expected = run(case)
    for count in (2, 3, 5):
        thread_count(count)
        for a, b in zip(run(case), expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_dense_results_are_the_same_bits_for_every_number_of_threads(dtype, share_everything, thread_count):
    random = np.random.default_rng(0)
    layer = layers.Dense(37, activation="tanh", dtype=dtype)
    x, dy = random.normal(size=(29, 5)), random.normal(size=(29, 37))
    thread_count(1)
    dx, d_weights = layer.vjp(x, dy)
    expected = [layer(x), dx, *d_weights]
    for count in (2, 3):
        thread_count(count)
        dx, d_weights = layer.vjp(x, dy)
        for a, b in zip([layer(x), dx, *d_weights], expected, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("count", [0, -1, 2.0, True, None, "2"])
def test_a_thread_count_that_is_none_is_refused_in_one_line(count):
    before = threads.get_num_threads()
    with pytest.raises(ValueError, match="expected a whole number of threads") as error:
        threads.set_num_threads(count)
    assert "\n" not in str(error.value)
    assert threads.get_num_threads() == before


def test_get_num_threads_gives_what_was_set(thread_count):
    thread_count(3)
    assert threads.get_num_threads() == 3


@pytest.mark.parametrize("grain", [1, 4, 6])
@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 24, 31])
@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_the_pieces_of_shared_work_cover_it_once(workers, count, grain, share_everything, thread_count):
    thread_count(workers)
    pieces = []
    threads.share(lambda tag, start, stop: pieces.append((start, stop)), ("tag",), count, 1, grain)
    pieces.sort()
    assert pieces[0][0] == 0 and pieces[-1][1] == count
    assert all(a[1] == b[0] for a, b in zip(pieces, pieces[1:], strict=False))
    assert all(start % grain == 0 and start < stop for start, stop in pieces)
    assert len(pieces) <= workers


def test_small_work_stays_on_the_calling_thread(thread_count):
    thread_count(4)
    seen = []
    threads.share(
        lambda start, stop: seen.append((threading.get_ident(), start, stop)), (), 100, threads.WORTH_SHARING - 1
    )
    assert seen == [(threading.get_ident(), 0, 100)]


def test_an_error_in_another_thread_reaches_the_caller(share_everything, thread_count):
    def fail_late(start, stop):
        if start > 0:
            raise ArithmeticError("in the second piece")

    thread_count(2)
    with pytest.raises(ArithmeticError, match="second piece"):
        threads.share(fail_late, (), 10, 1)


def test_workers_are_used_again_and_keep_nothing_of_the_work(share_everything, thread_count):
    class Piece:
        pass

    thread_count(3)
    before = threading.active_count()
    for _ in range(20):
        piece = Piece()
        gone = weakref.ref(piece)
        threads.share(lambda kept, start, stop: None, (piece,), 10, 1)
        del piece
        assert gone() is None
    assert threading.active_count() <= before + 2


def test_an_interrupted_caller_waits_for_the_pieces_it_handed_over(share_everything, thread_count):
    thread_count(2)
    ended = []

    def interrupted_at_once(start, stop):
        if start == 0:
            raise KeyboardInterrupt
        time.sleep(0.05)
        ended.append(start)

    with pytest.raises(KeyboardInterrupt):
        threads.share(interrupted_at_once, (), 10, 1)
    assert ended


@pytest.mark.parametrize("cell", CELLS)
def test_eight_threads_that_call_one_layer_at_once_get_what_one_gets(cell, dtype, share_everything, thread_count):
    thread_count(2)
    case = make(cell, batch=5, dtype=dtype)
    inputs = [np.random.default_rng(seed).normal(size=(5, 4, 2)).astype(dtype) for seed in range(8)]
    expected = [case.layer(x) for x in inputs]
    begin = threading.Barrier(8)

    def call(x):
        begin.wait()
        return [case.layer(x) for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        for found, wanted in zip(pool.map(call, inputs), expected, strict=True):
            for y in found:
                for a, b in zip(y, wanted, strict=True):
                    np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_child_of_a_fork_computes_the_same_with_threads_of_its_own(share_everything, thread_count):
    thread_count(2)
    case = make("LSTM", batch=29, units=20)
    expected = case.output()
    assert threads._idle
    child = os.fork()
    if child == 0:
        same = all(np.array_equal(a, b) for a, b in zip(case.output(), expected, strict=True))
        os._exit(0 if same and threads._idle else 1)
    assert wait_for(child, seconds=30) == 0


def wait_for(child: int, seconds: float) -> int:
    """The exit code of a child; one that hangs is ended and counts as 99."""
    import signal

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 99
