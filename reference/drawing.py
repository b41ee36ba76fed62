"""Thousands of draws by a command: `python -m reference --draws 5000`."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, seed, settings

from reference.compare import Mismatch, require
from reference.drawn import Drawn
from reference.pairs import check
from reference.strategies import draws

LARGEST = 20  # units and features: more than a register holds


def agrees(case: Drawn) -> None:
    """Raise Mismatch, which tells the draw in one line and then every array that differs."""
    try:
        require(check(case))
    except Mismatch as error:
        raise Mismatch(f"{case}\n{error}") from None


def run(count: int, progress: Callable[[str], None] = lambda draw: None, start: int | None = None) -> str | None:
    """Compare `count` new draws; the simplest one that differs and how, or None.

    Args:
        progress: told of each draw before it is made.
        start: seed of the draws, to make the same ones again; None: new ones.
    """
    new = {"derandomize": False, "database": None, "report_multiple_bugs": False}

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), **new)
    @given(draws(LARGEST))
    def every_draw_agrees(case: Drawn) -> None:
        progress(str(case))
        agrees(case)

    if start is not None:
        every_draw_agrees = seed(start)(every_draw_agrees)
    try:
        every_draw_agrees()
    except Mismatch as error:
        return str(error)
    return None
