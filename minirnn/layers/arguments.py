"""How the arguments of a layer's constructor travel: spelt out once in its signature, by name from there on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def passed_on(scope: Mapping[str, Any], *kept: str) -> dict[str, Any]:
    """The arguments of a constructor by name, from its `locals()`: all but those it keeps for itself.

    A layer's signature is Keras's, name by name, so that help() and an editor show it and arguments may come by
    position. The base classes take by name what each of them knows; nothing is written out again on the way:

        def __init__(self, units, activation="tanh", mine=True, **kwargs):
            super().__init__(**passed_on(locals(), "mine"))
    """
    own = {"self", "__class__", "kwargs", *kept}
    return {name: value for name, value in scope.items() if name not in own} | scope["kwargs"]
