"""Objects by name: how a string or a configuration finds its class, and how an object becomes a configuration.

Configurations have Keras 3's form, `{"module", "class_name", "config", "registered_name"}`, and name Keras's modules
for what exists there under the same name: a configuration written here is read by Keras, and the other way round.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from minirnn.choices import closest


def snake_case(name: str) -> str:
    """Turn a class name into the name of its instances: `HeNormal` -> `he_normal`."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def find(name: str, known: Mapping[str, Any], kind: str) -> Any:
    """Return `known[name]`; ValueError with the nearest name if there is none."""
    if name not in known:
        names = textwrap.shorten(", ".join(sorted(n for n in known if n.islower())), 120, placeholder=" ...")
        raise ValueError(f"unknown {kind} {name!r}{closest(name, known) or f'; known are {names}'}")
    return known[name]


def get(identifier: Any, known: Mapping[str, Any], kind: str) -> Any:
    """Return the object that `identifier` stands for: a name, a configuration, a class, or any callable as it is.

    None stays None. Raises ValueError for an unknown name, TypeError for anything that is none of these.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        identifier = find(identifier, known, kind)
    elif isinstance(identifier, Mapping):
        identifier = deserialize(identifier, known, kind)
    if inspect.isclass(identifier):
        identifier = identifier()
    if not callable(identifier):
        raise TypeError(f"{kind} must be a name, a configuration or a callable, got {type(identifier).__name__}")
    return identifier


def serialize(obj: Any, known: Mapping[str, Any], module: str) -> dict[str, Any]:
    """Return the configuration of `obj`, an object with `get_config`, or a function, which is kept by its name.

    `known` and `module` (`keras.initializers`, ...) say which classes Keras shares, and where they live in it.
    """
    if not hasattr(obj, "get_config"):
        name = obj.__name__
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": name}
    name = type(obj).__name__
    shared = known.get(name) is type(obj)
    return {
        "module": module if shared else type(obj).__module__,
        "class_name": name,
        "config": obj.get_config(),
        "registered_name": None if shared else name,
    }


def deserialize(
    config: Mapping[str, Any], known: Mapping[str, Any], kind: str, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Build the object that `config` describes; `custom_objects` adds names of your own, ValueError if unknown."""
    if "class_name" not in config:
        raise ValueError(f"the configuration of a {kind} needs a 'class_name', got the keys {sorted(map(str, config))}")
    known = {**known, **(custom_objects or {})}
    if config["class_name"] == "function":
        return find(config["config"], known, kind)
    cls = find(config["class_name"], known, kind)
    settings = config.get("config") or {}
    try:
        return cls.from_config(settings) if hasattr(cls, "from_config") else cls(**settings)
    except TypeError as error:
        raise ValueError(f"the configuration of {config['class_name']} does not fit: {error}") from None
