"""Names out of a fixed set: the nearest to one that is not among them, and the error that tells it.

Nothing but the standard library is imported here, so that whatever receives a name can ask.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any


def closest(name: Any, known: Iterable[Any]) -> str:
    """Return `"; did you mean 'x'?"` for the known name nearest to `name`, or an empty string.

    Names of the same letters in another order go first: 'adma' is 'adam' rather than 'adamax'. Case counts for little:
    'relu' leads to 'ReLU' where there is no nearer name.

    >>> closest("tahn", ["sigmoid", "tanh"]), closest("lstm", ["GRU", "LSTM"]), closest("x", ["tanh"])
    ("; did you mean 'tanh'?", "; did you mean 'LSTM'?", '')
    """
    text, names = str(name), [str(other) for other in known]
    alike = [other for other in names if other.islower() == text.islower()]
    swapped = [other for other in alike or names if sorted(other.lower()) == sorted(text.lower())]
    matches = (
        difflib.get_close_matches(text, swapped, 1, 0.0)
        or difflib.get_close_matches(text, names, 1)
        or [other for other in names if other.lower() == text.lower()]
    )
    return f"; did you mean {matches[0]!r}?" if matches else ""


def one_of(value: Any, name: str, allowed: Sequence[str | None]) -> Any:
    """Return `value`, which is one of the `allowed` words; ValueError with the nearest of them if it is none.

    `name` is that of the argument, as it stands in the error.

    >>> one_of("pre", "padding", ("pre", "post"))
    'pre'
    """
    if not (value is None or isinstance(value, str)) or value not in allowed:
        *first, last = map(repr, allowed)
        listed = f"{', '.join(first)} or {last}" if first else last
        hint = closest(value, [word for word in allowed if word]) if isinstance(value, str) else ""
        raise ValueError(f"{name} must be {listed}, got {value!r:.60}{hint}")
    return value
