"""Floor 5: models, graphs of layers: `Model` between any inputs and outputs, `Sequential` for a chain."""

from __future__ import annotations

from typing import Any

from minirnn.compat.modules import names_of
from minirnn.files import making
from minirnn.files.errors import named
from minirnn.files.json_text import read_json
from minirnn.files.model_file import load_model, save_model
from minirnn.files.schema import Schema
from minirnn.layers.sharing import sharing
from minirnn.models.clone import clone_model
from minirnn.models.config import deserialize_layer
from minirnn.models.model import Functional, Model
from minirnn.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

__getattr__ = names_of(__name__)


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The model of an architecture that `to_json`, here or in Keras, wrote; its weights are new.

    Raises ModelFileError, a ValueError of one line, for a text that describes none, for what `load_model` would refuse,
    and for a model whose weights no file may hold, before anything is allocated.
    """
    if not isinstance(json_string, str):
        raise ValueError(f"model_from_json needs the text that to_json gave, got a {type(json_string).__name__}")
    with named("model_from_json"):
        entry = read_json(json_string.encode("utf-8", "replace"), "text")
        checked = Schema(custom_objects).model(entry)
        making.check(checked, custom_objects, "text")
    with sharing():
        return deserialize_layer(checked, custom_objects)
