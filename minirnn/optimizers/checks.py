"""Numbers that optimizers and schedules take: checked once, at the door, with one-line errors."""

from __future__ import annotations

import functools
import math
import numbers
from typing import Any

import numpy as np


def fraction(value: Any, name: str) -> float:
    """`value` as a float with 0 <= value < 1, or one-line ValueError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value!r}")
    return float(value)


def share(value: Any, name: str) -> float:
    """`value` as a float with 0 <= value <= 1, or one-line ValueError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
        raise ValueError(f"{name} must be between 0 and 1, got {value!r}")
    return float(value)


def positive(value: Any, name: str) -> float:
    """`value` as a finite float above zero, or one-line ValueError."""
    number = _finite(value)
    if number is None or number <= 0:
        raise ValueError(f"{name} must be a finite number above 0, got {value!r}")
    return number


def not_negative(value: Any, name: str) -> float:
    """`value` as a finite float of at least zero, or one-line ValueError."""
    number = _finite(value)
    if number is None or number < 0:
        raise ValueError(f"{name} must be a finite number of at least 0, got {value!r}")
    return number


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if isinstance(value, (bool, np.bool_, str)) or not math.isfinite(number) else number


def whole(value: Any, name: str, least: int) -> int:
    """`value` as an int of at least `least`; one-line TypeError if it is no whole number, ValueError if too small."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number of at least {least}, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return int(value)


@functools.lru_cache(maxsize=256)
def rounded(number: float, dtype: str, name: str) -> float:
    """The number as a dtype has it, or one-line ValueError where that is infinite."""
    with np.errstate(over="ignore"):
        found = float(np.dtype(dtype).type(number))
    if not math.isfinite(found):
        raise ValueError(f"{name} must be a number of {dtype}, got {number!r}")
    return found


def in_float32(value: float) -> float:
    """`value` rounded to float32: Keras rounds some numbers so on their way, whatever the dtype of the weights."""
    return float(np.float32(value))
