"""Every gate compiled, for numbers and for registers: `run_gate` runs what `reference.gate_runs` holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from minirnn.jit import Static, inline, kernel
from minirnn.kernels.simd import element, load, store, width
from reference import gate_runs
from reference.gate_runs import RUNS

# Machine code on disk is named by the key of its Static: with these files' hash in it, an edit is never missed.
SOURCES = Path(__file__).read_bytes() + Path(gate_runs.__file__).read_bytes()
VERSION = hashlib.sha256(SOURCES).hexdigest()[:16]


@inline
def one(array):
    return 1


@inline
def store_number(array, offset, value):
    array[offset] = value


GATES = {name: Static(("gate under test", name, VERSION), run=run) for name, run in RUNS.items()}
FORMS = {
    "numbers": Static(("form under test", "numbers", VERSION), get=element, put=store_number, stride=one),
    "registers": Static(("form under test", "registers", VERSION), get=load, put=store, stride=width),
}


@kernel
def run_gate(gate, form, x, y, n):
    """y (11 n,) from x (7 n,), point by point or register by register."""
    get, put = form.get, form.put
    for k in range(0, n, form.stride(x)):
        y_0, y_1, y_2, y_3, y_4, y_5, y_6, y_7, y_8, y_9, y_10 = gate.run(
            get(x, k), get(x, n + k), get(x, 2 * n + k), get(x, 3 * n + k), get(x, 4 * n + k), get(x, 5 * n + k),
            get(x, 6 * n + k),
        )  # fmt: skip
        put(y, k, y_0)
        put(y, n + k, y_1)
        put(y, 2 * n + k, y_2)
        put(y, 3 * n + k, y_3)
        put(y, 4 * n + k, y_4)
        put(y, 5 * n + k, y_5)
        put(y, 6 * n + k, y_6)
        put(y, 7 * n + k, y_7)
        put(y, 8 * n + k, y_8)
        put(y, 9 * n + k, y_9)
        put(y, 10 * n + k, y_10)
