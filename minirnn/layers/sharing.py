"""Layers that stand in a configuration more than once: of several models within one, they are one layer again.

Keras gives such a layer a number, "shared_object_id". It holds for one configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_numbers: ContextVar[dict[Any, int] | None] = ContextVar("layer -> its number, while written", default=None)
_revived: ContextVar[dict[int, Any] | None] = ContextVar("number -> its layer, while read", default=None)


@contextmanager
def sharing(model: Any = None) -> Iterator[None]:
    """A whole model is written, or without `model` one is read, in this block."""
    met: dict[Any, int] = {}

    def meet(layer: Any) -> None:
        met[layer] = met.get(layer, 0) + 1
        if met[layer] == 1:
            for inner in layer.sublayers():
                meet(inner)

    if model is not None:
        meet(model)
    shared = [layer for layer, times in met.items() if times > 1]
    written = _numbers.set({layer: number for number, layer in enumerate(shared, 1)})
    read = _revived.set({})
    try:
        yield
    finally:
        _numbers.reset(written)
        _revived.reset(read)


def number_of(layer: Any) -> dict[str, int]:
    """What to write of a layer that is met more than once."""
    number = (_numbers.get() or {}).get(layer)
    return {} if number is None else {"shared_object_id": number}


def revive(number: int | None, kind: Any, make: Callable[[], Any]) -> Any:
    """The layer of this number and kind, made if it was not met before."""
    revived = _revived.get()
    if revived is None or number is None:
        return make()
    if type(revived.get(number)) is not kind:
        revived[number] = make()
    return revived[number]
