"""How many threads, and how they share a kernel's work.

Kernels release the GIL and work on a range of rows or tiles, so ordinary threads are enough. The caller takes a share
itself; small work never leaves it. No sum depends on how the work was cut. Workers wait for their next piece on a lock:
handing it over costs half of what a `ThreadPoolExecutor` takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any

# Handing work to another thread costs some 10 microseconds: below this many multiply-adds (about 50 us) it never pays.
WORTH_SHARING = 3_000_000
# What the caller gets done meanwhile: its own share is larger by so many multiply-adds.
HAND_OVER = 500_000

_threads = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
_idle: list[Worker] = []


class Worker:
    """A thread that runs one piece of work at a time; between them it is in `_idle`."""

    def __init__(self) -> None:
        self._begun, self._done = Lock(), Lock()
        self._begun.acquire()
        self._done.acquire()
        self._piece: Any = None
        self._error: BaseException | None = None
        Thread(target=self._work, name="minirnn", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._begun.acquire()
            run, arguments = self._piece
            try:
                run(*arguments)
            except BaseException as error:
                self._error = error
            del run, arguments
            self._done.release()

    def begin(self, run: Callable, arguments: tuple[Any, ...]) -> None:
        """Hand over run(*arguments); `finish` must follow."""
        self._piece = run, arguments
        self._begun.release()

    def finish(self) -> None:
        """Wait for the piece, and raise what it raised."""
        try:
            self._done.acquire()
        except BaseException:  # Ctrl-C: the piece's arrays are in use until it is done
            self._done.acquire()
            raise
        finally:
            error, self._error, self._piece = self._error, None, None
            _idle.append(self)
        if error is not None:
            raise error


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


def share(run: Callable, arguments: tuple, count: int, multiply_adds: int, grain: int = 1) -> None:
    """Call run(*arguments, start, stop) so that 0 .. count is covered, in parallel where the work is worth it.

    Pieces are multiples of `grain` except the last, the others as even as can be, the caller's larger by what it gets
    done while the work is handed over.
    """
    if multiply_adds < WORTH_SHARING or _threads == 1 or count <= grain:
        run(*arguments, 0, count)
        return
    pieces = min(_threads, -(-count // grain))
    even = count - count * HAND_OVER // max(multiply_adds, 2 * HAND_OVER)
    size = max(1, even // (pieces * grain)) * grain
    first = -(-(count - (pieces - 1) * size) // grain) * grain
    busy = []
    for start in range(first, count, size):
        worker = _hire()
        worker.begin(run, (*arguments, start, min(start + size, count)))
        busy.append(worker)
    try:
        run(*arguments, 0, first)
    finally:
        for worker in busy:
            worker.finish()


def repeat(run: Callable, arguments: tuple, multiply_adds: int) -> None:
    """`share` of arguments that end with the whole range, 0, count: a tuple to keep for the next such call.

    To put the tuple of a kernel's arguments together takes as long as a small kernel.
    """
    if multiply_adds < WORTH_SHARING:
        run(*arguments)
    else:
        share(run, arguments[:-2], arguments[-1], multiply_adds)


def _hire() -> Worker:
    """A worker that has nothing to do; several callers never get the same one."""
    try:
        return _idle.pop()
    except IndexError:
        return Worker()


# The threads do not survive a fork: the child makes its own when it needs some.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)
