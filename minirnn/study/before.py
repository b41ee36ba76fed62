"""`Before`: what a model or layer was before a pass, to run that pass once more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minirnn.layers.regularized import with_sublayers
from minirnn.layers.unchanged import unchanged


class Before:
    """A model or layer as it was before a pass: its states, and a digest of its weights."""

    def __init__(self, part: Any) -> None:
        self._part, self._digest = part, _digest(part)
        self._states = [(inner, inner.states) for inner in with_sublayers(part) if getattr(inner, "stateful", False)]

    @contextmanager
    def again(self) -> Iterator[None]:
        """As it was, for a while. RuntimeError if the weights are others."""
        if _digest(self._part) != self._digest:
            raise RuntimeError(f"{self._part.name}: its weights have changed since the trace: trace again")
        with unchanged(self._part):
            for inner, states in self._states:
                if "states" in vars(inner):
                    inner.states = states
            yield


def _digest(part: Any) -> bytes:
    found = hashlib.blake2b()
    for weight in part.weights:
        found.update(weight.numpy())
    return found.digest()
