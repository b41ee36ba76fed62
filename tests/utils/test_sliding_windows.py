"""sliding_windows: the table of a series, as views."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirnn.utils import sliding_windows

TEN = np.arange(1, 11)


def naive(series, length, horizon, stride, chunk):
    """The same table in obvious loops."""
    series = np.asarray(series)
    x, y = [], []
    start = 0
    while start + length + horizon <= len(series):
        window = [series[start + i] for i in range(length)]
        x.append([np.concatenate([np.ravel(v) for v in window[i : i + chunk]]) for i in range(0, length, chunk)])
        future = [series[start + length + i] for i in range(horizon)]
        y.append(future[0] if horizon == 1 else future)
        start += stride
    return np.array(x), np.array(y)


def test_ten_numbers_in_windows_of_four_make_six_rows():
    x, y = sliding_windows(TEN, 4)
    assert x.shape == (6, 4, 1) and y.shape == (6,)
    np.testing.assert_array_equal(
        x[..., 0], [[1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 6], [4, 5, 6, 7], [5, 6, 7, 8], [6, 7, 8, 9]]
    )
    np.testing.assert_array_equal(y, [5, 6, 7, 8, 9, 10])


@given(
    n=st.integers(1, 30),
    columns=st.sampled_from([None, 1, 3]),
    steps=st.integers(1, 4),
    chunk=st.integers(1, 3),
    horizon=st.integers(1, 4),
    stride=st.integers(1, 5),
)
def test_windows_are_those_of_obvious_loops(n, columns, steps, chunk, horizon, stride):
    shape = (n + steps * chunk + horizon, *([] if columns is None else [columns]))
    series = np.random.default_rng(n).standard_normal(shape)
    arguments = (steps * chunk, horizon, stride, chunk)
    x, y = sliding_windows(series, *arguments)
    expected_x, expected_y = naive(series, *arguments)
    assert x.shape == (len(y), steps, chunk * (columns or 1)) and x.dtype == y.dtype == series.dtype
    np.testing.assert_array_equal(x, expected_x)
    np.testing.assert_array_equal(y, expected_y)


@pytest.mark.parametrize("shape", [(50,), (50, 1), (50, 3)])
@pytest.mark.parametrize("options", [{}, {"horizon": 3}, {"stride": 2}, {"chunk": 2}, {"chunk": 3, "stride": 5}])
def test_windows_share_the_memory_of_the_series_and_cannot_be_written(shape, options):
    series = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    for view in sliding_windows(series, 6, **options):
        assert np.shares_memory(view, series) and not view.flags.writeable
    assert series.flags.writeable


def test_a_strided_series_is_copied_once_and_its_windows_are_not():
    series = np.arange(2000.0).reshape(1000, 2)[:, 1]
    x, y = sliding_windows(series, 500, chunk=2)
    assert np.shares_memory(x, y)
    np.testing.assert_array_equal(x[7].ravel(), series[7:507])


def test_no_target_is_in_its_own_window():
    x, y = sliding_windows(TEN, 4, horizon=3)
    assert (x[:, -1, 0] < y[:, 0]).all()


def test_the_shortest_series_makes_one_row():
    x, y = sliding_windows(TEN, 7, horizon=3, stride=100)
    assert x.shape == (1, 7, 1) and y.tolist() == [[8, 9, 10]]


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"length": 11}, ValueError, "too short: got 10 values, a window of 11 and a horizon of 1 need 12"),
        ({"length": 10}, ValueError, "too short"),
        ({"length": 8, "horizon": 3}, ValueError, "too short"),
        ({"length": 0}, ValueError, "length must be at least 1"),
        ({"length": 4.0}, TypeError, "length"),
        ({"length": 4, "horizon": 0}, ValueError, "leak"),
        ({"length": 4, "horizon": -2}, ValueError, "leak"),
        ({"length": 4, "horizon": True}, TypeError, "horizon"),
        ({"length": 4, "stride": 0}, ValueError, "stride"),
        ({"length": 4, "chunk": 0}, ValueError, "chunk"),
        ({"length": 4, "chunk": 3}, ValueError, "no whole number of steps of chunk=3"),
        ({"length": 4, "series": np.zeros((10, 2, 2))}, ValueError, "expected \\(n,\\) or \\(n, columns\\)"),
        ({"length": 4, "series": np.zeros((10, 0))}, ValueError, "at least one column"),
        ({"length": 4, "series": ["a", "b"]}, TypeError, "series"),
        ({"length": 4, "series": 3}, ValueError, "series"),
        ({"length": 4, "series": None}, TypeError, "series"),
    ],
)
def test_what_makes_no_table_is_refused_in_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        sliding_windows(**{"series": TEN} | arguments)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_horizon_that_is_no_whole_number_is_told_the_least_there_is():
    with pytest.raises(TypeError, match="horizon must be a whole number of at least 1"):
        sliding_windows(TEN, 4, horizon=1.5)
