"""`@difference("..")`: the test of one row of `docs/differences.md`, which holds these words about Keras.

The test shows that Keras does what the row says of it, and that minirnn does what the row says of minirnn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

TESTED: list[tuple[str, str]] = []  # (words of a row, its test)
Test = TypeVar("Test", bound=Callable)


def difference(words: str) -> Callable[[Test], Test]:
    """Register the test of the one row whose first column holds these words."""

    def register(test: Test) -> Test:
        TESTED.append((words, f"{test.__module__}.{test.__name__}"))
        return test

    return register
