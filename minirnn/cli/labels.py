"""Labels for the values after the end of a series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime


def next_labels(labels: list[str], count: int) -> list[str]:
    """The `count` labels that follow evenly spaced months, dates or whole numbers; "+1", "+2" ... after any others.

    >>> next_labels(["1960-10", "1960-11", "1960-12"], 2)
    ['1961-01', '1961-02']
    >>> next_labels(["2024-02-14", "2024-02-21", "2024-02-28"], 1)
    ['2024-03-06']
    """
    return continued(labels, count) or [f"+{k}" for k in range(1, count + 1)]


def continued(labels: list[str], count: int) -> list[str] | None:
    """The labels that follow evenly spaced ones; None after any others, and after one label over and over."""
    for read, write in UNITS:
        try:
            places = [read(label) for label in labels]
            gaps = {later - earlier for earlier, later in zip(places, places[1:], strict=False)}
            if len(gaps) == 1 and gaps != {0}:
                gap = gaps.pop()
                return [write(places[-1] + gap * k) for k in range(1, count + 1)]
        except (ValueError, OverflowError):
            continue
    return None


def falling(labels: list[str]) -> bool:
    """Whether the labels are months, dates or whole numbers that fall from the first to the last, evenly or not.

    >>> falling(["2024-03-05", "2024-03-04", "2024-03-01"]), falling(["Wed", "Tue"])
    (True, False)
    """
    for read in (*(read for read, _ in UNITS), *DATES):
        try:
            places = [read(label) for label in labels]
        except (ValueError, OverflowError):
            continue
        return places[0] > places[-1] and all(a >= b for a, b in zip(places, places[1:], strict=False))
    return False


def months(form: str) -> tuple[Callable[[str], int], Callable[[int], str]]:
    """Reader and writer of months in the form that strptime knows, counted from the year 0."""

    def read(label: str) -> int:
        moment = datetime.strptime(label, form)
        return 12 * moment.year + moment.month - 1

    def write(place: int) -> str:
        return date(place // 12, place % 12 + 1, 1).strftime(form)

    return read, write


UNITS: list[tuple[Callable[[str], int], Callable[[int], str]]] = [
    months("%Y-%m"),
    months("%Y-%m-01"),
    (lambda label: datetime.strptime(label, "%Y-%m-%d").toordinal(), lambda place: date.fromordinal(place).isoformat()),
    (int, str),
]


def moments(form: str) -> Callable[[str], float]:
    """Reader of dates in a form that strptime knows, where only their order counts."""
    return lambda label: (datetime.strptime(label, form) - datetime.min).total_seconds()


DATES = [
    moments(form)
    for form in (
        "%Y/%m/%d", "%Y.%m.%d", "%Y. %m. %d", "%Y. %m. %d.", "%Y- %m- %d", "%Y년 %m월 %d일", "%Y년 %m월", "%Y/%m",
        "%Y.%m", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%b %d, %Y", "%d %b %Y", "%b %Y", "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
    )
]  # fmt: skip
