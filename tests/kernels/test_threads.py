"""Threads, concurrent callers and forks: none of them changes a bit of any result."""

from __future__ import annotations

import ast
import os
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from recurrent_cases import CELLS, make

from minirnn import layers
from minirnn.jit import shared_kernel, sharing
from minirnn.kernels import cutting, threads, tiles
from minirnn.kernels.crew import call_up, dismiss

machine_code_shares = pytest.mark.skipif(threads.ALONE, reason="the caller does all pieces here")


@pytest.fixture
def share_everything(monkeypatch):
    """Small work is shared too, as large work is."""
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(threads, "WORTH_WAKING", 0)


@shared_kernel
def mark(seen, ends, start, stop):
    """Count every place, and note where the piece that it is in ends."""
    for k in range(start, stop):
        seen[k] += 1
        ends[k] = stop


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
    seen, ends = np.zeros(count, np.int64), np.zeros(count, np.int64)
    threads.share(mark.specialise(seen, ends, 0, 0), (seen, ends), count, 1, grain)
    assert (seen == 1).all()
    stops = sorted(set(ends))
    assert stops[-1] == count and all(stop % grain == 0 for stop in stops[:-1])
    assert len(stops) == min(workers, -(-count // grain))
    assert (np.diff(ends) >= 0).all()


def test_small_work_stays_on_the_calling_thread(thread_count):
    thread_count(4)
    seen = []
    threads.share(
        lambda start, stop: seen.append((threading.get_ident(), start, stop)), (), 100, threads.WORTH_SHARING - 1
    )
    assert seen == [(threading.get_ident(), 0, 100)]


@shared_kernel
def dawdle(busy, seen, ends, start, stop):
    """As `mark`, but each place takes long; its piece begins where `busy` is above zero."""
    for k in range(start, stop):
        for _ in range(busy[0]):
            seen[k] = (seen[k] * 5 + 3) % 11
        ends[k] = stop


def pieces_of(kernel, *arguments, count=64):
    """Where the pieces end that a kernel's work was cut into."""
    seen, ends = np.zeros(count, np.int64), np.zeros(count, np.int64)
    threads.share(kernel.specialise(*arguments, seen, ends, 0, 0), (*arguments, seen, ends), count, 1)
    assert (ends > 0).all()
    return seen


def until_asleep(crew):
    deadline = time.monotonic() + 30
    while any(crew.boxes[:, sharing.STATE] != sharing.ASLEEP):
        assert time.monotonic() < deadline
        time.sleep(0.001)


@machine_code_shares
def test_helpers_that_sleep_are_woken_and_those_awake_go_on(share_everything, thread_count):
    thread_count(3)
    for pause in (0, 20 * threads.LOOK_SECONDS, 0, 0, 20 * threads.LOOK_SECONDS):
        time.sleep(pause)
        assert (pieces_of(mark) == 1).all()
    until_asleep(threads._idle[-1])


@machine_code_shares
def test_work_too_small_to_wake_a_helper_for_is_done_by_the_caller(monkeypatch, thread_count):
    thread_count(2)
    crew = threads.Crew(1)
    monkeypatch.setattr(threads, "_idle", [crew])
    until_asleep(crew)
    seen, ends = np.zeros(64, np.int64), np.zeros(64, np.int64)
    threads.share(mark.specialise(seen, ends, 0, 0), (seen, ends), 64, threads.WORTH_WAKING - 1)
    assert set(ends) == {64} and not crew.awake(1)
    crew.retire()


@machine_code_shares
def test_a_caller_does_the_pieces_that_no_helper_begins(thread_count):
    """The helper's thread never runs: as if the machine had no time for it."""
    crew = threads.Crew.__new__(threads.Crew)
    crew.boxes, crew.order = np.zeros((2, sharing.BOX_WORDS), np.int64), np.zeros(sharing.ORDER_WORDS, np.int64)
    crew.boxes[:, sharing.STATE] = sharing.FREE
    crew.order[sharing.BOXES] = crew.boxes.ctypes.data
    crew.stop, crew.call_up, crew.dismiss = -crew.order.ctypes.data, call_up, dismiss
    seen, ends = np.zeros(10, np.int64), np.zeros(10, np.int64)
    crew.run(mark.specialise(seen, ends, 0, 0), (seen, ends), 2, 4, 3, 10)
    assert (seen == 1).all()
    assert set(ends) == {4, 7, 10}
    assert (crew.boxes[:, sharing.STATE] == sharing.FREE).all()


@machine_code_shares
def test_a_caller_waits_for_the_pieces_that_others_have_begun(share_everything, thread_count):
    thread_count(2)
    busy = np.array([20_000])
    expected = None
    for _ in range(20):
        found = pieces_of(dawdle, busy)
        expected = found if expected is None else expected
        np.testing.assert_array_equal(found, expected)


@machine_code_shares
def test_a_crew_is_used_again_and_keeps_nothing_of_the_work(share_everything, thread_count):
    thread_count(3)
    pieces_of(mark)
    before = threading.active_count()
    for _ in range(20):
        seen, ends = np.zeros(64, np.int64), np.zeros(64, np.int64)
        gone = weakref.ref(seen)
        threads.share(mark.specialise(seen, ends, 0, 0), (seen, ends), 64, 1)
        del seen
        assert gone() is None
    assert threading.active_count() <= before


@machine_code_shares
def test_a_crew_that_has_become_too_small_goes(share_everything, monkeypatch, thread_count):
    monkeypatch.setattr(threads, "_idle", [])
    thread_count(2)
    pieces_of(mark)
    (small,) = threads._idle
    thread_count(4)
    pieces_of(mark)
    assert [len(crew.boxes) for crew in threads._idle] == [3]
    mine = [thread for thread in threading.enumerate() if getattr(thread, "_target", None) == small._help]
    for thread in mine:
        thread.join(30)
        assert not thread.is_alive()
    thread_count(2)
    pieces_of(mark)
    assert [len(crew.boxes) for crew in threads._idle] == [3]


@machine_code_shares
def test_after_ctrl_c_the_crew_is_sent_home_and_the_next_call_works(share_everything, monkeypatch, thread_count):
    monkeypatch.setattr(threads, "_idle", [])
    thread_count(3)
    pieces_of(mark)
    (crew,) = threads._idle

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threads.share(interrupted, (), 10, 1)
    assert threads._idle == []
    assert (crew.boxes[:, sharing.STATE] <= sharing.FREE).all()
    assert (pieces_of(mark) == 1).all()


def test_every_kernel_that_ends_with_a_range_is_shared():
    """Another would take an order for an empty range, and do nothing."""
    for module in sorted(Path(threads.__file__).parent.rglob("*.py")):
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                marked = {ast.unparse(decorator) for decorator in node.decorator_list}
                last = [argument.arg for argument in node.args.args[-2:]]
                ranged = last == ["lo", "hi"] or (len(last) == 2 and last == [last[0][0] + "0", last[0][0] + "1"])
                if "kernel" in marked and node.name != "square_sum":  # gives a number back: never cut
                    assert not ranged, f"{module.name}: {node.name}"
                if "shared_kernel" in marked:
                    assert ranged, f"{module.name}: {node.name}"


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
    assert threads._idle or threads.ALONE
    child = os.fork()
    if child == 0:
        same = all(np.array_equal(a, b) for a, b in zip(case.output(), expected, strict=True))
        os._exit(0 if same and (threads._idle or threads.ALONE) else 1)
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


@pytest.mark.parametrize("columns", range(1, 5))
@pytest.mark.parametrize("pieces", [2, 3, 5])
@pytest.mark.parametrize("count", [*range(5, 49)])
def test_few_rows_are_cut_where_their_tiles_are_done_soonest(count, pieces, columns):
    first, size = cutting.cut_rows(count, pieces, columns)
    if size:
        assert first + (pieces - 1) * size == count and first > 0
        taken = max(cutting.rows_cost(first, columns), cutting.rows_cost(size, columns))
        assert taken < cutting.rows_cost(count, columns)
        even = count // pieces
        evenly = max(cutting.rows_cost(count - (pieces - 1) * even, columns), cutting.rows_cost(even, columns))
        assert taken <= evenly
    else:
        assert first == count


@pytest.mark.parametrize("columns", range(1, 5))
def test_rows_that_are_one_tile_are_not_cut(columns):
    tall, middle = tiles.heights(columns)
    assert cutting.cut_rows(middle, 2, columns) == (middle, 0)
    assert cutting.cut_rows(2 * tall, 2, columns) == (tall, tall)
