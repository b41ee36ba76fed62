"""The machine: its processor, the versions of everything, and its float32 peak and bandwidth, measured on the spot.

The peak comes from a loop of fused multiply-adds on vector registers that do not wait for one another and never touch
memory. Large matrix products of NumPy and PyTorch are measured beside it; the largest rate seen counts as the peak.
The bandwidth is that of copying arrays too large for the caches, bytes read and bytes written counted.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.process import WorkerFailed, run_apart

LIBRARIES = ("numpy", "numba", "keras", "tensorflow", "jax", "torch", "onnxruntime", "onnx")

ACCUMULATORS = 12  # more than latency (4 cycles) times two FMA units, few enough for the 16 registers of AVX2
LANES = (4, 8, 16)  # float32 in a register of SSE or NEON, AVX2, AVX-512: the widest that the processor has wins
MATRIX = 2048
COPIED = 1 << 27  # bytes of each thread's arrays when the memory's bandwidth is measured


class PeakCall(NamedTuple):
    """A call of the loop of multiply-adds that takes some milliseconds."""

    flops: int  # of one thread, whatever the width of its registers

    def rounds(self, lanes: int) -> int:
        """Rounds of the loop on registers of so many lanes."""
        return self.flops // (2 * lanes * ACCUMULATORS)


PEAK_CALL = PeakCall(2 * 32_000_000 * ACCUMULATORS)


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


class OtherPrograms:
    """How much of the first `threads` cores other programs take from now on, from the counters of Linux."""

    def __init__(self, threads: int) -> None:
        self.cores: list[int] = []
        if hasattr(os, "sched_getaffinity"):
            self.cores = sorted(os.sched_getaffinity(0))[:threads]
        self.start = self._counters()

    def share(self) -> float | None:
        """Their share so far, or None where it cannot be told. The time of our ended child processes is our own."""
        now = self._counters()
        if now is None or self.start is None:
            return None
        total, busy, own = (after - before for after, before in zip(now, self.start, strict=True))
        return min(1.0, max(0.0, (busy - own) / total)) if total > 0 else None

    def _counters(self) -> tuple[float, float, float] | None:
        """Seconds of the cores since the start of the machine: in all, at work, at work for us."""
        try:
            rows = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
        except OSError:
            return None
        names = {f"cpu{core}" for core in self.cores}
        fields = [[int(field) for field in row[1:9]] for row in rows if row[0] in names]
        if not fields:
            return None
        ticks = os.sysconf("SC_CLK_TCK")
        total = sum(sum(row) for row in fields) / ticks
        idle = sum(row[3] + row[4] for row in fields) / ticks
        return total, total - idle, sum(os.times()[:4])


def fma_loop(lanes: int) -> Callable[[int, np.float32, np.float32], np.float32]:
    """A compiled f(n, a, b): n rounds of v = v * a + b on ACCUMULATORS independent vectors; gives a lane's sum."""
    from llvmlite import ir
    from numba import njit, types
    from numba.core import cgutils
    from numba.extending import intrinsic

    vector, i32, i64 = ir.VectorType(ir.FloatType(), lanes), ir.IntType(32), ir.IntType(64)

    @intrinsic
    def loop(typing_context, n, a, b):
        def emit(context, builder, signature, arguments):
            def everywhere(scalar):
                first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, i32(0))
                return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(i32, lanes), [0] * lanes))

            n, a, b = arguments[0], everywhere(arguments[1]), everywhere(arguments[2])
            fma_type = ir.FunctionType(vector, [vector] * 3)
            fma = cgutils.get_or_insert_function(builder.module, fma_type, f"llvm.fmuladd.v{lanes}f32")

            before = builder.block
            body, after = builder.append_basic_block("body"), builder.append_basic_block("after")
            builder.branch(body)
            builder.position_at_end(body)
            count = builder.phi(i64)
            old = [builder.phi(vector) for _ in range(ACCUMULATORS)]
            new = [builder.call(fma, [v, a, b]) for v in old]
            next_count = builder.add(count, i64(1))
            count.add_incoming(i64(0), before)
            count.add_incoming(next_count, body)
            for index, (v, v_new) in enumerate(zip(old, new, strict=True)):
                v.add_incoming(ir.Constant(vector, [float(index)] * lanes), before)
                v.add_incoming(v_new, body)
            builder.cbranch(builder.icmp_signed("<", next_count, n), body, after)

            # Every vector is read, or LLVM would leave it out of the loop.
            builder.position_at_end(after)
            total = new[0]
            for v in new[1:]:
                total = builder.fadd(total, v)
            return builder.extract_element(total, i32(0))

        return types.float32(types.int64, types.float32, types.float32), emit

    @njit(nogil=True)
    def run(n, a, b):
        return loop(n, a, b)

    return run


