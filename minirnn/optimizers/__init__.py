"""Optimizers: Keras's names, arguments and exact update rules, each one fused pass over the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minirnn.compat.modules import names_of
from minirnn.optimizers import schedules
from minirnn.optimizers.adadelta import Adadelta
from minirnn.optimizers.adagrad import Adagrad
from minirnn.optimizers.adam import Adam, AdamW
from minirnn.optimizers.adamax import Adamax
from minirnn.optimizers.lion import Lion
from minirnn.optimizers.nadam import Nadam
from minirnn.optimizers.optimizer import Optimizer
from minirnn.optimizers.rmsprop import RMSprop
from minirnn.optimizers.sgd import SGD
from minirnn.utils import registry

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Lion", "Nadam", "Optimizer", "RMSprop", "deserialize",
    "get", "schedules", "serialize",
]  # fmt: skip

__getattr__ = names_of(__name__)

_CLASSES = (SGD, RMSprop, Adam, AdamW, Adamax, Nadam, Adagrad, Adadelta, Lion)
_KNOWN = {name: cls for cls in _CLASSES for name in (cls.__name__, cls.__name__.lower())}


def get(identifier: Any) -> Optimizer:
    """The optimizer for a name in any case, a configuration or an optimizer; ValueError or TypeError otherwise."""
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        return registry.find(identifier.lower(), _KNOWN, "optimizer")()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    raise TypeError(f"optimizer must be a name, a configuration or an Optimizer, got {type(identifier).__name__}")


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The configuration of an optimizer, with that of its learning rate schedule if it has one."""
    return registry.serialize(optimizer, _KNOWN, "keras.optimizers")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """The optimizer of a configuration; `custom_objects` names optimizers, schedules and functions of your own."""
    name, settings = config.get("class_name"), config.get("config") or {}
    if isinstance(name, str) and name.lower() in _KNOWN:
        config = {**config, "class_name": name.lower()}
    rate = settings.get("learning_rate")
    if isinstance(rate, Mapping):
        rate = schedules.deserialize(rate, custom_objects)
        config = {**config, "config": {**settings, "learning_rate": rate}}
    return registry.deserialize(config, _KNOWN, "optimizer", custom_objects)
