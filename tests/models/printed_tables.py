"""What a printed table holds, whatever the widths of its columns."""

from __future__ import annotations

import re


def cells(table):
    """The texts of a table, row by row, without spaces."""
    rows = []
    for group in re.split("\n[┡├└].*", table)[:-1]:
        lines = [re.split("[│┃]", line)[1:-1] for line in group.split("\n") if line.startswith(("│", "┃"))]
        rows.append(["".join("".join(parts).split()) for parts in zip(*lines, strict=True)])
    return rows
