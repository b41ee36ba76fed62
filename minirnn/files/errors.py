"""`ModelFileError`: the one error that reading a model file ends in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LONGEST_MESSAGE = 480
LONGEST_PART = 140


class ModelFileError(ValueError):
    """A file that is not what it says, or more than it may be: `file`, `member` of it, what was `found`, `expected`.

    The message is one line of fewer than 500 characters.
    """

    def __init__(self, member: str, found: str, expected: str, file: str = "") -> None:
        super().__init__(member, found, expected, file)
        self.member, self.found, self.expected, self.file = member, found, expected, file

    def __str__(self) -> str:
        where = [shown(part) for part in (self.file, self.member) if part]
        text = f"{': '.join(where)}: found {shown(self.found)}, expected {shown(self.expected)}"
        return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 3] + "..."


def shown(value: Any) -> str:
    """`value` as part of one line: printable characters, and few of them; the end of what is longer."""
    text = value if isinstance(value, str) else repr(value)[: 4 * LONGEST_PART]
    text = "".join(c if c.isprintable() else "?" for c in text[-4 * LONGEST_PART :])
    return text if len(text) <= LONGEST_PART else "..." + text[3 - LONGEST_PART :]


@contextmanager
def named(file: Any) -> Iterator[None]:
    """Let errors that leave this block name the file."""
    try:
        yield
    except ModelFileError as error:
        error.file = error.file or str(file)
        raise
