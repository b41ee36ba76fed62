"""The table of deliberate differences, `docs/differences.md`, as rows that code and tests refer to by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent.parent / "docs" / "differences.md"


@dataclass(frozen=True)
class Difference:
    """A row: what Keras does, what minirnn does, and why."""

    keras: str
    minirnn: str
    why: str

    def __str__(self) -> str:
        return self.keras


@cache
def rows() -> tuple[Difference, ...]:
    """The rows of the table, from the top."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return tuple(Difference(*(cell.strip() for cell in line.strip("| ").split(" | "))) for line in lines[2:])


def named(phrase: str) -> Difference:
    """The one row whose first column holds `phrase`. LookupError if there is none, or another."""
    found = [row for row in rows() if phrase in row.keras]
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows of {TABLE.name} say {phrase!r} of Keras; name exactly one")
    return found[0]
