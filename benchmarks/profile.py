"""Where the time of minirnn's public calls goes.

    python -m benchmarks --profile --case 'medium-*'

    python       everything outside of kernels: looking at arrays, finding memory, putting arguments together
    hand-over    giving work to other threads, and waiting for them when the calling thread has done its own (of
                 waits above some 0.1 ms a part stays with the kernel: `Crew.waited`)
    matmul       the kernels of the recurrent layers and the head, without the gates
    gates        activations and the cell's equations, forward and backward
    optimizer    the update of the weights
    other        all other kernels: the loss, the look for NaN, masks

Every kernel is reached through `Kernel.specialise`, which gives the entry point that is then called; here it gives the
entry point in a stopwatch. Products and gates share one kernel: the case is run once more with cells without gates,
and what is missing then are the gates. Times are those of the calling thread; what the stopwatches take is
measured on an empty function and taken off. Each case runs in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from benchmarks.cases import find
from benchmarks.data import case_data
from benchmarks.process import run_apart
from benchmarks.worker import one_line, pin

PARTS = ("python", "hand-over", "matmul", "gates", "optimizer", "other")
GATED = ("forward", "backward", "take_step")  # kernels that hold products and gates
MATMUL = (
    *GATED, "gradients", "transpose", "multiply_input", "input_gradient",
    "dense_forward", "dense_backward", "dense_gradients",
)  # fmt: skip
OPTIMIZER = ("adam",)
HAND_OVER = ("call_up", "dismiss")
SECONDS, ROUNDS = 0.6, 20


class Stopwatches:
    """Adds up the nanoseconds that wrapped functions take in the calling thread, by name."""

    def __init__(self) -> None:
        self.nanoseconds: dict[str, int] = defaultdict(int)
        self.calls, self.last = 0, ""
        self.thread = get_ident()

    def around(self, name: str, function: Callable) -> Callable:
        """The same function, timed under this name."""
        clock, nanoseconds = time.perf_counter_ns, self.nanoseconds

        def timed(*arguments: Any) -> Any:
            if get_ident() != self.thread:
                return function(*arguments)
            start = clock()
            result = function(*arguments)
            nanoseconds[name] += clock() - start
            self.calls += 1
            if name not in HAND_OVER:
                self.last = name
            return result

        return timed

    def move(self, nanoseconds: int) -> None:
        """Some of what the last function took was waiting for other threads."""
        if get_ident() == self.thread:
            self.nanoseconds[self.last] -= nanoseconds
            self.nanoseconds[HAND_OVER[0]] += nanoseconds

    def reset(self) -> None:
        """Begin again at zero."""
        self.nanoseconds.clear()
        self.calls = 0


def cost_of_a_stopwatch(calls: int = 2_000, rounds: int = 20) -> tuple[float, float]:
    """Nanoseconds that one reads for a function that does nothing, and those that it adds to a call; at the least."""
    clock, watches = time.perf_counter_ns, Stopwatches()

    def empty() -> None:
        pass

    timed = watches.around("empty", empty)
    spans: dict[Callable, list[int]] = {empty: [], timed: []}
    read = []
    for _ in range(rounds):
        watches.reset()
        for function, taken in spans.items():
            start = clock()
            for _ in range(calls):
                function()
            taken.append(clock() - start)
        read.append(watches.nanoseconds["empty"])
    return min(read) / calls, (min(spans[timed]) - min(spans[empty])) / calls


@contextmanager
def watched(watches: Stopwatches) -> Iterator[None]:
    """Within this context entry points of kernels are timed, and how long the caller waits for other threads."""
    from minirnn.jit import Kernel
    from minirnn.kernels import threads

    specialise, run = Kernel.specialise, threads.Crew.run

    def watched_specialise(self: Any, *arguments: Any) -> Callable:
        return watches.around(self.__name__, specialise(self, *arguments))

    def watched_run(self: Any, *arguments: Any) -> None:
        run(self, *arguments)
        watches.move(round(1e9 * self.waited()))

    Kernel.specialise = watched_specialise  # type: ignore[method-assign]
    threads.Crew.run = watched_run  # type: ignore[method-assign]
    threads._idle.clear()  # those that come have watched entry points
    try:
        yield
    finally:
        Kernel.specialise, threads.Crew.run = specialise, run  # type: ignore[method-assign]
        threads._idle.clear()


@contextmanager
def without_gates() -> Iterator[None]:
    """Within this context recurrent layers have cells without gates.

    Forward, a pre-activation becomes the state: numbers of the size that states have, as a product takes longer with
    some. Backward nothing happens, and what the forward pass left are the gradients.
    A GRU with reset_after=False calls its four row functions by their names; its kernels, too, are compiled anew for
    the word in the cell's key, and then, read anew, find other functions under these names.
    """
    from minirnn import layers
    from minirnn.jit import inline
    from minirnn.jit.steps import read_anew
    from minirnn.kernels import two_pass
    from minirnn.kernels.simd import load_rows, store_rows, width

    @inline
    def no_rows(cell, rows, s, q, h, c, prev, new, left):
        W, C, P = width(s), s.shape[3], h.shape[2]
        for v in range(len(cell.unit_columns)):
            store_rows(rows, h, new + v * W, P, load_rows(rows, s, q + v * W, C), left - v * W)

    @inline
    def no_row_backward(cell, s, q, h, c, prev, new, dh, dc, at):
        pass

    @inline
    def no_reset_rows(cell, rows, s, q, h_in, reset, prev, new, left):
        no_rows(cell, rows, s, q, reset, reset, prev, new, left)

    @inline
    def no_update_rows(cell, rows, s, q, h, c, prev, new, left):
        no_rows(cell, rows, s, q, h, h, prev, new, left)

    @inline
    def no_update_row_backward(cell, s, q, h, prev, dh, dc, at):
        pass

    @inline
    def no_reset_row_backward(cell, s, q, h_in, prev, dh, dc, drop, at, ds_at):
        pass

    kinds = (layers.LSTM, layers.GRU, layers.SimpleRNN)
    cells = {kind: kind.cell for kind in kinds}
    replaced = {
        "gru_reset_rows": no_reset_rows,
        "gru_update_rows": no_update_rows,
        "gru_update_row_backward": no_update_row_backward,
        "gru_reset_row_backward": no_reset_row_backward,
    }
    rows = {name: getattr(two_pass, name) for name in replaced}

    def bare(cell: Any) -> Any:
        members = {} if hasattr(cell, "two_pass") else {"rows": no_rows, "row_backward": no_row_backward}
        return cell.but("without_gates", **members)

    for kind in kinds:
        kind.cell = lambda self, cell=cells[kind]: bare(cell(self))  # type: ignore[method-assign,misc]
    for name, nothing in replaced.items():
        setattr(two_pass, name, nothing)
    read_anew()
    try:
        yield
    finally:
        for kind in kinds:
            kind.cell = cells[kind]  # type: ignore[method-assign]
        for name, function in rows.items():
            setattr(two_pass, name, function)
        read_anew()


def measured(call: Callable[[], Any], watches: Stopwatches, seconds: float, rounds: int) -> tuple[float, dict]:
    """Microseconds of one call, and of the functions in it by their names: of the fastest of the rounds."""
    call()
    start = time.perf_counter()
    call()
    repeats = max(1, round(seconds / rounds / (time.perf_counter() - start)))
    read, added = cost_of_a_stopwatch()
    best: tuple[float, dict] = (float("inf"), {})
    for _ in range(rounds):
        watches.reset()
        start_ns = time.perf_counter_ns()
        for _ in range(repeats):
            call()
        taken = time.perf_counter_ns() - start_ns
        per_call = watches.calls / repeats
        whole = taken / repeats - per_call * added
        share = sum(watches.nanoseconds.values()) / repeats
        # What a stopwatch reads by itself is spread over the names by their time: it matters to small calls only.
        factor = max(0.0, 1 - per_call * read / share) if share else 0.0
        if whole / 1e3 < best[0]:
            parts = {name: factor * ns / repeats / 1e3 for name, ns in watches.nanoseconds.items()}
            best = whole / 1e3, parts
    return best


def profile(contender: Any, name: str, seconds: float = SECONDS, rounds: int = ROUNDS) -> dict[str, Any]:
    """The case's name, microseconds of one `call`, and of each of the PARTS."""
    case, watches = find(name), Stopwatches()
    with watched(watches):
        data = case_data(case)
        call, names = measured(contender.task(case, data, "default").call, watches, seconds, rounds)
        with without_gates():
            _, bare = measured(contender.task(case, data, "default").call, watches, seconds, rounds)
    gates = sum(max(0.0, names.get(kernel, 0.0) - bare.get(kernel, 0.0)) for kernel in GATED)
    parts = {
        "hand-over": sum(names.get(kernel, 0.0) for kernel in HAND_OVER),
        "matmul": sum(names.get(kernel, 0.0) for kernel in MATMUL) - gates,
        "gates": gates,
        "optimizer": sum(names.get(kernel, 0.0) for kernel in OPTIMIZER),
        "other": sum(us for kernel, us in names.items() if kernel not in (*MATMUL, *OPTIMIZER, *HAND_OVER)),
    }
    return {"case": name, "call": call, "python": max(0.0, call - sum(parts.values())), **parts}


def profile_apart(name: str, threads: int) -> dict[str, Any]:
    """The profile of a case, taken in a process of its own. Raises RuntimeError with one line when that fails."""
    return run_apart("benchmarks.profile", [threads, name], threads)


def main() -> None:
    """Print the profile of one case as JSON; an error as one line and exit code 1."""
    threads, name = int(sys.argv[1]), sys.argv[2]
    pin(threads)
    try:
        from benchmarks.contenders.minirnn import Entrant

        print(json.dumps(profile(Entrant(threads), name)))
    except Exception as error:
        sys.exit(one_line(error))


if __name__ == "__main__":
    main()