def rate(work: Callable[[], Any], flops: float, seconds: float = 0.3) -> float:
    """GFLOP/s of the fastest run among those that fit into some seconds."""
    end, fastest = time.perf_counter() + seconds, float("inf")
    while (start := time.perf_counter()) < end:
        work()
        fastest = min(fastest, time.perf_counter() - start)
    return flops / fastest / 1e9


def on_threads(threads: int, work: Callable[[], Any]) -> Callable[[], None]:
    """The same work on so many threads at once."""

    def run() -> None:
        others = [threading.Thread(target=work) for _ in range(threads - 1)]
        for thread in others:
            thread.start()
        work()
        for thread in others:
            thread.join()

    return run


def measure(threads: int) -> dict[str, dict[str, float]]:
    """GFLOP/s and GB/s by method, for a process that was started with its libraries limited to so many threads."""
    rates = {}
    half = np.float32(0.5)
    for lanes in LANES:
        loop = fma_loop(lanes)
        loop(1, half, half)
        work = on_threads(threads, partial(loop, PEAK_CALL.rounds(lanes), half, half))
        rates[f"FMA, {lanes} lanes"] = rate(work, PEAK_CALL.flops * threads)

    a = np.ones((MATRIX, MATRIX), dtype=np.float32)
    a @ a
    rates["NumPy sgemm"] = rate(lambda: a @ a, 2.0 * MATRIX**3)
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(threads)
        t = torch.from_numpy(a)
        t @ t
        rates["torch sgemm"] = rate(lambda: t @ t, 2.0 * MATRIX**3)
    return {"gflops": rates, "bandwidth": {"copy": copying(threads)}}


def copying(threads: int, size: int = COPIED) -> float:
    """GB/s of copying `size` bytes on each thread."""
    pairs = [(np.ones(size, np.uint8), np.zeros(size, np.uint8)) for _ in range(threads)]
    waiting = iter(pairs * 10_000)  # an iterator gives each pair to one thread only

    def copy() -> None:
        source, target = next(waiting)
        np.copyto(target, source)

    work = on_threads(threads, copy)
    work()
    return rate(work, 2.0 * size * threads)


def measured_rates(threads: int) -> dict[str, dict[str, float]]:
    """`measure(threads)` in a process of its own. Raises RuntimeError when it fails."""
    try:
        return run_apart("benchmarks.machine", [threads], threads)
    except WorkerFailed as error:
        raise RuntimeError(f"measuring the machine failed: {error}") from None


def describe(threads: int) -> dict[str, Any]:
    """All about the machine that a result needs beside it; rates are by number of threads, 1 and `threads`."""
    versions: dict[str, str | None] = {}
    for library in LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            versions[library] = None
    rates = {str(count): measured_rates(count) for count in sorted({1, threads})}
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
        "threads": threads,
        "rates": rates,
        "peak_gflops": {count: max(of["gflops"].values()) for count, of in rates.items()},
        "bandwidth": {count: max(of["bandwidth"].values()) for count, of in rates.items()},
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
