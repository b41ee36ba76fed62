"""Nested lists, tuples and dicts, as Keras takes them for inputs and outputs: their leaves, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def flatten(structure: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dicts; those of a dict by sorted keys, as in Keras."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for entry in structure for leaf in flatten(entry)]
    return [structure]


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same nesting with `function` of each leaf in its place."""
    if isinstance(structure, dict):
        return {key: map_leaves(function, entry) for key, entry in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_leaves(function, entry) for entry in structure)
    return function(structure)


def pack_like(structure: Any, leaves: Sequence[Any]) -> Any:
    """The nesting of `structure` with other leaves, given in the order of `flatten`."""
    remaining = iter(leaves)

    def fill(part: Any) -> Any:
        if isinstance(part, dict):
            filled = {key: fill(part[key]) for key in sorted(part)}
            return {key: filled[key] for key in part}
        if isinstance(part, (list, tuple)):
            return type(part)([fill(entry) for entry in part])
        return next(remaining)

    return fill(structure)
