"""How layers that hold other layers write and read them, as configurations that name their classes, and run them.

Only the floor of models knows every class there is, models among them. It is asked once it is needed, by its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def serialize_layer(layer: Any) -> dict[str, Any]:
    """The configuration of a layer, or of a cell of the user's own, with its class."""
    return import_module("minirnn.models.config").serialize_layer(layer)


def deserialize_layer(entry: Any, custom_objects: Any = None) -> Any:
    """The layer of a configuration with its class; `custom_objects` maps names to classes of the user's own."""
    return import_module("minirnn.models.config").deserialize_layer(entry, custom_objects)


def held(layer: Any) -> Any:
    """A layer of the user's own that is made of layers, with their passes in place of its `call`."""
    return import_module("minirnn.models.held").HeldLayer(layer)
