"""Sliding windows: a series as the table that a network learns from, without copying it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from minirnn.boundary import as_numbers, whole
from minirnn.compat import spelling


@spelling.names_nearest
def sliding_windows(
    series: Any, length: int, horizon: int = 1, stride: int = 1, chunk: int = 1
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return every window of a series as x, and what follows it as y.

    The numbers 1 to 10 in windows of 4, each with the number that comes next:

    >>> x, y = sliding_windows(range(1, 11), 4)
    >>> x.shape, y.shape
    ((6, 4, 1), (6,))
    >>> for window, target in zip(x, y):
    ...     print(window.ravel(), "->", target)
    [1 2 3 4] -> 5
    [2 3 4 5] -> 6
    [3 4 5 6] -> 7
    [4 5 6 7] -> 8
    [5 6 7 8] -> 9
    [6 7 8 9] -> 10

    Two values a step, three values ahead:

    >>> x, y = sliding_windows(range(1, 11), 4, horizon=3, chunk=2)
    >>> print(x[0], "->", y[0])
    [[1 2]
     [3 4]] -> [5 6 7]

    Two columns; y has them both, and y[:, 0] is the first alone:

    >>> x, y = sliding_windows([[1, 10], [2, 20], [3, 30], [4, 40]], 2)
    >>> x.shape, y.shape
    ((2, 2, 2), (2, 2))
    >>> print(x[0], "->", y[0], "or", y[0, 0])
    [[ 1 10]
     [ 2 20]] -> [ 3 30] or 3

    The newest window, which nothing follows yet, is what to predict from: `series[-length:]`, shaped (1, steps, ..).

    Args:
        series: (n,) values, or (n, columns): n moments of time, the oldest first. Numbers of any dtype, which x and y
            keep.
        length: moments in a window. A multiple of `chunk`.
        horizon: moments that y holds: the first ones after the window, none of which is in it.
        stride: moments from one window's start to the next one's.
        chunk: consecutive moments that make one step of x.

    Returns:
        x (rows, length / chunk, chunk * columns), moment by moment within a step, and y (rows, horizon), or
        (rows, horizon, columns) of a series with columns; without the axis of the horizon if it is 1. There are
        (n - length - horizon) // stride + 1 rows. Both are views, read-only since their rows share memory, of the
        series if it is a C-contiguous array, else of one copy of it.

    Raises:
        TypeError: an argument that is no whole number, a series that holds no numbers.
        ValueError: one below 1 (a horizon of 0 would be the window's own last moment, a leak), a length that is no
            multiple of `chunk`, a series that is too short for one window and its horizon, or has more than two axes.
    """
    values = np.ascontiguousarray(as_numbers(series, "series"))
    length, stride, chunk = whole(length, "length"), whole(stride, "stride"), whole(chunk, "chunk")
    if isinstance(horizon, (int, np.integer)) and not isinstance(horizon, bool) and horizon < 1:
        raise ValueError(f"horizon must be at least 1, got {horizon}: y would lie in the window itself, a leak")
    horizon = whole(horizon, "horizon")
    if values.ndim > 2:
        raise ValueError(f"series: got shape {values.shape}, expected (n,) or (n, columns)")
    if length % chunk:
        raise ValueError(f"a window of {length} values is no whole number of steps of chunk={chunk} values")
    if len(values) < length + horizon:
        raise ValueError(
            f"series is too short: got {len(values)} values, a window of {length} and a horizon of {horizon} need "
            f"{length + horizon}"
        )
    if values.size == 0:
        raise ValueError(f"series: got shape {values.shape}, expected at least one column")
    # (rows, columns.., length + horizon), the moments brought to the front of the columns
    stretches = np.moveaxis(sliding_window_view(values, length + horizon, axis=0)[::stride], -1, 1)
    x, y = stretches[:, :length], stretches[:, length:]
    return x.reshape(len(x), length // chunk, -1), y[:, 0] if horizon == 1 else y
