"""Threads, concurrent callers and forks: none of them changes a bit of any result."""

from __future__ import annotations

import ast
import itertools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from recurrent_cases import CELLS, make
from shared_pieces import at_bytecode, machine_code_shares, mark, pieces_of

import minirnn
from minirnn import layers
from minirnn.jit import shared_kernel
from minirnn.kernels import cutting, threads
from minirnn.kernels.rows import heights


def run(case):
    dx, d_weights, d_states = case.vjp()
    return [*case.output(), dx, *d_weights, *d_states]


@pytest.mark.parametrize("masked", [None, True], ids=["no mask", "mask"])
@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_results_are_the_same_bits_for_every_number_of_threads(cell, masked, dtype, same_bits):
    case = make(cell, batch=29, time=4, units=20, mask=masked, return_sequences=True, dtype=dtype)
    same_bits(lambda: run(case))


@machine_code_shares
@pytest.mark.parametrize("cell", CELLS)
def test_states_of_two_threads_stand_apart_and_come_out_in_their_rows(cell, share_everything, thread_count):
    thread_count(2)
    case = make(cell, batch=16, time=5, units=20)
    tape = case.layer.new_tape(case.x.shape, False)
    y = case.layer.forward(case.x, None, tape, False, case.states)
    for slots in (tape.h, tape.c)[: case.layer.state_count]:
        used = [k for k in range(slots.shape[1]) if slots[:, k].any()]
        assert used == [*range(16), *range(16 + 2 * 8, 16 + 3 * 8)]
    for last, expected in zip(case.layer.last_states(tape), case.output()[1:], strict=True):
        assert last.shape == (16, 20)
        np.testing.assert_array_equal(last, expected)
    np.testing.assert_array_equal(y, case.output()[0])


def test_what_one_thread_does_alone_has_no_room_between_rows():
    case = make("LSTM", batch=16, time=5, units=20)
    assert case.layer.new_tape(case.x.shape, False).h.shape[1] == 16


def test_dense_results_are_the_same_bits_for_every_number_of_threads(dtype, same_bits):
    random = np.random.default_rng(0)
    layer = layers.Dense(37, activation="tanh", dtype=dtype)
    x, dy = random.normal(size=(29, 5)), random.normal(size=(29, 37))

    def run():
        dx, d_weights = layer.vjp(x, dy)
        return [layer(x), dx, *d_weights]

    same_bits(run)


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
    seen, ends = pieces_of(mark, count=count, grain=grain)
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


def test_another_thread_may_change_the_number_of_threads_at_any_moment(share_everything, thread_count):
    found = []
    for moment in itertools.count():
        thread_count(5)
        changed = at_bytecode(moment, lambda: found.append(pieces_of(mark, grain=6)), lambda: thread_count(1))
        seen, ends = found.pop()
        assert (seen == 1).all() and ends.max() == len(ends)
        if not changed:
            break
    assert moment > 10


@machine_code_shares
def test_a_kernel_is_compiled_before_helpers_are_hired(share_everything, thread_count, monkeypatch):
    thread_count(2)
    fresh, hire, compiled = shared_kernel(mark.function), threads._hire, []
    monkeypatch.setattr(threads, "_hire", lambda helpers: compiled.append(len(fresh._compiled)) or hire(helpers))
    seen, _ = pieces_of(fresh)
    assert (seen == 1).all()
    assert compiled == [1]


def test_every_kernel_that_ends_with_a_range_is_shared():
    """Another would take an order for an empty range, and do nothing."""
    for module in sorted(Path(minirnn.__file__).parent.rglob("*.py")):
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
    whole = cutting.rows_cost(count, columns)
    if size:
        helpers, rest = divmod(count - first, size)
        assert 1 <= helpers < pieces and rest == 0 and first > 0
        taken = max(cutting.rows_cost(first, columns), cutting.rows_cost(size, columns))
        assert taken < whole
    else:
        taken = whole
        assert first == count
    for fewer in range(2, pieces + 1):
        even = count // fewer
        evenly = max(cutting.rows_cost(count - (fewer - 1) * even, columns), cutting.rows_cost(even, columns))
        assert taken <= evenly


@pytest.mark.parametrize("columns", range(1, 5))
def test_rows_that_are_one_tile_are_not_cut(columns):
    tall, middle = heights(columns)
    assert cutting.cut_rows(middle, 2, columns) == (middle, 0)
    assert cutting.cut_rows(2 * tall, 2, columns) == (tall, tall)
