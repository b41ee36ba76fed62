"""Batch renormalization: what BatchNormalization's training learns of batches that came before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.boundary import number

Array = NDArray[Any]

LIMITS = ("rmax", "rmin", "dmax")


class Renormalization:
    """The correction of a batch's normalized numbers z (Ioffe 2017, algorithm 1):

        r = stddev / stddev_m            within [rmin, rmax]
        d = (mean - mean_m) / stddev_m   within [-dmax, dmax]
        y = gamma (r z + d) + beta

    mean and stddev = sqrt(variance + epsilon) are the batch's, mean_m and stddev_m those that follow them with their
    own `momentum`. Without limits y is what the followed ones alone would give. No gradient goes through r and d.

    `limits` has some of "rmax", "rmin" and "dmax". Raises TypeError or ValueError for other keys, what is no number,
    rmax below rmin, dmax below 0, and a momentum outside [0, 1].
    """

    def __init__(self, limits: dict[str, float] | None, momentum: float) -> None:
        self.limits = dict(limits or {})
        unknown = [key for key in self.limits if key not in LIMITS]
        if unknown:
            raise ValueError(f"renorm_clipping knows {', '.join(map(repr, LIMITS))}, got {unknown[0]!r:.60}")
        given = {name: value for name, value in self.limits.items() if value is not None}
        self._r_min: float = number(given["rmin"], "rmin") if "rmin" in given else -np.inf
        self._r_max: float = number(given["rmax"], "rmax") if "rmax" in given else np.inf
        self._d_max: float = number(given["dmax"], "dmax", 0) if "dmax" in given else np.inf
        if self._r_max < self._r_min:
            raise ValueError(f"renorm_clipping: rmax must not be below rmin, got {self._r_max} and {self._r_min}")
        self.momentum = number(momentum, "renorm_momentum", 0, 1)

    def correction(
        self, mean: Array, stddev: Array, followed: tuple[Array, Array], least: float
    ) -> tuple[Array, Array]:
        """(r, d) of a batch by the (mean_m, stddev_m) that are followed; a stddev_m below `least` counts as that."""
        mean_m, stddev_m = followed
        stddev_m = np.maximum(stddev_m, mean.dtype.type(least))
        r = np.clip(stddev / stddev_m, self._r_min, self._r_max)
        return r, np.clip((mean - mean_m) / stddev_m, -self._d_max, self._d_max)
