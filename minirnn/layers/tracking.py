"""Layers as attributes: a class of the user's own knows the layers that it was given, in the order of giving.

Those in lists, tuples and dicts are found, too, also when they are put there later. So it is in Keras, whose order of
weights follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def _untold(value: Any) -> Any:
    return value


class TrackedList(list):
    """A list that tells of what is put into it."""

    def __init__(self, values: Iterable[Any] = (), tell: Callable[[Any], Any] = _untold) -> None:
        super().__init__(map(tell, values))
        self._tell = tell

    def append(self, value: Any) -> None:
        super().append(self._tell(value))

    def insert(self, index: Any, value: Any) -> None:
        super().insert(index, self._tell(value))

    def extend(self, values: Iterable[Any]) -> None:
        super().extend(map(self._tell, values))

    def __iadd__(self, values: Iterable[Any]) -> Any:  # type: ignore[misc]
        self.extend(values)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, list(map(self._tell, value)) if isinstance(index, slice) else self._tell(value))

    def __reduce__(self) -> Any:
        return list, (list(self),)


class TrackedDict(dict):
    """A dict that tells of what is put into it."""

    def __init__(self, values: Any = (), tell: Callable[[Any], Any] = _untold) -> None:
        super().__init__({key: tell(value) for key, value in dict(values).items()})
        self._tell = tell

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, self._tell(value))

    def update(self, *values: Any, **named: Any) -> None:
        for key, value in dict(*values, **named).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


def tracked(value: Any, is_layer: Callable[[Any], bool], found: list[Any]) -> Any:
    """`value`, its lists and dicts replaced by ones that tell; layers in it are added to `found`, each once."""

    def tell(entry: Any) -> Any:
        return tracked(entry, is_layer, found)

    if is_layer(value):
        if not any(value is other for other in found):
            found.append(value)
    elif type(value) is list:
        return TrackedList(value, tell)
    elif type(value) is dict:
        return TrackedDict(value, tell)
    elif type(value) is tuple:
        return tuple(map(tell, value))
    return value
