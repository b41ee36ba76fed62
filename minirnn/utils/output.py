"""Where the words for the user go: standard output, at once, whatever its encoding can hold."""

from __future__ import annotations

import os
import sys

BLOCK = "━"
UNBOUNDED = 10**6  # characters in a line that never wraps


def print_message(message: str, line_break: bool = True) -> None:
    """Write to standard output at once; where its encoding lacks the bar's block, with `=` in its place."""
    if sys.stdout is None:
        return
    message += "\n" if line_break else ""
    try:
        sys.stdout.write(message)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(message.replace(BLOCK, "=").encode(encoding, errors="ignore").decode(encoding))
    sys.stdout.flush()


def terminal_width() -> int:
    """Characters in a line of the terminal; very many where there is none that wraps lines, or none that tells."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or UNBOUNDED
    except (AttributeError, OSError, ValueError):
        return UNBOUNDED


def redraws_in_place() -> bool:
    """Whether a line that was written can be written over: on a terminal, in a notebook, in PyCharm's console.

    Keras means the same, but takes every program on POSIX for a terminal, so that its bars fill files with codes.
    """
    terminal = hasattr(sys.stdout, "isatty") and sys.stdout.isatty()
    return terminal or "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ
