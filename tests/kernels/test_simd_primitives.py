"""SIMD primitives: what the compiler emits does what the NumPy body beside it does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from minirnn.gates.elementary import absolute, where
from minirnn.jit import Static, kernel
from minirnn.kernels import tiles, vec
from minirnn.kernels.instructions import ROUNDER_32, ROUNDER_64, half_power_of_two, power_of_two, sqrt, with_sign
from minirnn.kernels.pairs import pair_matmul, pair_rank1, tile_half, tile_pair
from minirnn.kernels.rows import for_rows, heights
from minirnn.kernels.simd import (
    add_lanes,
    element,
    first_lanes,
    lanes,
    load,
    load_part,
    store,
    store_part,
    width,
    zeros,
)
from minirnn.kernels.tiles import (
    COLUMNS_0,
    COLUMNS_1,
    COLUMNS_2,
    COLUMNS_3,
    ROWS_1,
    ROWS_2,
    ROWS_3,
    tile_add,
    tile_load,
    tile_rank1,
    tile_store,
    tile_store_part,
    tile_zeros,
)

VERSION = Static((hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16],))
EPSILON = {"float32": 1.2e-7, "float64": 2.3e-16}


@pytest.fixture
def both(dtype):
    """Run a kernel as machine code and as plain Python on equal arrays: the pairs of arrays afterwards."""

    def run(kernel_, *arguments, arrays):
        random = np.random.default_rng(0)
        first = [random.normal(0, 2, shape).astype(dtype) for shape in arrays]
        second = [a.copy() for a in first]
        results = kernel_(VERSION, *first, *arguments), kernel_.function(VERSION, *second, *arguments)
        return results, list(zip(first, second, strict=True))

    return run


@kernel
def move(version, x, y, offset, count):
    W = width(x)
    store(y, 0, load(x, offset))
    store(y, W, zeros(x))
    store(y, 2 * W, load_part(x, offset, count))
    store_part(y, 3 * W, load(x, offset), count)
    y[1, 0] = element(x, offset)
    return W


@pytest.mark.parametrize("count", [0, 1, 3, "W"])
@pytest.mark.parametrize("offset", [0, 1, 5])
def test_loads_and_stores_move_the_same_numbers(offset, count, both, dtype):
    W = lanes(dtype)
    count = W if count == "W" else min(count, W)
    results, pairs = both(move, offset, count, arrays=[(2, W + 3), (2, 2 * W)])
    assert results == (W, W)
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)


def test_loads_and_stores_move_the_numbers_at_their_offset(dtype):
    W = lanes(dtype)
    x, y = np.arange(1, 2 * W + 7, dtype=dtype).reshape(2, -1), np.full((2, 2 * W), -1, dtype)
    move(VERSION, x, y, 2, 2)
    np.testing.assert_array_equal(y[0, :W], x.reshape(-1)[2 : 2 + W])
    np.testing.assert_array_equal(y[0, W:], 0)
    np.testing.assert_array_equal(
        y[1], [x.reshape(-1)[2], x.reshape(-1)[3], *[0] * (W - 2), x.reshape(-1)[2], x.reshape(-1)[3], *[-1] * (W - 2)]
    )


@kernel
def keep_first(version, x, y, count):
    store(y, 0, first_lanes(load(x, 0), count))


@pytest.mark.parametrize("count", [-3, 0, 1, 3, "W - 1", "W", "W + 2"])
def test_the_first_lanes_are_kept_and_the_others_are_zero(count, dtype):
    W = lanes(dtype)
    count = {"W - 1": W - 1, "W": W, "W + 2": W + 2}.get(count, count)
    x, y = np.arange(1, W + 1, dtype=dtype), np.full(W, -1, dtype)
    x[-1] = np.nan
    expected = np.where(np.arange(W) < count, x, 0)
    for run in (keep_first, keep_first.function):
        run(VERSION, x, y, count)
        np.testing.assert_array_equal(y, expected)


@kernel
def compute(version, x, y, rounder):
    W = width(x)
    a, b = load(x, 0), load(x, W)
    store(y, 0, a + b)
    store(y, W, a - b)
    store(y, 2 * W, a * b)
    store(y, 3 * W, absolute(a) - b)
    store(y, 4 * W, -a)
    store(y, 5 * W, 2.0 + a)
    store(y, 6 * W, a - 1)
    store(y, 7 * W, 0.5 * a)
    store(y, 8 * W, 1.0 - a)
    store(y, 9 * W, where(a < b, a, b))
    store(y, 10 * W, where(a <= 0.0, 0.0, a))
    store(y, 11 * W, where(a > b, a, 1))
    store(y, 12 * W, where(0.0 >= a, -1.0, a))
    store(y, 13 * W, sqrt(absolute(a)))
    rounded = 3.0 * b + rounder
    store(y, 14 * W, power_of_two(rounded))
    store(y, 15 * W, half_power_of_two(rounded))
    store(y, 16 * W, with_sign(absolute(a), b))
    return add_lanes(a)


@kernel
def compute_quotients(version, x, y):
    W = width(x)
    store(y, 0, load(x, 0) / load(x, W))
    store(y, W, 1.0 / load(x, W))


@pytest.mark.parametrize("largest", [1.0, 1e5, 1e15])
def test_quotients_are_off_by_one_bit_at_most(dtype, largest):
    W = lanes(dtype)
    rng = np.random.default_rng(3)
    for _ in range(200):
        x = (rng.uniform(1, 2, 2 * W) * largest ** rng.uniform(-1, 1, 2 * W) * rng.choice([-1, 1], 2 * W)).astype(dtype)
        found, exact = np.empty(2 * W, dtype), np.empty(2 * W, dtype)
        compute_quotients(VERSION, x, found)
        compute_quotients.function(VERSION, x, exact)
        np.testing.assert_array_max_ulp(found, exact, 1)


def test_quotients_of_zero_and_infinity_are_those_of_numpy(dtype):
    W = lanes(dtype)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 2.0], dtype)
    for a in special:
        for b in special:
            x, found = np.concatenate([np.full(W, a), np.full(W, b)]).astype(dtype), np.empty(2 * W, dtype)
            with np.errstate(divide="ignore", invalid="ignore"):
                compute_quotients(VERSION, x, found)
                np.testing.assert_array_equal(found[::W], [a / b, 1 / b])


def test_operators_give_the_same_bits(both, dtype):
    W = lanes(dtype)
    rounder = ROUNDER_32 if dtype == "float32" else ROUNDER_64
    (compiled, plain), pairs = both(compute, rounder, arrays=[(2 * W,), (17 * W,)])
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)
    # The sum of the lanes is taken in an order of the compiler's choice.
    assert compiled == pytest.approx(plain, abs=W * 4 * EPSILON[dtype])


def test_comparisons_with_nan_are_false(dtype):
    W = lanes(dtype)
    x, y = np.ones(2 * W, dtype), np.zeros(16 * W, dtype)
    x[0] = np.nan
    with np.errstate(invalid="ignore"):
        compute_where(VERSION, x, y)
    assert y[:4].tolist() == [2.0] * 4


@kernel
def compute_where(version, x, y):
    W = width(x)
    a = load(x, 0)
    store(y, 0 * W, where(a < 5.0, 1.0, a * 0.0 + 2.0))
    y[4] = y[0]
    store(y, 1 * W, where(a <= 5.0, 1.0, a * 0.0 + 2.0))
    y[5] = y[W]
    store(y, 2 * W, where(a > -5.0, 1.0, a * 0.0 + 2.0))
    y[6] = y[2 * W]
    store(y, 3 * W, where(a >= -5.0, 1.0, a * 0.0 + 2.0))
    y[7] = y[3 * W]
    for k in range(4):
        y[k] = 2.0 if y[k * W] != 1.0 else 1.0


@kernel
def move_tiles(version, x, y, b, offset, stride, count):
    W = width(x)
    size = 3 * stride
    store_at = 0
    t = tile_load(ROWS_3, COLUMNS_2, x, offset, stride)
    tile_store(t, y, store_at, stride)
    tile_store(tile_zeros(ROWS_3, COLUMNS_2, x), y, size, stride)
    tile_store_part(t, y, 2 * size, stride, count)
    tile_store(tile_add(t, COLUMNS_0, COLUMNS_2, b, 1), y, 3 * size, stride)
    tile_store(tile_add(t, COLUMNS_1, COLUMNS_1, b, 1), y, 4 * size, stride)
    tile_store(tile_rank1(t, COLUMNS_0, COLUMNS_2, b, 2, 1, x, 3), y, 5 * size, stride)
    tile_store(tile_rank1(t, COLUMNS_1, COLUMNS_1, b, 2, 2, x, 3), y, 6 * size, stride)
    tile_store(tile_rank1(t, COLUMNS_0, COLUMNS_2, b, 2, 0, x, 3), y, 7 * size, stride)
    tile_store(tile_rank1(t, COLUMNS_0, COLUMNS_2, b, 2, -1, x, 3), y, 9 * size, stride)
    one = tile_load(ROWS_1, COLUMNS_3, x, 0, 0)
    tile_store(one, y, 8 * size, 3 * W)
    low = tile_load(ROWS_2, COLUMNS_3, x, 0, 3)
    tile_store(tile_rank1(low, COLUMNS_0, COLUMNS_3, b, 2, 1, x, 1), y, 10 * size, 3 * W)


@pytest.mark.parametrize("count", [-1, 0, 1, "W", "W + 1", "2 W", "2 W + 5"])
def test_tiles_are_moved_added_and_multiplied_alike(count, both, dtype):
    W = lanes(dtype)
    count = {"W": W, "W + 1": W + 1, "2 W": 2 * W, "2 W + 5": 2 * W + 5}.get(count, count)
    stride = 2 * W + 3
    _, pairs = both(move_tiles, 1, stride, count, arrays=[(4, stride), (13, 3, stride), (2 * W + 8,)])
    for a, b in pairs:
        # The compiled product and sum are one fused operation with one rounding.
        np.testing.assert_allclose(a, b, rtol=0, atol=16 * EPSILON[dtype])


@kernel
def move_pairs(version, x, y, b):
    W = width(x)
    wide = tile_pair(tile_load(ROWS_3, COLUMNS_2, x, 0, 2 * W), tile_load(ROWS_3, COLUMNS_2, x, 6 * W, 2 * W))
    tile_store(tile_half(wide, COLUMNS_0), y, 0, 2 * W)
    tile_store(tile_half(wide, COLUMNS_1), y, 6 * W, 2 * W)
    tile_store(pair_rank1(wide, b, 2, 1, x, 1, 5 * W), y, 12 * W, 4 * W)
    narrow = tile_pair(tile_load(ROWS_3, COLUMNS_1, x, 0, W), tile_load(ROWS_3, COLUMNS_1, x, 3 * W, W))
    tile_store(pair_rank1(narrow, b, 2, -1, x, 5 * W, 1), y, 24 * W, 2 * W)
    tile_store(pair_matmul(narrow, b, 0, 1, x, 0, 1, W, 3), y, 30 * W, 2 * W)


def test_pairs_of_tiles_are_put_together_taken_apart_and_multiplied_alike(both, dtype):
    _, pairs = both(move_pairs, arrays=[(12, lanes(dtype)), (36, lanes(dtype)), (8,)])
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=0, atol=16 * EPSILON[dtype])


@kernel
def multiply(version, columns, a, b, out, r0, r1):
    for_rows(multiply_rows, columns, r0, r1, (columns, a, b, out))


def multiply_rows(rows, i, columns, a, b, out):
    K, N = b.shape
    tile = tiles.matmul(tile_zeros(rows, columns, a), COLUMNS_0, columns, a, i * K, K, 1, b, 0, K, 0)
    tile_store(tile, out, i * N, N)


multiply_rows = tiles.inline(multiply_rows)


@pytest.mark.parametrize("columns", range(1, 5))
@pytest.mark.parametrize("rows", [*range(1, 20), 31])
def test_for_rows_covers_any_number_of_rows_once(rows, columns, dtype):
    random, N = np.random.default_rng(rows), columns * lanes(dtype)
    a, b = random.normal(size=(rows + 2, 5)).astype(dtype), random.normal(size=(5, N)).astype(dtype)
    out = np.full((rows + 2, N), np.nan, dtype)
    multiply(VERSION, (0,) * columns, a, b, out, 1, rows + 1)
    np.testing.assert_allclose(out[1:-1], (a @ b)[1:-1], rtol=0, atol=20 * EPSILON[dtype])
    assert np.isnan(out[[0, -1]]).all()


@pytest.mark.parametrize("columns", range(1, 5))
def test_a_tile_leaves_room_for_one_side_and_a_register(columns):
    for height in heights(columns):
        assert height * columns + min(height, columns) + 1 <= vec.REGISTERS


@pytest.mark.parametrize("columns", range(1, 5))
@pytest.mark.parametrize("count", range(1, 40))
def test_rows_are_covered_as_soon_as_with_tall_tiles_first_or_middle_ones(count, columns):
    tall, middle = heights(columns)

    def cost(taken):  # a tile of fewer than 8 sums waits for them
        return sum(max(height * columns, 8) for height in taken)

    def greedy(left, sizes):
        taken = []
        for size in sizes:
            taken += [size] * (left // size)
            left %= size
        return taken

    taken = []
    for_rows(lambda rows, i: taken.append(len(rows)), (0,) * columns, 0, count, ())
    assert sum(taken) == count
    assert cost(taken) <= min(cost(greedy(count, (tall, middle, 1))), cost(greedy(count, (middle, 1))))


@pytest.mark.parametrize("columns", [COLUMNS_1, tiles.COLUMNS_3, tiles.COLUMNS_4])
@pytest.mark.parametrize("height", heights(4))
def test_the_tiles_of_a_panel_fetch_the_next_one_and_nothing_outside(height, columns, dtype):
    terms, panels, r0 = 5, 3, 7
    b = np.zeros((panels, terms, len(columns) * lanes(dtype)), dtype)
    for panel in range(panels):
        fetched = set()
        for tile in range(len(columns) * lanes(dtype) // tiles.pace(b) + 1):
            i = r0 + tile * height
            start = tiles.next_panel((0,) * height, i, r0, columns, panel, panels, terms, b)
            fetched |= set(range(start, start + terms * tiles.pace(b)))
        after = (panel + 1) % panels
        assert fetched == set(range(after * b[0].size, (after + 1) * b[0].size))


def test_a_register_is_as_wide_as_the_cpus():
    assert vec.VECTOR_BYTES in (16, 32, 64)
    assert lanes("float32") == 2 * lanes("float64") == vec.VECTOR_BYTES // 4
