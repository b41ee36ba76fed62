"""What `help` and editors are told that an optimizer takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def with_options(own: Callable[..., Any], base: Callable[..., Any]) -> inspect.Signature:
    """The signature of an `__init__(self, <own arguments>, *options, **arguments)` whose options are those of `base`.

    The options follow the own arguments in the base's order, but for those that are among the own ones. One without
    `*options` has its own signature.
    """
    mine = list(inspect.signature(own).parameters.values())[1:]
    if not any(p.kind is p.VAR_POSITIONAL for p in mine):
        return inspect.Signature(mine)
    mine = [p for p in mine if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    theirs = list(inspect.signature(base).parameters.values())[1:]
    return inspect.Signature([*mine, *(p for p in theirs if p.name not in {q.name for q in mine})])
