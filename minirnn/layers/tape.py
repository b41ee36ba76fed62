"""`Tape`, a layer's scratch memory for one batch shape."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from numpy.typing import NDArray


class Tape(SimpleNamespace):
    """What one layer leaves for its backward pass, and the memory both passes work in: arrays by name.

    A name that ends in `_call` is the whole tuple of a kernel's arguments, kept as long as they are the same arrays:
    in a small step, to put it together anew takes as long as the kernel itself.
    """


def lasting(array: NDArray[Any] | None) -> NDArray[Any] | None:
    """The array, if a call with a reshaped view of it holds for the next time; None where the view would be a copy."""
    return array if array is None or array.flags.c_contiguous else None
