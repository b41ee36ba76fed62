"""Compiling on two processors: what a model will need is compiled by this process and by a second one, its helper.

Numba compiles one function at a time, a model's first training step needs a dozen kernels, and each takes up to
seconds. So whatever makes a model's memory is called twice: at first only to see which kernels it asks for. Those that
nobody has compiled yet are a queue, from which this process takes the first and the helper the last, until none is
left. What the helper has compiled is then found in the folder where kernels are kept.

The helper takes a second to start, and ends when the queue is empty. It is told of kernels, not of models or data.
`MINIRNN_COMPILERS=1` in the environment does without it.
"""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from minirnn.jit import cache
from minirnn.jit.compiler import JIT_ENABLED, Kernel, collecting
from minirnn.jit.static import Static

WORTH_HELP = 3  # so many kernels to compile are worth a helper
PATIENCE = 60.0  # seconds that a helper may take longer than this process; then its kernel is compiled here

Made = TypeVar("Made")


class Job(NamedTuple):
    """A kernel to compile; and the same for the helper, or None if it cannot be told of it."""

    kernel: Kernel
    signature: tuple
    told: bytes | None


def compiled_together(make: Callable[[], Made]) -> Made:
    """What `make` gives, once its kernels are compiled. It may be called twice: it must make only, run no kernel."""
    if not JIT_ENABLED or collecting.wanted is not None:
        return make()
    collecting.wanted = wanted = {}
    try:
        made = make()
    finally:
        collecting.wanted = None
    if not wanted:
        return made
    del made
    if len(wanted) >= WORTH_HELP and _may_have_help():
        _compile([Job(kernel, signature, _told(kernel, signature, a)) for (kernel, signature), a in wanted.items()])
    return make()


def _may_have_help() -> bool:
    """Whether there is a second processor, a Python to start on it, and a folder to find its kernels in."""
    if os.environ.get("MINIRNN_COMPILERS") == "1" or cache.folder() is None:
        return False
    try:
        processors = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        processors = os.cpu_count() or 1
    return processors > 1 and "python" in Path(sys.executable or "").name.lower()  # not a program that embeds it


def _told(kernel: Kernel, signature: tuple, arguments: tuple) -> bytes | None:
    """A kernel as the helper is told of it: by its name; None if it is not found by it, or its functions are not."""
    module, name = kernel.function.__module__, kernel.__name__
    try:
        if getattr(importlib.import_module(module), name) is not kernel:
            return None
        return pickle.dumps((module, name, [a for a in arguments if isinstance(a, Static)], signature))
    except (AttributeError, ImportError, TypeError, pickle.PicklingError):
        return None


def _compile(jobs: list[Job]) -> None:
    """Compile them, or have them kept in the folder by the helper; whatever goes wrong with it, none is lost."""
    alone, both = [job for job in jobs if job.told is None], deque(job for job in jobs if job.told is not None)
    with subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import serve; serve()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as helper:  # fmt: skip
        try:
            handing = threading.Thread(target=_hand_out, args=(helper, both), daemon=True)
            handing.start()
            for job in alone:
                job.kernel.compile(job.signature)
            while both:
                try:
                    job = both.popleft()
                except IndexError:  # the helper was faster
                    break
                job.kernel.compile(job.signature)
            handing.join(PATIENCE)
        finally:
            helper.kill()


def _hand_out(helper: subprocess.Popen, jobs: deque[Job]) -> None:
    """Give the helper one job after the other, the last one first."""
    assert helper.stdin is not None and helper.stdout is not None
    try:
        while jobs:
            told = jobs.pop().told
            helper.stdin.write(told or b"")
            if not helper.stdout.readline():
                return
    except (IndexError, OSError, ValueError):  # none was left, or the helper is gone
        return


def serve() -> None:
    """The helper: compile what comes in, and answer with a line for each kernel, until nothing comes any more."""
    jobs, done = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while jobs.peek(1):
        module, name, _, signature = pickle.load(jobs)  # the Statics are known from here on
        getattr(importlib.import_module(module), name).compile(signature)
        done.write(b"\n")
        done.flush()
