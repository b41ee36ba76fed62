"""Optimizers: Keras's names, arguments and exact update rules, each one fused pass over the parameters."""

from __future__ import annotations

from typing import Any

from minirnn.optimizers.adam import Adam
from minirnn.optimizers.optimizer import Optimizer
from minirnn.optimizers.rmsprop import RMSprop
from minirnn.optimizers.sgd import SGD
from minirnn.utils import registry

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "deserialize", "get", "serialize"]

_KNOWN = {"adam": Adam, "sgd": SGD, "rmsprop": RMSprop, "Adam": Adam, "SGD": SGD, "RMSprop": RMSprop}


def get(identifier: Any) -> Optimizer:
    """The optimizer for a name in any case, a configuration or an optimizer; ValueError or TypeError otherwise."""
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        return registry.find(identifier.lower(), _KNOWN, "optimizer")()
    if isinstance(identifier, dict):
        return deserialize(identifier)
    raise TypeError(f"optimizer must be a name, a configuration or an Optimizer, got {type(identifier).__name__}")


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The configuration of an optimizer."""
    return registry.serialize(optimizer, _KNOWN, "keras.optimizers")


def deserialize(config: dict[str, Any]) -> Optimizer:
    """The optimizer of a configuration."""
    return registry.deserialize(config, _KNOWN, "optimizer")
