"""A series of numbers and its labels out of a CSV file, with one clear line for everything that can be wrong."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minirnn.choices import closest
from minirnn.cli.labels import continued, falling


@dataclass(frozen=True)
class Series:
    """One column: its name, its (n,) values, the oldest first, and a label for each (a month, a row number).

    `turned` says that the file had the newest first; `others` are the columns that might have been meant as well.
    """

    name: str
    values: np.ndarray
    labels: list[str]
    turned: bool = False
    others: tuple[str, ...] = ()


def read_series(path: Path, column: str | None = None, encoding: str = "utf-8-sig") -> Series:
    """Read the named column, or else the last one that holds numbers, with the labels that `find_labels` chooses.

    Raises ValueError that names the file and the line, OSError where the file cannot be read.
    """
    header, lines, rows = read_rows(path, encoding)
    index = find_column(path, header, rows, column)
    values = np.array([number(path, line, header[index], row[index]) for line, row in zip(lines, rows, strict=True)])
    labels = find_labels(rows, index)
    others = () if column is not None else tuple(header[i] for i in other_series(header, rows, index))
    if falling(labels):
        return Series(header[index], values[::-1].copy(), labels[::-1], True, others)
    return Series(header[index], values, labels, False, others)


def read_rows(path: Path, encoding: str) -> tuple[list[str], list[int], list[list[str]]]:
    """The header, and each row that is not blank with its line number."""
    try:
        with path.open(newline="", encoding=encoding) as file:
            reader = csv.reader(file, strict=True)
            numbered = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except LookupError:
        raise ValueError(f"{encoding!r} is not an encoding that Python knows; try utf-8 or cp949") from None
    except UnicodeError:
        raise ValueError(
            f"{path}: not text in {encoding.removesuffix('-sig')}; name its --encoding (cp949 for Korean Excel files)"
        ) from None
    except csv.Error as error:
        raise ValueError(f"{path}: not a CSV file ({error})") from None
    if any("\0" in cell for _, row in numbered for cell in row):
        raise ValueError(f"{path}: a binary file, expected a CSV file")
    if not numbered:
        raise ValueError(f"{path}: empty, expected a header line and rows of numbers")
    (_, header), *body = numbered
    for line, row in body:
        if len(row) != len(header):
            hint = separator_hint(header)
            raise ValueError(f"{path}, line {line}: {cells(len(row))}, but the header has {cells(len(header))}{hint}")
    if not body:
        raise ValueError(f"{path}: only a header line, expected rows of numbers below it")
    return [name.strip() for name in header], [line for line, _ in body], [row for _, row in body]


def cells(count: int) -> str:
    return f"{count} cell" + "s" * (count != 1)


def find_column(path: Path, header: list[str], rows: list[list[str]], column: str | None) -> int:
    """Where the named column is, or the last in which at least half of the cells are numbers."""
    if column is not None:
        if header.count(column) != 1:
            count = "more than one" if column in header else "no"
            hint = "" if column in header else closest(column, header)
            raise ValueError(f"{path}: {count} column named {column!r}; the header has {', '.join(header)}{hint}")
        return header.index(column)
    numeric = numeric_columns(header, rows)
    if not numeric:
        raise ValueError(f"{path}: no column of numbers; the header has {', '.join(header)}{separator_hint(header)}")
    chosen = numeric[-1]
    if is_number(header[chosen]):
        raise ValueError(f"{path}: no header, its first line holds numbers; add a line with the names of the columns")
    if chosen == 0 and len(header) > 1 and continued([row[0].strip() for row in rows], 1):
        raise ValueError(
            f"{path}: no column of numbers but {header[0]!r}, which only counts on; the first other cell is "
            f"{rows[0][1].strip()!r}; write plain numbers such as 1234.5, or name a --column"
        )
    return chosen


def numeric_columns(header: list[str], rows: list[list[str]]) -> list[int]:
    """Where at least half of the cells are numbers."""
    return [i for i in range(len(header)) if 2 * sum(is_number(row[i]) for row in rows) >= len(rows)]


def separator_hint(header: list[str]) -> str:
    """A word on commas for a header that another sign seems to separate."""
    return "; cells must be separated by commas" if len(header) == 1 and re.search(r"[;\t|]", header[0]) else ""


def other_series(header: list[str], rows: list[list[str]], chosen: int) -> list[int]:
    """Where the other columns of numbers are, but for those that stay the same or only count on, as years do."""
    columns = {i: [row[i].strip() for row in rows] for i in numeric_columns(header, rows) if i != chosen}
    return [i for i, cells in columns.items() if len(set(cells)) > 1 and not continued(cells, 1)]


def find_labels(rows: list[list[str]], series: int) -> list[str]:
    """A label for each row, out of the other columns than that of the series.

    The first column, unless it says the same in every row (a shop, a unit); then the first with evenly spaced months,
    dates or whole numbers; then the numbers of the rows.
    """
    columns = [[row[i].strip() for row in rows] for i in range(len(rows[0])) if i != series]
    tells_apart = series > 0 and (len(rows) == 1 or len(set(columns[0])) > 1)
    if tells_apart:
        return columns[0]
    return next((column for column in columns if continued(column, 1)), [str(n) for n in range(1, len(rows) + 1)])


def without_separators(cell: str) -> str:
    """The cell, without the commas between thousands: `69,957` -> `69957`."""
    return cell.replace(",", "") if re.fullmatch(r"\s*[+-]?\d{1,3}(,\d{3})+(\.\d*)?\s*", cell) else cell


def is_number(cell: str) -> bool:
    try:
        float(without_separators(cell))
    except ValueError:
        return False
    return True


def number(path: Path, line: int, name: str, cell: str) -> float:
    """The finite number in a cell."""
    where = f"{path}, line {line}, column {name!r}"
    if not cell.strip():
        raise ValueError(f"{where}: empty, expected a number; fill the gap or drop the row")
    if not is_number(cell):
        raise ValueError(f"{where}: {cell.strip()!r} is not a number")
    value = float(without_separators(cell))
    if not np.isfinite(value):
        raise ValueError(f"{where}: {cell.strip()!r} is not a finite number; fill the gap or drop the row")
    return value
