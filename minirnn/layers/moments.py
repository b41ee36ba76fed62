"""Mean, variance and range of numbers that come at once or in batches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Moments:
    """What is known of `count` numbers at each place of the axes that are kept; arrays are float64."""

    count: int
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]  # of the numbers as the whole population: divided by count
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, array: NDArray[Any], axes: tuple[int, ...]) -> Moments:
        """Those of an array over the axes named; no axes mean one number at each place."""
        array = np.asarray(array, np.float64)
        count = math.prod(array.shape[a] for a in axes)
        return cls(count, array.mean(axes), array.var(axes), array.min(axes), array.max(axes))

    def joined(self, other: Moments) -> Moments:
        """Those of both sets of numbers together (Chan, Golub and LeVeque 1983)."""
        count = self.count + other.count
        share = other.count / count
        apart = other.mean - self.mean
        within = self.variance + (other.variance - self.variance) * share
        return Moments(
            count,
            self.mean + apart * share,
            within + apart**2 * share * (1 - share),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )
