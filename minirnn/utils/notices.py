"""Warnings that point at the caller's own line, not at one inside minirnn."""

from __future__ import annotations

import sys
import warnings


def warn_caller(message: str) -> None:
    """Issue a UserWarning at the innermost line outside of minirnn that led here.

    Python shows a text once for each line (unless told otherwise), so that one call of `predict` on a hundred batches
    warns once, if the text is the same for all of them.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "minirnn":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)
