"""The race itself: start a worker for each contender, compare their results, time them in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.results import CaseResult, Entry

ROOT = Path(__file__).resolve().parent.parent

# For outputs and losses of unit scale. Losses follow Adam's steps, which magnify rounding where gradients are tiny.
TOLERANCE = {"inference": 1e-5, "training": 5e-5, "step": 1e-5, "fit": 5e-5, "predict": 1e-5}
# The first of these that is present is what the others are compared with: the baseline last of all.
REFERENCES = ("keras-tensorflow", "torch", "keras-jax", "keras-torch", "onnxruntime")

PATIENCE = 300.0  # seconds until a silent worker is given up
PAUSE = 0.01  # seconds between turns, in which the last contender's spinning threads go to sleep


def environment(threads: int, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process pinned to so many threads, whichever library it runs."""
    pools = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM")
    pinned = {f"{pool}_NUM_THREADS": str(threads) for pool in pools}
    pinned |= {"TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": str(threads), "NPROC": str(threads)}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    return {**os.environ, **pinned, **quiet, **(extra or {})}


class WorkerFailed(Exception):
    """A worker that answered with an error, died or kept silent; the message is one line."""


class Worker:
    """A contender's process. `hello` is what it said when it was ready."""

    def __init__(self, name: str, module: str, threads: int) -> None:
        self.name, self.module, self.threads = name, module, threads
        self.hello: dict[str, Any] = {}
        self.start()

    def start(self) -> None:
        """Start the process, without waiting for the library to be imported."""
        self.errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 (open as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", self.module, str(self.threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=ROOT,
            env=environment(self.threads),
        )

    def wait_until_ready(self) -> None:
        """Wait for the import. Raises WorkerFailed when the contender is not installed or cannot start."""
        self.hello = self._reply()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Ask for something and wait for the reply. Raises WorkerFailed; a dead worker is started anew to prepare."""
        if self.process.poll() is not None and do == "prepare":
            self.close()
            self.start()
            self.wait_until_ready()
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise WorkerFailed(self._last_words()) from None
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        given_up = threading.Event()

        def give_up() -> None:
            given_up.set()
            self.process.kill()

        timer = threading.Timer(PATIENCE, give_up)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            raise WorkerFailed(f"no reply in {PATIENCE:.0f} s" if given_up.is_set() else self._last_words())
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerFailed(reply["error"])
        return reply

    def _last_words(self) -> str:
        code = self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        return f"process ended with code {code}" + (f": {lines[-1]}" if lines else "")

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Race:
    """Workers of all contenders that can start; `absent` says why the others cannot.

    Use it as a context manager: leaving it ends the workers.
    """

    def __init__(self, contenders: Mapping[str, str], threads: int) -> None:
        self.absent: dict[str, str] = {}
        self.workers: dict[str, Worker] = {}
        started = {name: Worker(name, module, threads) for name, module in contenders.items()}
        for name, worker in started.items():
            try:
                worker.wait_until_ready()
                self.workers[name] = worker
            except WorkerFailed as error:
                worker.close()
                self.absent[name] = str(error)

    def __enter__(self) -> Race:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.close()

    @property
    def baseline(self) -> str:
        """The contender that the others are set against: minirnn, or the first of those present."""
        return "minirnn" if "minirnn" in self.workers else next(iter(self.workers))

    def run(self, case: Case, rounds: int, seconds: float) -> CaseResult:
        """Prepare a case everywhere, compare the results, then time everybody in each round."""
        entries: dict[str, Entry] = {}
        results: dict[str, list[float]] = {}
        for name, worker in self.workers.items():
            if case.mode not in worker.hello["modes"]:
                entries[name] = Entry(error=f"does no {case.mode}")
                continue
            entries[name] = Entry()
            reply = self._ask(entries[name], worker, "prepare", case=case.name)
            if reply:
                entries[name].setting, results[name] = reply["setting"], reply["results"]
        compare(case, entries, results)
        take_turns(
            {name: self.workers[name] for name, entry in entries.items() if entry.error is None},
            entries,
            rounds,
            lambda name: self._ask(entries[name], self.workers[name], "time", seconds=seconds),
        )
        for name in results:
            if self.workers[name].process.poll() is None:
                self._ask(entries[name], self.workers[name], "drop")
        return CaseResult(case, self.baseline, entries)

    @staticmethod
    def _ask(entry: Entry, worker: Worker, do: str, **arguments: Any) -> dict[str, Any] | None:
        """The reply, or None after writing down what went wrong."""
        try:
            return worker.ask(do, **arguments)
        except WorkerFailed as error:
            entry.error = str(error)
            return None


def compare(case: Case, entries: Mapping[str, Entry], results: Mapping[str, list[float]]) -> None:
    """Write down how far everybody is from the reference; more than the tolerance is an error, and is not timed.

    Predictions are compared absolutely, losses relative to the reference; with dropout each library draws its own.
    """
    if case.dropout:
        return
    reference = next((name for name in (*REFERENCES, *results) if name in results), None)
    if reference is None:
        return
    truth = np.array(results[reference])
    for name, values in results.items():
        entry = entries[name]
        if len(values) != len(truth):
            entry.wrong = True
            entry.error = f"wrong result: {len(values)} numbers where {reference} gives {len(truth)}"
            continue
        difference = np.abs(np.array(values) - truth)
        if case.mode in ("training", "fit"):
            difference = difference / np.abs(truth)
        worst = float(difference.max() / TOLERANCE[case.mode])
        entry.difference = worst if np.isfinite(worst) else None
        if not worst <= 1:  # also when it is nan
            entry.wrong = True
            at = int(np.argmax(difference))  # the first nan, if there is one
            entry.error = f"wrong result: {values[at]:.7g} where {reference} gives {truth[at]:.7g} (number {at})"


def take_turns(
    names: Sequence[str] | Mapping[str, Any],
    entries: Mapping[str, Entry],
    rounds: int,
    ask: Callable[[str], Mapping[str, Any] | None],
) -> None:
    """Time everybody once a round, starting with another one each round, so that nobody always follows the same one."""
    order = list(names)
    for turn in range(rounds):
        shift = turn % max(1, len(order))
        for name in order[shift:] + order[:shift]:
            if entries[name].error is None:
                time.sleep(PAUSE)
                reply = ask(name)
                if reply is not None:
                    entries[name].seconds.append(reply["seconds"])
