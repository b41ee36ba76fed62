"""One source, other machines: narrower registers, bounds checking, no compiler at all."""

from __future__ import annotations

import functools
import platform

import numpy as np
import pytest
from fresh import EVERY_LAYER, run

from minirnn.jit.cache import base_folder
from minirnn.kernels.vec import lanes

TOLERANCE = {"float32": 2e-6, "float64": 4e-15}
KINDS = ["LSTM", "GRU", "GRU reset before", "SimpleRNN", "Dense"]
# The environment of each target, and the bytes of its registers (None: those of this machine).
TARGETS = {
    "haswell": ({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}, 32),
    "generic": ({"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, 16),
    # The optimizer changes no access; without it this target compiles in two thirds of the time.
    "bounds checked": ({"NUMBA_BOUNDSCHECK": "1", "NUMBA_OPT": "0"}, None),
    "without the compiler": ({"NUMBA_DISABLE_JIT": "1"}, None),
}


def can_run(target):
    if target not in ("haswell", "generic"):
        return True
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return x86 and (target == "generic" or lanes("float32") >= 8)


def arrays_of(lines):
    """{(dtype, kind of layer): its arrays}, from what EVERY_LAYER prints after its first line."""
    arrays = {}
    for line in lines:
        dtype, kind, *values = line.split(",")
        arrays.setdefault((dtype, kind), []).append(np.array([float.fromhex(v) for v in values]))
    return arrays


# Half a minute of compiling each: `pytest -m slow` runs them, as CI does.
SLOW = ("haswell", "bounds checked")


@functools.cache
def result(target):
    """The lines of a target, or of "native", from a process that computes everything, at the first call.

    Machine code goes to the user's own cache: these programs take long to compile, and only once.
    """
    return run(EVERY_LAYER, base_folder(), **({} if target == "native" else TARGETS[target][0]))


@pytest.mark.needs_jit
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "target", [pytest.param(target, marks=pytest.mark.slow if target in SLOW else ()) for target in TARGETS]
)
def test_every_target_gives_the_same_outputs_and_gradients(target, kind, dtype):
    if not can_run(target):
        pytest.skip(f"this CPU cannot run what {target} can")
    width, *lines = result(target)
    native_width, *native = result("native")
    assert int(width) == (TARGETS[target][1] or int(native_width))
    found, expected = arrays_of(lines)[dtype, kind], arrays_of(native)[dtype, kind]
    assert len(found) == {"LSTM": 7, "Dense": 4}.get(kind, 6)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE[dtype] * np.abs(b).max())


OUT_OF_RANGE = """
import numpy as np
from minirnn.jit import kernel
from minirnn.kernels.simd import element, lanes, load, load_part, store, store_part, zeros
from minirnn.kernels.tiles import COLUMNS_1, ROWS_2, tile_load, tile_store

@kernel
def loads(x, offset):
    store(x, 0, load(x, offset))

@kernel
def loads_part(x, offset):
    store(x, 0, load_part(x, offset, 2))

@kernel
def stores(x, offset):
    store(x, offset, zeros(x))

@kernel
def stores_part(x, offset):
    store_part(x, offset, zeros(x), 2)

@kernel
def elements(x, offset):
    x[0] = element(x, offset)

@kernel
def tiles(x, offset):
    tile_store(tile_load(ROWS_2, COLUMNS_1, x, offset, 1), x, 0, 1)

W = lanes("float32")
reach = {loads: W, loads_part: 2, stores: W, stores_part: 2, elements: 1, tiles: W + 1}
for kernel_, size in reach.items():
    last = 4 * W - size
    kernel_(np.zeros(4 * W, "float32"), last)
    for offset in (last + 1, -1, 10**6):
        try:
            kernel_(np.zeros(4 * W, "float32"), offset)
        except IndexError:
            continue
        print(kernel_.__name__, offset)
print("done")
"""


@pytest.mark.needs_jit
def test_with_bounds_checking_an_access_out_of_range_is_an_index_error(tmp_path):
    # Numba compiles from a file's text: the kernels need one.
    (tmp_path / "out_of_range.py").write_text(OUT_OF_RANGE)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import out_of_range"
    assert run(program, tmp_path / "c", NUMBA_BOUNDSCHECK="1") == ["done"]
