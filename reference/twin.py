"""Twins: the same model in the other library, with identical weights.

A layer crosses over as its configuration, for both libraries use Keras's names, and its weights in their common order.
Only what prepares the weights (the initializers) stays behind, since the weights themselves come along. Layers that one
of the libraries has not, and those of a user's own, have no twin.
"""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import minirnn
from reference.keras_side import load, precision

# What stays behind: initializers, since the weights themselves come along, and seeds, by which each library draws
# other numbers.
_LEFT_BEHIND = ("dtype", "seed", "build_config")
# Settings that hold layers, or lists of them.
_NESTED = ("cell", "cells", "layer", "backward_layer")
# Bases of layers; and a function, which is no configuration.
_WITHOUT = ("Layer", "Wrapper", "Lambda", "Input", "InputLayer")

MODELS = ("Sequential", "Functional")


def dtype_name(layer: Any) -> str:
    """The dtype of a layer, e.g. "float32", whether its configuration holds the name or a whole policy."""
    dtype = layer.get_config().get("dtype")
    if dtype is None:  # a functional model
        return dtype_name(layer.layers[-1])
    return dtype["config"]["name"] if isinstance(dtype, dict) else str(dtype)


def twin_layer(layer: Any, library: ModuleType, dtype: str | None = None) -> Any:
    """The layer or model of `library` with the configuration of `layer`, without its weights.

    Args:
        layer: a minirnn or Keras layer, or a model of such layers.
        library: the module to take the twin from, minirnn or Keras.
        dtype: the twin's dtype; that of `layer` when None.

    Raises:
        ValueError: the layer has no twin, or one of its settings has none.
    """
    kind = type(layer).__name__
    if kind in MODELS:
        home = library.Sequential if kind == "Sequential" else library.models.Model
        return home.from_config(_model_config(layer.get_config(), dtype))
    if type(layer) not in _classes(kind):
        raise ValueError(_no_twin(layer.name, kind))
    config = _layer_config(kind, layer.get_config(), dtype or dtype_name(layer))
    try:
        return getattr(library.layers, kind).from_config(config)
    except (TypeError, ValueError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"layer {layer.name!r} ({kind}) has a setting that has no twin: {reason}") from None


def kinds() -> list[str]:
    """The names of the layers that have a twin: those that both libraries have."""
    keras, _ = load()
    classes = {name: getattr(minirnn.layers, name) for name in minirnn.layers.__all__ if name not in _WITHOUT}
    own_names = [name for name, cls in classes.items() if getattr(cls, "__name__", "") == name]
    return [name for name in own_names if inspect.isclass(getattr(keras.layers, name, None))]


def _classes(kind: str) -> list[type]:
    """Both libraries' classes of this name; none if there are no twins of it."""
    return [getattr(library.layers, kind) for library in (minirnn, load()[0])] if kind in kinds() else []


def _no_twin(name: str, kind: str) -> str:
    return (
        f"layer {name!r} is a {kind}, which has no twin: only layers that minirnn.layers and keras.layers both have, "
        "not those of one's own, can be compared."
    )


def _layer_config(kind: str, config: dict[str, Any], dtype: Any) -> dict[str, Any]:
    """What a layer shares with its twin. ValueError if it has none."""
    if not _classes(kind):
        raise ValueError(_no_twin(config["name"], kind))
    kept = {
        key: _entries(value, dtype) if key in _NESTED and value is not None else value
        for key, value in config.items()
        if key not in _LEFT_BEHIND and not key.endswith("_initializer")
    }
    return {**kept, "dtype": dtype}


def _entries(value: Any, dtype: Any) -> Any:
    """The configurations of the layers that a layer holds, with what they share with their twins."""
    if isinstance(value, list):
        return [_entries(entry, dtype) for entry in value]
    kind, inner = _kind_of(value), value["config"]
    config = _model_config(inner, dtype) if kind in MODELS else _layer_config(kind, inner, dtype)
    return {key: entry for key, entry in value.items() if key != "build_config"} | {"config": config}


def _kind_of(entry: dict[str, Any]) -> str:
    """The class of a configuration. ValueError if it is one of the user's own."""
    kind = entry["class_name"]
    if entry["module"].partition(".")[0] != "keras":
        raise ValueError(_no_twin(entry["config"].get("name", ""), kind))
    return kind


def _model_config(config: dict[str, Any], dtype: str | None) -> dict[str, Any]:
    """The configuration of a model with those of its layers cut down to what the twins share."""

    def entry_of(entry: dict[str, Any]) -> dict[str, Any]:
        kind, inner = _kind_of(entry), entry["config"]
        if kind in MODELS:
            return {**entry, "config": _model_config(inner, dtype)}
        if kind == "InputLayer":
            return {**entry, "config": {**inner, "dtype": dtype or inner["dtype"]}}
        if entry["module"].startswith("keras.src.ops"):  # Keras's computation of masks
            return entry
        return {**entry, "config": _layer_config(kind, inner, dtype or inner["dtype"])}

    return {**config, "layers": [entry_of(entry) for entry in config["layers"]]}


def _set_weights(twin: Any, weights: list[Any]) -> None:
    """Set the weights; Keras's Normalization makes what it computes with of them only when it is told to."""
    twin.set_weights(weights)
    for layer in [twin, *twin._flatten_layers()] if hasattr(twin, "_flatten_layers") else []:
        if type(layer).__name__ == "Normalization" and layer.built:
            layer.finalize_state()


def _twin(model: Any, library: ModuleType, dtype: str | None) -> Any:
    if not model.built:
        raise ValueError(f"model {model.name!r} has no weights yet; give it an Input or call build() first.")
    if type(model).__name__ == "Functional":
        twin = twin_layer(model, library, dtype)
        _set_weights(twin, model.get_weights())
        return twin
    batch_size, *shape = model.input_shape
    first_dtype = dtype or dtype_name(model.layers[0])
    layers = [twin_layer(layer, library, dtype) for layer in model.layers]
    twin = library.Sequential([library.Input(shape=tuple(shape), batch_size=batch_size, dtype=first_dtype), *layers])
    for layer, copy in zip(model.layers, layers, strict=True):
        _set_weights(copy, layer.get_weights())
    return twin


def to_keras(model: Any, dtype: str | None = None) -> Any:
    """The Keras model with the layers and the weights of a built minirnn model, Sequential or functional.

    Args:
        model: a built minirnn model (a Keras one works as well and is copied).
        dtype: "float32" or "float64" for the twin; that of each layer when None.

    Raises:
        ValueError: the model is not built, or a layer or one of its settings has no twin.
    """
    with precision(dtype or dtype_name(model.layers[-1])):
        return _twin(model, load()[0], dtype)


def to_minirnn(model: Any, dtype: str | None = None) -> Any:
    """The minirnn model with the layers and the weights of a built Keras model, Sequential or functional.

    Args:
        model: a built Keras model (a minirnn one works as well and is copied).
        dtype: "float32" or "float64" for the twin; that of each layer when None.

    Raises:
        ValueError: the model is not built, or a layer or one of its settings has no twin.
    """
    return _twin(model, minirnn, dtype)
