"""A contender's process, seen from the race: started, asked, ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300.0  # seconds until a silent process is given up


def environment(threads: int, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process pinned to so many threads, whichever library it runs."""
    pools = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM")
    pinned = {f"{pool}_NUM_THREADS": str(threads) for pool in pools}
    pinned |= {"TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": str(threads), "NPROC": str(threads)}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    return {**os.environ, **pinned, **quiet, **(extra or {})}


class WorkerFailed(RuntimeError):
    """A process that answered with an error, died or kept silent; the message is one line."""


def last_line(errors: str, code: int) -> str:
    """What a process that ended with this code said last on standard error."""
    lines = errors.strip().splitlines()
    return lines[-1] if lines else f"process ended with code {code}"


def run_apart(
    module: str, arguments: Sequence[Any], threads: int, extra: Mapping[str, str] | None = None
) -> Any:
    """What `python -m module` prints as JSON in its last line. Raises WorkerFailed with one line when it fails."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        run = subprocess.run(
            command, cwd=ROOT, env=environment(threads, extra), capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise WorkerFailed(f"no reply in {PATIENCE:.0f} s") from None
    if run.returncode:
        raise WorkerFailed(last_line(run.stderr, run.returncode))
    return json.loads(run.stdout.splitlines()[-1])


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
        self.hello = self.reply()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Ask for something and wait for the reply. Raises WorkerFailed; a dead worker is started anew to prepare."""
        self.request(do, **arguments)
        return self.reply()

    def request(self, do: str, **arguments: Any) -> None:
        """Ask for something; one `reply` belongs to it. Raises WorkerFailed when the process is dead."""
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

    def reply(self) -> dict[str, Any]:
        """Wait for the answer to the last request. Raises WorkerFailed for an error, and when there is none."""
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
