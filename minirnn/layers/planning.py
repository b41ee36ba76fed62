"""Weights that are planned before they are made: a layer is built, and its weights say their shapes and take no memory.

So a model that a file describes can be compared with the arrays of that file before anything of its size is allocated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_left: ContextVar[list[int] | None] = ContextVar("elements that planned weights may still have", default=None)
_most: ContextVar[str] = ContextVar("what so many elements are", default="")


class TooManyElements(ValueError):
    """A model has more weights than whoever planned it allowed."""


@contextmanager
def planned(most_elements: int, of: str = "the file holds") -> Iterator[None]:
    """Let weights made in this block be planned only; `Weight.allocate` makes them later.

    TooManyElements is raised by what would make more than `most_elements` numbers, which are those that `of` says.
    """
    left, most = _left.set([most_elements]), _most.set(of)
    try:
        yield
    finally:
        _left.reset(left)
        _most.reset(most)


def claim(name: str, shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape is planned only, counting it; to be asked before it is made."""
    left = _left.get()
    if left is None:
        return False
    left[0] -= math.prod(shape)
    if left[0] < 0:
        raise TooManyElements(f"{name} of shape {tuple(shape)}: together more numbers than {_most.get()}")
    return True
