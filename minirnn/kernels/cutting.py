"""Where a range is cut into pieces for threads: (first, size), the caller's piece and the size of all others."""

from __future__ import annotations

from functools import lru_cache

from minirnn.kernels.rows import heights, takes_tall


def cut(pieces: int, count: int, multiply_adds: int, hand_over: int, grain: int) -> tuple[int, int]:
    """Even pieces, multiples of `grain`, the caller's larger by what it gets done while the work is handed over."""
    even = count - count * hand_over // max(multiply_adds, 2 * hand_over)
    size = max(1, even // (pieces * grain)) * grain
    return -(-(count - (pieces - 1) * size) // grain) * grain, size


def rows_cost(count: int, columns: int) -> int:
    """What `rows.for_rows` takes for so many rows of so many columns, in rows of a tall tile.

    A single row waits for its own sums.
    """
    tall, middle = heights(columns)
    cost = 0
    while count > 0:
        height = tall if takes_tall(count, tall, middle) else middle if count >= middle else 1
        cost, count = cost + max(height, 2), count - height
    return cost


@lru_cache(maxsize=1024)
def cut_rows(count: int, pieces: int, columns: int) -> tuple[int, int]:
    """The cut of a few rows into no more pieces than that which is done soonest; size 0 if none is sooner than all.

    An even cut is not always that: 6 rows are one tile, 3 are three.
    """
    cuts = [
        (max(rows_cost(first, columns), rows_cost(size, columns)), abs(first - size), helpers, first, size)
        for helpers in range(1, pieces)
        for size in range(1, (count - 1) // helpers + 1)
        for first in [count - helpers * size]
    ]
    cost, _, _, first, size = min(cuts, default=(count, 0, 0, count, 0))
    return (first, size) if cost < rows_cost(count, columns) else (count, 0)
