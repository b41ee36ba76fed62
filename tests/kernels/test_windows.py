"""Windows along time: against loops, and `fold` as the transpose of `unfold`."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minirnn.kernels.windows import fold, largest, to_largest, unfold

lengths = st.integers(1, 9)
geometries = st.tuples(lengths, lengths, st.integers(1, 3), st.integers(1, 4), st.integers(0, 3), st.integers(1, 5))


def drawn(T, N, F, size, dtype="float64"):
    random = np.random.default_rng(T + 10 * N + 100 * F + 1000 * size)
    return random.normal(size=(2, T, F)).astype(dtype), random.normal(size=(2, N, size * F)).astype(dtype)


@given(geometries, st.integers(0, 9))
def test_windows_are_those_steps_or_zeros(geometry, left):
    T, N, dilation, F, more, size = geometry
    stride = more + 1
    x, windows = drawn(T, N, F, size)
    unfold(x, stride, dilation, left, windows, 0, 2)
    for n in range(N):
        for tap in range(size):
            t = n * stride + tap * dilation - left
            expected = x[:, t] if 0 <= t < T else np.zeros((2, F))
            np.testing.assert_array_equal(windows[:, n, tap * F : (tap + 1) * F], expected)


@given(geometries, st.integers(0, 9))
def test_fold_is_the_transpose_of_unfold(geometry, left):
    T, N, dilation, F, more, size = geometry
    x, d_windows = drawn(T, N, F, size)
    windows, dx = np.full_like(d_windows, np.nan), np.full_like(x, np.nan)
    unfold(x, more + 1, dilation, left, windows, 0, 2)
    fold(d_windows, more + 1, dilation, left, dx, 0, 2)
    np.testing.assert_allclose(np.sum(windows * d_windows), np.sum(x * dx), rtol=1e-12, atol=1e-12)


def test_only_the_samples_asked_for_are_touched(dtype):
    x, windows = drawn(5, 4, 2, 3, dtype)
    dx, before = x.copy(), windows.copy()
    unfold(x, 1, 1, 0, windows, 1, 2)
    np.testing.assert_array_equal(windows[0], before[0])
    fold(before, 1, 1, 0, dx, 1, 2)
    np.testing.assert_array_equal(dx[0], x[0])
    assert (dx[1] != x[1]).all()


def test_the_first_of_the_largest_steps_wins_and_takes_the_gradient(dtype):
    x = np.array([[[1, 5], [3, 5], [3, 2], [-1, -1]]], dtype)
    y, winner = np.zeros((1, 2, 2), dtype), np.zeros((1, 2, 2), np.int64)
    largest(x, 3, 2, 1, y, winner, 0, 1)  # steps -1, 0, 1 and 1, 2, 3
    np.testing.assert_array_equal(y[0], [[3, 5], [3, 5]])
    np.testing.assert_array_equal(winner[0], [[1, 0], [1, 1]])
    dx = np.full_like(x, np.nan)
    to_largest(np.array([[[1, 2], [4, 8]]], dtype), winner, dx, 0, 1)
    np.testing.assert_array_equal(dx[0], [[0, 2], [5, 8], [0, 0], [0, 0]])
