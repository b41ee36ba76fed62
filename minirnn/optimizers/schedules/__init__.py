"""Learning rates that change from step to step, in Keras's names and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minirnn.compat.modules import names_of
from minirnn.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from minirnn.optimizers.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from minirnn.optimizers.schedules.schedule import LearningRateSchedule
from minirnn.utils import registry

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize",
]  # fmt: skip

__getattr__ = names_of(__name__)

_CLASSES = (
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay,
)  # fmt: skip
_KNOWN = {cls.__name__: cls for cls in _CLASSES}


def serialize(learning_rate_schedule: Any) -> dict[str, Any]:
    """The configuration of a schedule, or of a function, which is kept by its name.

    Raises TypeError for what has neither a `get_config` nor a name.
    """
    if not hasattr(learning_rate_schedule, "get_config") and not hasattr(learning_rate_schedule, "__name__"):
        kind = type(learning_rate_schedule).__name__
        raise TypeError(f"a {kind} cannot be serialized as a learning rate: use a function or a LearningRateSchedule")
    return registry.serialize(learning_rate_schedule, _KNOWN, "keras.optimizers.schedules")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule of a configuration; `custom_objects` names schedules and functions of your own."""
    return registry.deserialize(config, _KNOWN, "learning rate schedule", custom_objects)
