"""How many threads, and how they share a kernel's work.

Kernels release the GIL and work on a range of rows or tiles, so ordinary threads are enough. The caller takes a share
itself; small work never leaves it. No sum depends on how the work was cut.

A caller's helpers are a `Crew`. Between two pieces of work they look for the next one, for `LOOK_SECONDS`, before they
sleep: to wake a thread takes ten times as long as to hand over a piece, on some virtual machines a hundred times.
Without the JIT, and where every access is checked, the caller does all pieces, one after the other.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock, Thread

import numpy as np
from numba import config
from numpy.typing import NDArray

from minirnn.jit import JIT_ENABLED, Kernel
from minirnn.jit.sharing import ASLEEP, BOX_WORDS, BOXES, FREE, ORDER_WORDS, OVER, STATE, WAITED, WAKE
from minirnn.kernels.crew import call_up, dismiss, serve
from minirnn.kernels.cutting import cut, cut_rows

# In multiply-adds: what pays if helpers are awake, and what pays even if they have to be woken.
# Between the two a call wakes them where calls come often: they help with it if they are in time, else with the next.
WORTH_SHARING, WORTH_WAKING = 800_000, 3_000_000
# In training each thread reads much of what others wrote, from their caches: it pays from so many times the work on.
CROSSING = 4
# What the caller gets done meanwhile: its own share is larger by so many multiply-adds.
HAND_OVER, WAKING = 50_000, 500_000
LOOK_SECONDS, MEASUREMENTS = 200e-6, 8
FEW_ROWS = 48
OFTEN_SECONDS = 1e-3
ALONE = not JIT_ENABLED or bool(config.BOUNDSCHECK)

_threads = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
_idle: list[Crew] = []
_looks = 0


class Crew:
    """Threads that help one caller at a time; between calls a crew is in `_idle`. They end when the crew is gone.

    Where the system gives no more threads, helpers have none: the caller does their pieces.
    """

    _begun: Sequence[Lock] = ()

    def __init__(self, helpers: int) -> None:
        memory = np.zeros((helpers + 1) * BOX_WORDS, np.int64)
        start = -(memory.ctypes.data // 8) % BOX_WORDS
        self.boxes = memory[start:][: helpers * BOX_WORDS].reshape(helpers, BOX_WORDS)
        self.boxes[:, STATE] = FREE
        self._words = memoryview(self.boxes.reshape(-1))  # single words, faster than through NumPy
        self._called = -math.inf
        self.order = np.zeros(ORDER_WORDS, np.int64)
        self.order[BOXES] = self.boxes.ctypes.data
        self.stop = -self.order.ctypes.data
        self.call_up = call_up.specialise(self.boxes, self.order, 0, 0, 0, 0)
        self.dismiss = dismiss.specialise(self.boxes, 0)
        work = (serve.specialise(self.boxes, 0, 0), self.boxes, _looks_in(LOOK_SECONDS))
        self._begun = [Lock() for _ in range(helpers)]
        with suppress(RuntimeError):  # can't start new thread
            for k, lock in enumerate(self._begun):
                lock.acquire()
                Thread(target=_help, args=(*work, k, lock), name="minirnn", daemon=True).start()

    def awake(self, helpers: int) -> bool:
        """Whether the first helpers are."""
        for k in range(helpers):
            if self._words[k * BOX_WORDS + STATE] == ASLEEP:
                return False
        return True

    def called_often(self) -> bool:
        """Whether there was a call for sleeping helpers a short time ago, too."""
        before, self._called = self._called, time.perf_counter()
        return self._called - before < OFTEN_SECONDS

    def run(self, run: Callable, arguments: tuple, helpers: int, first: int, size: int, stop: int) -> None:
        """run(*arguments, start, stop) for 0 .. first by the caller, and pieces of `size` up to `stop` by helpers."""
        if self.call_up(self.boxes, self.order, helpers, first, size, stop):
            self._wake(helpers)
        run(*arguments, 0, self.stop)
        self.dismiss(self.boxes, helpers)

    def _wake(self, helpers: int) -> None:
        """Wake those of the first helpers that slept when they were called up."""
        for k in range(helpers):
            if self.boxes[k, WAKE]:
                self._begun[k].release()

    def waited(self) -> float:
        """Seconds that the caller of the last `run` waited for the helpers: its looks in vain, at the time of a look.

        Longer waits count for less than they took, as after PATIENCE looks each offers the processor to others, too.
        """
        return float(self.order[WAITED]) * LOOK_SECONDS / _looks

    def retire(self) -> None:
        """End the threads, whatever was being done with them; no piece is being done by one."""
        for k, lock in enumerate(self._begun):
            self._words[k * BOX_WORDS + STATE] = OVER
            with suppress(RuntimeError):  # it is not locked: its thread was about to be woken
                lock.release()

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.retire()


def _help(serve: Callable, boxes: NDArray[np.int64], looks: int, number: int, begun: Lock) -> None:
    """What runs in a helper's thread. It does not know its crew, which would then never be gone."""
    while boxes[number, STATE] != OVER:
        serve(boxes, number, looks)
        begun.acquire()


