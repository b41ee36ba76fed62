"""Which weights decay, and where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from minirnn.layers.weight import Weight
from minirnn.training.arena import Arena


class Exclusions:
    """Weights that do not decay: those of `var_list`, and those whose path holds one of `var_names`."""

    def __init__(self, var_list: Iterable[Weight] | None = None, var_names: Iterable[str] | None = None) -> None:
        if isinstance(var_names, str):
            raise TypeError(f"var_names must be a list of names, got {var_names!r}; write [{var_names!r}]")
        names = list(var_names or [])
        self._weights = set(var_list or [])
        self._pattern = re.compile("|".join(names)) if names else None

    def __contains__(self, weight: Weight) -> bool:
        return weight in self._weights or (self._pattern is not None and self._pattern.search(weight.path) is not None)


def parameters_of(weights: Iterable[Weight], arenas: Iterable[Arena]) -> list[NDArray[Any]]:
    """The fewest views of the arenas' parameters that hold these weights and no other."""
    wanted, views = set(weights), []
    for arena in arenas:
        runs: list[list[int]] = []
        for start, stop in [place for weight, place in arena.places.items() if weight in wanted]:
            if runs and runs[-1][1] == start:
                runs[-1][1] = stop
            else:
                runs.append([start, stop])
        views += [arena.parameters[start:stop] for start, stop in runs]
    return views
