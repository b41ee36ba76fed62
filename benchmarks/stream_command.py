"""Lines a second through `minirnn stream demo`, a process between two pipes.

The first line is answered when the demo's model is trained and compiled: the time begins after that. LINES lines then
go in as fast as the process reads them, and the time ends with the last answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import numpy as np

from benchmarks.process import PATIENCE, ROOT, WorkerFailed, environment, last_line

COMMAND = [sys.executable, "-m", "minirnn", "stream", "demo"]
LINES, ROUNDS = 100_000, 3
CHUNK = 1 << 16  # bytes of a read: what a pipe holds


def text(lines: int) -> bytes:
    """So many lines of a wave, as a sensor would print it."""
    wave = np.sin(np.arange(lines) / 3)
    return "".join(f"{value:.6f}\n" for value in wave.tolist()).encode()


def write_all(to: int, block: bytes) -> None:
    """Write a block and close the file; somebody who reads no more is no error."""
    try:
        view = memoryview(block)
        while view:
            view = view[os.write(to, view) :]
    except BrokenPipeError:
        pass
    finally:
        os.close(to)


def answers(from_: int, wanted: int | None = None) -> int:
    """Read until so many lines have come, or the end; how many came."""
    count = 0
    while wanted is None or count < wanted:
        block = os.read(from_, CHUNK)
        if not block:
            break
        count += block.count(b"\n")
    return count


def lines_per_second(lines: int = LINES, command: list[str] | None = None) -> float:
    """The rate of one process, on one thread: its steps are too small to be shared. Raises WorkerFailed."""
    block = text(lines)
    with subprocess.Popen(
        command or COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
        env=environment(1), bufsize=0,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        try:
            process.stdin.write(b"0\n")
            count = answers(process.stdout.fileno(), 1)
            if count == 1:
                writer = threading.Thread(target=write_all, args=(os.dup(process.stdin.fileno()), block))
                start = time.perf_counter()
                process.stdin.close()
                writer.start()
                count += answers(process.stdout.fileno(), lines)
                taken = time.perf_counter() - start
                writer.join()
            errors = process.stderr.read().decode(errors="replace")
            code = process.wait()
        except BrokenPipeError:
            raise WorkerFailed(last_line(process.stderr.read().decode(errors="replace"), process.wait())) from None
        finally:
            killer.cancel()
    if count != lines + 1:
        raise WorkerFailed(f"{count} of {lines + 1} lines were answered: {last_line(errors, code)}")
    return lines / taken


def rates(lines: int = LINES, rounds: int = ROUNDS) -> list[float]:
    """Lines a second of some processes, one after the other. Raises WorkerFailed."""
    return [lines_per_second(lines) for _ in range(rounds)]