def _looks_in(seconds: float) -> int:
    """How often a helper looks at its box in that time; measured once, in rounds, as others may disturb some."""
    global _looks
    if not _looks:
        boxes, looks, taken = np.zeros((1, BOX_WORDS), np.int64), 500, math.inf
        for _ in range(MEASUREMENTS):
            boxes[0, STATE] = FREE
            start = time.perf_counter()
            serve(boxes, 0, looks)
            taken = min(taken, time.perf_counter() - start)
        _looks = max(1, round(looks * seconds / taken))
    return _looks


def compile_helpers() -> None:
    """Compile what a first call that is worth sharing would compile beside its own kernels."""
    if not ALONE:
        Crew(0)


def set_num_threads(n: int) -> None:
    """Use at most n threads for one call from now on. Results do not depend on n, bit for bit.

    Raises ValueError if n is not a whole number of at least 1.
    """
    global _threads
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"set_num_threads: got {n!r}, expected a whole number of threads, at least 1")
    _threads = n


def get_num_threads() -> int:
    """The most threads that one call uses; at first, the processors this process may run on."""
    return _threads


def share(
    run: Callable, arguments: tuple, count: int, multiply_adds: int, grain: int = 1, columns: int = 0
) -> None:
    """Call run(*arguments, start, stop) so that 0 .. count is covered, in parallel where the work is worth it.

    `run` is a shared kernel, or a function that gives its last two arguments to such. Pieces are multiples of `grain`
    except the last, the others as even as can be, the caller's larger by what it gets done while the work is handed
    over. `columns`: the range is rows of `for_rows` in tiles of so many; a few are cut as these are done soonest.
    """
    if multiply_adds < WORTH_SHARING or (most := _threads) == 1 or count <= grain:
        run(*arguments, 0, count)
        return
    pieces = min(most, -(-count // grain))
    few = columns and count <= FEW_ROWS
    first, size = cut_rows(count, pieces, columns) if few else cut(pieces, count, multiply_adds, HAND_OVER, grain)
    if ALONE or not size:
        _run_all(run, arguments, count, first, size)
        return
    if type(run) is Kernel:
        run = run.specialise(*arguments, 0, count)  # which may take seconds, while nobody is kept waiting
    helpers = -(-(count - first) // size)
    crew = _hire(pieces - 1)
    try:
        awake = crew.awake(helpers)
        if not awake and not few:
            first, size = cut(pieces, count, multiply_adds, WAKING, grain)
            helpers = -(-(count - first) // size)
        if awake or multiply_adds >= WORTH_WAKING or crew.called_often():
            crew.run(run, arguments, helpers, first, size, count)
        else:
            run(*arguments, 0, count)
    except BaseException:  # Ctrl-C, perhaps when some of the helpers were woken and some were not
        crew.retire()
        raise
    _idle.append(crew)


def _run_all(run: Callable, arguments: tuple, count: int, first: int, size: int) -> None:
    run(*arguments, 0, first)
    for start in range(first, count, size or 1):
        run(*arguments, start, min(start + size, count))


def repeat(run: Callable, arguments: tuple, multiply_adds: int, columns: int = 0) -> None:
    """`share` of arguments that end with the whole range, 0, count: a tuple to keep for the next such call.

    To put the tuple of a kernel's arguments together takes as long as a small kernel.
    """
    if multiply_adds < WORTH_SHARING:
        run(*arguments)
    else:
        share(run, arguments[:-2], arguments[-1], multiply_adds, columns=columns)


def _hire(helpers: int) -> Crew:
    """A crew that has nothing to do, of at least so many; several callers never get the same one."""
    while True:
        try:
            crew = _idle.pop()
        except IndexError:
            return Crew(max(helpers, _threads - 1))
        if len(crew.boxes) >= helpers:
            return crew
        crew.retire()


def _forget_crews() -> None:
    # Threads do not survive a fork: the child makes its own when it needs some, and touches no lock of theirs.
    for crew in _idle:
        crew._begun = ()
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_crews)
