"""How samples are divided: into those to train on and those held out, and into batches."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random


def train_validation_split(arrays: tuple[list[Any], ...], share: float) -> tuple[tuple, tuple]:
    """Return views of the first samples, and of the last `share` of them, of lists of arrays.

    What holds no samples, None or an empty array, stays as it is in both parts. Raises ValueError if either part were
    empty.
    """
    if isinstance(share, bool) or not isinstance(share, numbers.Real) or not 0 < share < 1:
        raise ValueError(f"validation_split must lie between 0 and 1, got {share!r}")
    samples = len(arrays[0][0])
    cut = math.floor(samples * (1.0 - share))
    if cut in (0, samples):
        raise ValueError(f"validation_split={share} of {samples} samples leaves one part empty; choose another share")

    def part(rows: slice) -> tuple:
        return tuple([a if a is None or not a.size else a[rows] for a in group] for group in arrays)

    return part(slice(None, cut)), part(slice(cut, None))


def batches(
    samples: int, batch_size: int, shuffle: bool, rng: np.random.Generator | None = None
) -> Iterator[slice | NDArray[np.intp]]:
    """Yield the index of each batch, the last one shorter if need be.

    In order these are slices, so that no batch is copied; shuffled they are arrays of a new permutation, drawn from
    `rng` or minirnn's own seeds.
    """
    if shuffle:
        order = (rng or random.generator()).permutation(samples)
    for start in range(0, samples, batch_size):
        rows = slice(start, min(start + batch_size, samples))
        yield order[rows] if shuffle else rows
