"""How many threads, and how they share a kernel's work.

Kernels release the GIL and work on a range of rows or tiles, so an ordinary thread pool is enough. The caller takes a
share itself; small work never leaves it. No sum depends on how the work was cut.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Handing work to another thread costs about 20 microseconds: below this many multiply-adds (some 100 us) it never pays.
WORTH_SHARING = 4_000_000
# What the caller gets done meanwhile: its own share is larger by so many multiply-adds.
HAND_OVER = 800_000

_threads = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
_pool: ThreadPoolExecutor | None = None


def set_num_threads(n: int) -> None:
    """Use at most n threads for one call from now on. Results do not depend on n, bit for bit.

    Raises ValueError if n is not a whole number of at least 1.
    """
    global _threads, _pool
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"set_num_threads: got {n!r}, expected a whole number of threads, at least 1")
    _threads, _pool = n, None


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
    pool = _workers()
    waiting = [pool.submit(run, *arguments, start, min(start + size, count)) for start in range(first, count, size)]
    run(*arguments, 0, first)
    for piece in waiting:
        piece.result()


def _workers() -> ThreadPoolExecutor:
    global _pool
    pool = _pool  # read once: another thread may set the number of threads meanwhile
    if pool is None:
        pool = _pool = ThreadPoolExecutor(max(1, _threads - 1), thread_name_prefix="minirnn")
    return pool


def _forget_pool() -> None:
    # The threads of a pool do not survive a fork: the child makes its own when it needs one.
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
