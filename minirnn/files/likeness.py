"""Whether a model is of the kind that a file was written of: what computes the same from the same weights.

A test vector tells of one function. Weights alone may be loaded into another one on purpose, such as a stateful twin of
a batch of one; so a file says which function its vector is of, and for which kind of optimizer it keeps slots.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from minirnn.layers.nesting import serialize_layer
from minirnn.layers.sharing import sharing

# Keys of a configuration that name the layer or model itself, and others before two numbers each.
_NAMES = ("name", "keras_history", "input_layers", "output_layers")
_NO_MATTER = ("trainable", "shared_object_id")


def function_digest(model: Any) -> bytes | None:
    """SHA-256 of a model's configuration, names replaced by numbers; None for a model that has no configuration."""
    try:
        with sharing(model):
            text = json.dumps(_nameless(serialize_layer(model), {}), sort_keys=True)
    except (NotImplementedError, TypeError, ValueError):  # a Lambda, or settings of the user's that are no data
        return None
    return hashlib.sha256(text.encode()).digest()


def _nameless(value: Any, numbers: dict[str, int]) -> Any:
    """A configuration in which the first name that is met is 0, the next other one 1, and so on."""
    if isinstance(value, dict):
        if value.get("class_name") == "DTypePolicy":  # whose name is that of a dtype
            return value
        return {
            key: _numbered(entry, numbers) if key in _NAMES else _nameless(entry, numbers)
            for key, entry in value.items()
            if key not in _NO_MATTER
        }
    return [_nameless(entry, numbers) for entry in value] if isinstance(value, (list, tuple)) else value


def _numbered(value: Any, numbers: dict[str, int]) -> Any:
    """Numbers for the names in lists of lists."""
    if isinstance(value, str):
        return numbers.setdefault(value, len(numbers))
    if isinstance(value, dict):
        return {key: _numbered(entry, numbers) for key, entry in value.items()}
    return [_numbered(entry, numbers) for entry in value] if isinstance(value, (list, tuple)) else value


def optimizer_kind(optimizer: Any) -> str:
    """What an optimizer keeps: its class, and the slots of each weight in their order: "Adam: momentum velocity"."""
    slots = [name for group in optimizer.slot_groups() for name in group]
    more = {"average": optimizer.use_ema, "gradient_accumulator": optimizer.gradient_accumulation_steps is not None}
    return f"{type(optimizer).__name__}: {' '.join([*(name for name, kept in more.items() if kept), *slots])}".strip()
