"""Which rows, steps and units of a call are kept: chosen before anything is stored."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Selection(NamedTuple):
    """Row, step and unit numbers as a caller gives them: None for all, a number, a slice, or a list of numbers."""

    rows: Any = None
    steps: Any = None
    units: Any = None

    @property
    def keeps_all_steps(self) -> bool:
        """Whether every step of every unit is kept, as a backward pass needs."""
        return self.steps is None and self.units is None


def numbers(wanted: Any, size: int, what: str) -> NDArray[np.intp]:
    """The chosen ones of 0 .. size - 1, in the order of the choice; negative ones count from the end.

    Raises TypeError for what is no whole number, slice or list of them, ValueError for none and for ones out of range.

    >>> numbers(slice(-3, None), 12, "steps"), numbers(-1, 12, "steps")
    (array([ 9, 10, 11]), array([11]))
    """
    if wanted is None:
        return np.arange(size)
    if isinstance(wanted, slice):
        chosen = np.arange(size)[wanted]
    else:
        chosen = np.atleast_1d(np.asarray(wanted))
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise TypeError(f"{what} must be a whole number, a slice or a list of whole numbers, got {wanted!r:.60}")
        outside = [n for n in chosen.tolist() if not -size <= n < size]
        if outside:
            raise ValueError(f"{what} are 0 .. {size - 1}, got {outside[0]}")
        chosen = chosen.astype(np.intp) % size
    if not chosen.size:
        raise ValueError(f"{what}={wanted!r:.60} keeps none of {size}")
    return chosen
