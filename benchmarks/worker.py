"""One contender in a process of its own, asked through its standard input and output.

    python -m benchmarks.worker MODULE THREADS

One JSON object a line each way:

    first line, unasked               -> {"versions", "modes", "import_seconds"}
    {"do": "prepare", "case"}         -> {}, the case is ready in each of the contender's settings
    {"do": "choose", "case"}          -> {"setting", "results"}: the fastest setting, which is kept, and the results of
                                         its first calls, to be compared with the others'
    {"do": "time", "case", "seconds"} -> {"seconds"}, of one call, the fastest while measuring for about so many
    {"do": "drop"}                    -> {}, everything that was prepared is forgotten

A reply comes when the process is at rest, so that the next one has the processors for itself (`rest`).
Anything that goes wrong is answered by {"error": one line}; the worker lives on until its input ends.
What a library prints goes to standard error.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import numpy as np

from benchmarks.cases import Case, find
from benchmarks.contenders.base import Contender, Task
from benchmarks.data import case_data
from benchmarks.work import flops

BLOCKS = 15
TRIAL_SECONDS = 0.03
CHECKED_CALLS = {"inference": 1, "training": 3, "step": 3, "fit": 1, "predict": 1}
LARGE, CHECKED_LARGE_STEPS = 10_000_000_000, 2  # training steps of so many FLOPs: two tell forward, backward and Adam
LONG_SECONDS = 0.3  # a call that takes so long is measured once a round
GLANCE_SECONDS, AT_REST, QUIET_GLANCES, LONGEST_REST = 0.005, 0.1, 3, 1.0


def pin(threads: int) -> None:
    """Leave this process as many cores as threads, the same ones for every contender, where the system allows it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def rest() -> None:
    """Wait until no thread of this process looks for work any more.

    After a call, threads of a pool spin before they sleep: those of ONNX Runtime for 45 ms, of OpenMP for 10. Whoever
    is timed meanwhile has a processor less.
    """
    until, quiet = time.perf_counter() + LONGEST_REST, 0
    while quiet < QUIET_GLANCES and time.perf_counter() < until:
        start, used = time.perf_counter(), time.process_time()
        time.sleep(GLANCE_SECONDS)
        quiet = quiet + 1 if time.process_time() - used < AT_REST * (time.perf_counter() - start) else 0


def checked_results(case: Case, task: Task) -> list[float]:
    """Predictions of the batch, or of the first steps of a stream, or the losses of the first training steps."""
    results: list[float] = []
    large = case.mode == "training" and flops(case) > LARGE
    for _ in range(CHECKED_LARGE_STEPS if large else CHECKED_CALLS[case.mode]):
        task.before_check()
        results.extend(np.asarray(task.call(), dtype=np.float64).ravel().tolist())
    return results


def seconds_per_call(call: Callable[[], Any], seconds: float) -> float:
    """A call's share of the fastest of some blocks of calls, which together take about `seconds`.

    A system, and other guests of a host, take a processor away for some tens of milliseconds, from anybody and many
    times in a second; the fastest block is the one that had both for itself.
    """
    clock = time.perf_counter
    start = clock()
    call()
    once = clock() - start
    # The first call after a pause finds cold caches: go on until a tenth of the time is spent, then believe the last.
    while clock() - start < seconds / 10:
        before = clock()
        call()
        once = clock() - before
    if once > LONG_SECONDS:
        return once
    repeats = range(max(1, round(seconds / BLOCKS / once)))
    fastest, start = math.inf, clock()
    while fastest == math.inf or clock() - start < seconds:
        before = clock()
        for _ in repeats:
            call()
        fastest = min(fastest, (clock() - before) / len(repeats))
    return fastest


class Session:
    """A contender and the cases it has ready."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self.candidates: dict[str, dict[str, tuple[Task, list[float]]]] = {}
        self.tasks: dict[str, Task] = {}

    def prepare(self, case: str) -> dict[str, Any]:
        """Make a case ready in each of the contender's settings, and call each for its results."""
        found = find(case)
        data = case_data(found)
        candidates = {}
        for setting in self.contender.settings(found):
            task = self.contender.task(found, data, setting)
            candidates[setting] = task, checked_results(found, task)
        self.candidates[case] = candidates
        return {}

    def choose(self, case: str) -> dict[str, Any]:
        """Keep the fastest setting of a prepared case."""
        candidates = self.candidates.pop(case)
        setting = next(iter(candidates))
        if len(candidates) > 1:
            taken = {}
            for name, (task, _) in candidates.items():
                rest()
                taken[name] = seconds_per_call(task.call, TRIAL_SECONDS)
            setting = min(taken, key=lambda name: taken[name])
        self.tasks[case], results = candidates[setting]
        return {"setting": setting, "results": results}

    def time(self, case: str, seconds: float) -> dict[str, Any]:
        """Seconds of one call of a case that was chosen."""
        if case not in self.tasks:
            raise RuntimeError(f"{case} is not prepared")
        return {"seconds": seconds_per_call(self.tasks[case].call, seconds)}

    def drop(self) -> dict[str, Any]:
        """Forget what was prepared, and its memory."""
        self.candidates.clear()
        self.tasks.clear()
        gc.collect()
        return {}


def one_line(error: BaseException) -> str:
    """An error as one line: its type and the first line of its message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def serve(module: str, threads: int, requests: TextIO, replies: TextIO) -> None:
    """Import the contender, then answer requests until there are no more."""

    def reply(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    try:
        start = time.perf_counter()
        contender = importlib.import_module(module).Entrant(threads)
        taken = time.perf_counter() - start
    except Exception as error:
        reply({"error": one_line(error)})
        return
    # What the import made stays: collecting garbage after each case need not look at all of TensorFlow again.
    gc.collect()
    gc.freeze()
    reply({"versions": contender.versions, "modes": contender.modes, "import_seconds": taken})
    session = Session(contender)
    actions: dict[str, Callable[..., dict[str, Any]]] = {
        "prepare": session.prepare,
        "choose": session.choose,
        "time": session.time,
        "drop": session.drop,
    }
    for line in requests:
        request = json.loads(line)
        try:
            answer = actions[request.pop("do")](**request)
        except Exception as error:
            answer = {"error": one_line(error)}
        rest()
        reply(answer)


def main() -> None:
    """Serve on the standard streams, with print() and C libraries diverted to standard error."""
    module, threads = sys.argv[1], int(sys.argv[2])
    pin(threads)
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(module, threads, sys.stdin, replies)


if __name__ == "__main__":
    main()
