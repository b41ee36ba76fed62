"""Compile ahead of time, so that the first fit of a later process starts at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minirnn import layers
from minirnn.choices import one_of
from minirnn.jit import cache
from minirnn.kernels.threads import compile_helpers, get_num_threads
from minirnn.models import Sequential

CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN}


def warmup(
    cells: str | Sequence[str] = ("lstm", "gru", "simple_rnn"),
    units: int = 32,
    features: int = 1,
    dtype: str = "float32",
    print_fn: Callable[[str], Any] | None = print,
    **options: Any,
) -> float:
    """Compile what one or several layers cell(units), then Dense(1), need to train with Adam on the mean squared error;
    return the seconds.

    `cells`: one or several of "lstm", "gru" and "simple_rnn".

    Kernels come in three widths of tiles: up to one register of `units` (or `features`), up to two, and more; name your
    own sizes to compile theirs. `options` go to the recurrent layer, such as activation="relu". Machine code is kept on
    disk, in the folder that is printed, and found there by later processes. Raises ValueError for an unknown cell.
    """
    cells = [cells] if isinstance(cells, str) else list(cells)
    for cell in cells:
        one_of(cell, "a cell of warmup", list(CELLS))
    begin = time.perf_counter()
    for cell in cells:
        start = time.perf_counter()
        options = {**options, "dtype": dtype}
        # Two of them: the first needs no gradient of its input.
        stack = [CELLS[cell](units, **options, return_sequences=True), CELLS[cell](units, **options)]
        model = Sequential([layers.Input((2, features)), *stack, layers.Dense(1, dtype=dtype)])
        model.compile("adam", "mse")
        model.train_on_batch(np.zeros((2, 2, features)), np.zeros((2, 1)))
        if print_fn:
            print_fn(f"{cell}({units}) on {features} feature(s), {dtype}: ready in {time.perf_counter() - start:.1f} s")
    if get_num_threads() > 1:
        compile_helpers()
    if print_fn:
        place = cache.folder()
        print_fn(f"kept in {place}" if place else "not kept: there is no usable cache folder")
    return time.perf_counter() - begin
