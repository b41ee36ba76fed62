"""Where Keras keeps each weight of a model inside `model.weights.h5`.

Keras walks the attributes of objects and names what it finds by classes, not by names: the third Dense of a model is
"layers/dense_2". The weights of one object are "vars/0", "vars/1" .. A layer that is met again was written already.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from minirnn.layers import RNN, Bidirectional, Layer, StackedRNNCells
from minirnn.layers.cells import Cell
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.weight import Weight
from minirnn.layers.wrapper import Wrapper
from minirnn.utils.registry import snake_case


def stores(model: Any) -> Iterator[tuple[str, list[Weight]]]:
    """(path of a group, the weights in it) of a built model, in Keras's order; groups may have no weights.

    Weight number n of a group is the dataset "<path>/vars/n", or "vars/n" for the path "".
    """
    yield from _walk(model, "", set())


def path_of(group: str, number: int) -> str:
    """The path of a weight of a group."""
    return f"{group}/vars/{number}" if group else f"vars/{number}"


def _walk(layer: Any, path: str, seen: set[Any]) -> Iterator[tuple[str, list[Weight]]]:
    if layer in seen:
        return
    seen.add(layer)
    yield path, _own_weights(layer)
    for name, child in _children(layer):
        yield from _walk(child, f"{path}/{name}" if path else name, seen)


def _own_weights(layer: Any) -> list[Weight]:
    """The weights that Keras's object of this kind holds itself."""
    if isinstance(layer, _Cell):
        return layer.weights
    if isinstance(layer, Recurrent):
        return []
    return layer.layer.weights if isinstance(layer, Cell) else layer._own_weights


class _Cell:
    """The cell that a recurrent layer of Keras has, and of minirnn has not: it holds the weights."""

    def __init__(self, layer: Recurrent) -> None:
        self.weights = layer._own_weights


def _children(layer: Any) -> Iterator[tuple[str, Any]]:
    """The objects within, by the names under which Keras meets them."""
    if isinstance(layer, (_Cell, Cell)):
        return
    if isinstance(layer, Recurrent):
        yield "cell", _Cell(layer)
    elif isinstance(layer, Bidirectional):
        yield "backward_layer", layer.backward_layer
        yield "forward_layer", layer.forward_layer
    elif isinstance(layer, RNN):
        if isinstance(layer.cell, Layer):
            yield "cell", layer.cell
    elif isinstance(layer, StackedRNNCells):
        yield from _listed("cells", layer.cells)
    elif isinstance(layer, Wrapper):
        yield "layer", layer.layer
    elif hasattr(layer, "_set_graph") and not layer.own_call:
        yield from _listed("layers", layer.layers)
    elif layer.own_call:
        yield from _attributes(layer)


def _attributes(layer: Any) -> Iterator[tuple[str, Any]]:
    """The layers that a user's own layer or model has as attributes, private ones last, as Keras sorts them."""
    inner, of_all = set(layer._tracked), _names_of_all()
    for name in sorted(vars(layer), key=lambda name: (name.startswith("_"), name)):
        value = vars(layer)[name]
        if name in of_all:
            continue
        if isinstance(value, Layer) and value in inner:
            yield name, value
        elif isinstance(value, (list, tuple, dict)):
            yield from _listed(name, value)


@functools.cache
def _names_of_all() -> frozenset[str]:
    """Attributes that every layer has."""
    return frozenset((*vars(Layer(name="layer")), "traced", "graph"))


def _listed(name: str, container: Any) -> Iterator[tuple[str, Any]]:
    """Layers in a list, tuple or dict, by their classes; those of one class are counted."""
    counts: dict[str, int] = {}
    for entry in container.values() if isinstance(container, dict) else container:
        nested = isinstance(entry, (list, tuple, dict))
        if not nested and not isinstance(entry, Layer):
            continue
        kind = "container" if nested else snake_case(type(entry).__name__)
        number = counts[kind] = counts.get(kind, -1) + 1
        inner = f"{name}/{kind}_{number}" if number else f"{name}/{kind}"
        if nested:
            yield from _listed(inner, entry)
        else:
            yield inner, entry
