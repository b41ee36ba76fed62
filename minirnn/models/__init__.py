"""Floor 5: models, graphs of layers: `Model` between any inputs and outputs, `Sequential` for a chain."""

from __future__ import annotations

import json
from typing import Any

from minirnn.compat.modules import names_of
from minirnn.files.model_file import load_model, save_model
from minirnn.models.clone import clone_model
from minirnn.models.config import deserialize_layer
from minirnn.models.model import Functional, Model
from minirnn.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

__getattr__ = names_of(__name__)


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The model of an architecture that `to_json`, here or in Keras, wrote; its weights are new.

    Raises ValueError for a text that describes none.
    """
    try:
        entry = json.loads(json_string)
    except (TypeError, ValueError) as error:
        raise ValueError(f"model_from_json needs the text that to_json gave: {error}") from None
    if not isinstance(entry, dict):
        raise ValueError(f"model_from_json needs the text that to_json gave, got JSON of a {type(entry).__name__}")
    return deserialize_layer(entry, custom_objects)
