"""Warnings that point at the caller's own line, not at one inside minirnn."""

from __future__ import annotations

import sys
import warnings


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning at the innermost line outside of minirnn that led here, passing over Python's import machinery.

    Python shows a text once for each line (unless told otherwise), so that one call of `predict` on a hundred batches
    warns once, if the text is the same for all of them.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_inside(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    place = frame.f_globals
    registry = place.setdefault("__warningregistry__", {})
    name = place.get("__name__") or "sys"
    warnings.warn_explicit(message, category, frame.f_code.co_filename, frame.f_lineno, name, registry)


def _is_inside(module: str) -> bool:
    return module.partition(".")[0] == "minirnn" or module.startswith("importlib.")
