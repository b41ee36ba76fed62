"""One source, other machines: narrower registers, bounds checking, no compiler at all."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from fresh import LSTM, run

from minirnn.jit.cache import base_folder
from minirnn.kernels.vec import lanes

UNITS = 19
TOLERANCE = {"float32": 2e-6, "float64": 4e-15}
X86 = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="the CPUs named are x86")


def program(dtypes, units):
    return LSTM.replace("DTYPES", repr(dtypes)).replace("UNITS", str(units))


def numbers(lines):
    return np.array([float.fromhex(v) for v in lines[1].split()])


@pytest.fixture(scope="module")
def folder():
    """The user's own cache: these programs take long to compile, and only once."""
    return base_folder()


@pytest.fixture(scope="module")
def native(folder):
    """This machine's numbers of each dtype, for units that need several tiles and leave the last one half empty."""
    return {dtype: numbers(run(program([dtype], UNITS), folder)) for dtype in TOLERANCE}


def check(found, native, dtype):
    expected = native[dtype]
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype] * np.abs(expected).max())


@X86
@pytest.mark.needs_jit
@pytest.mark.parametrize(("cpu", "width", "dtype"), [("haswell", 32, "float32"), ("generic", 16, "float64")])
def test_an_older_cpus_registers_give_the_same_numbers(cpu, width, dtype, native, folder):
    if cpu == "haswell" and lanes("float32") < 8:
        pytest.skip("this CPU cannot run what haswell can")
    lines = run(program([dtype], UNITS), folder, NUMBA_CPU_NAME=cpu, NUMBA_CPU_FEATURES="")
    assert int(lines[0]) == width
    check(numbers(lines), native, dtype)


@pytest.mark.needs_jit
def test_without_the_compiler_the_same_numbers_come_out(native, folder, dtype):
    check(numbers(run(program([dtype], UNITS), folder, NUMBA_DISABLE_JIT="1")), native, dtype)


@pytest.mark.needs_jit
def test_no_access_of_a_layer_is_out_of_bounds(native, folder):
    check(numbers(run(program(["float64"], UNITS), folder, NUMBA_BOUNDSCHECK="1")), native, "float64")


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
    lines = run(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import out_of_range", tmp_path / "c", NUMBA_BOUNDSCHECK="1"
    )
    assert lines == ["done"]
