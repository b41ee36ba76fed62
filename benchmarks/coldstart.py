"""What a median hides: the first fit after installing, the first fit of a later process, import time, peak memory.

Each number comes from a fresh process, `python -m benchmarks.coldstart MODULE THREADS CASE`, which imports a contender,
builds the case's model and trains one step. The first process finds an empty home folder, so every on-disk cache of
compiled code is empty too; the second process finds what the first one left there.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import find
from benchmarks.data import case_data
from benchmarks.process import WorkerFailed, run_apart
from benchmarks.worker import one_line, pin

FIT_CASE = "seed32-lstm-training"
MEMORY_CASE = "large-lstm-training"

# Wherever a library may keep compiled code between processes.
CACHE_HOMES = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA", "NUMBA_CACHE_DIR", "MINIRNN_CACHE_DIR")


@dataclass
class ColdStart:
    """One contender; seconds and MiB. An `error` is one line, and then the numbers are missing.

    import_seconds        importing the library when NumPy is imported already, its files in the system's cache: median
    first_fit_seconds     from import to the first trained step, with empty caches of compiled code
    later_fit_seconds     the same in a later process: median
    process_seconds       that later process as a whole, from its start to its first trained step: median
    memory                peak resident memory of a process that trains the large case
    memory_of_step        by how much that is above what it was after the import
    """

    import_seconds: float | None = None
    first_fit_seconds: float | None = None
    later_fit_seconds: float | None = None
    process_seconds: float | None = None
    memory: float | None = None
    memory_of_step: float | None = None
    error: str | None = None


def peak_memory() -> float:
    """Peak resident memory of this process in MiB."""
    try:
        # Not ru_maxrss, which on Linux starts at the peak of the parent process.
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource  # not on every system

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1024**2 if sys.platform == "darwin" else peak / 1024


def probe(module: str, threads: int, case_name: str) -> dict[str, Any]:
    """Import a contender and train one step: seconds of each, and memory after each."""
    pin(threads)
    start = time.perf_counter()
    contender = importlib.import_module(module).Entrant(threads)
    imported = time.perf_counter()
    before = peak_memory()
    case = find(case_name)
    if case.mode not in contender.modes:
        return {"import_seconds": imported - start, "fit_seconds": None}
    data = case_data(case)
    prepared = time.perf_counter()
    contender.fit(case, data)
    fit_seconds = time.perf_counter() - prepared
    memory = {"memory": peak_memory(), "memory_of_step": peak_memory() - before}
    return {"import_seconds": imported - start, "fit_seconds": fit_seconds, **memory}


def run_probe(module: str, threads: int, case: str, home: str) -> dict[str, Any]:
    """`probe` in a fresh process with that home folder, and the seconds of the whole process. Raises WorkerFailed."""
    start = time.perf_counter()
    told = run_apart("benchmarks.coldstart", [module, threads, case], threads, dict.fromkeys(CACHE_HOMES, home))
    return {**told, "process_seconds": time.perf_counter() - start}


def cold_start(module: str, threads: int, repeats: int = 3, fits: bool = True) -> ColdStart:
    """Everything about one contender, or without `fits` its memory alone; what fails is told in `error`."""
    result = ColdStart()
    try:
        with tempfile.TemporaryDirectory(prefix="coldstart-") as home:
            trains = True
            if fits:
                first = run_probe(module, threads, FIT_CASE, home)
                later = [run_probe(module, threads, FIT_CASE, home) for _ in range(repeats)]
                result.import_seconds = statistics.median(run["import_seconds"] for run in later)
                trains = first["fit_seconds"] is not None
                if trains:
                    result.first_fit_seconds = first["fit_seconds"]
                    result.later_fit_seconds = statistics.median(run["fit_seconds"] for run in later)
                    result.process_seconds = statistics.median(run["process_seconds"] for run in later)
            if trains:
                large = run_probe(module, threads, MEMORY_CASE, home)
                result.memory, result.memory_of_step = large.get("memory"), large.get("memory_of_step")
            return result
    except WorkerFailed as error:
        return ColdStart(error=str(error))


def all_cold_starts(contenders: Mapping[str, str], threads: int, repeats: int = 3) -> dict[str, dict[str, Any]]:
    """Every contender's cold start as plain dictionaries, by name; beside minirnn's the import of Numba alone."""
    if "minirnn" in contenders:
        contenders = {**contenders, "numba alone": "benchmarks.contenders.numba_alone"}
    return {name: asdict(cold_start(module, threads, repeats)) for name, module in contenders.items()}


def checked_cold_starts(contenders: Mapping[str, str], threads: int) -> dict[str, dict[str, Any]]:
    """What promises are about: everything of minirnn, and the memory of PyTorch."""
    asked = {"minirnn": True, "torch": False}
    return {
        name: asdict(cold_start(contenders[name], threads, fits=fits))
        for name, fits in asked.items()
        if name in contenders
    }


def main() -> None:
    """Print one probe as JSON; an error as one line and exit code 1."""
    try:
        print("\n" + json.dumps(probe(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
    except Exception as error:
        sys.exit(one_line(error))


if __name__ == "__main__":
    main()
