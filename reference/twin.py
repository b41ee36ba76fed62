"""Twins: the same model in the other library, with identical weights.

A layer crosses over as its configuration, key by key, for both libraries use Keras's names. What only prepares the
weights (the initializers) stays behind, since the weights themselves come along; anything else that `SHARED` does not
name must be absent or off, or the layer has no twin.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from reference.keras_side import load, precision

_RECURRENT = (
    "units activation use_bias dropout recurrent_dropout return_sequences return_state go_backwards stateful unroll "
    "zero_output_for_mask"
)
_CELL = "units activation use_bias dropout recurrent_dropout"
# Settings that hold layers, or lists of them.
_NESTED = ("cell", "cells", "layer", "backward_layer")
SHARED: dict[str, tuple[str, ...]] = {
    name: tuple(keys.split())
    for name, keys in {
        "SimpleRNN": _RECURRENT,
        "LSTM": f"{_RECURRENT} recurrent_activation unit_forget_bias",
        "GRU": f"{_RECURRENT} recurrent_activation reset_after",
        "Dense": "units activation use_bias",
        "Activation": "activation",
        "Dropout": "rate noise_shape",
        "Flatten": "data_format",
        **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"), ""),
        "Concatenate": "axis",
        "Dot": "axes normalize",
        "Masking": "mask_value",
        "RepeatVector": "n",
        "Embedding": "input_dim output_dim mask_zero",
        "SimpleRNNCell": _CELL,
        "LSTMCell": f"{_CELL} recurrent_activation unit_forget_bias",
        "GRUCell": f"{_CELL} recurrent_activation reset_after",
        "RNN": "return_sequences return_state go_backwards stateful unroll zero_output_for_mask cell",
        "StackedRNNCells": "cells",
        "Bidirectional": "merge_mode layer backward_layer",
        "TimeDistributed": "layer",
        "Reshape": "target_shape",
    }.items()
}
_ALWAYS_SHARED = ("name", "trainable")
_LEFT_BEHIND = (
    "dtype", "seed", "kernel_initializer", "recurrent_initializer", "bias_initializer", "embeddings_initializer",
)  # fmt: skip


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
    kind, config = type(layer).__name__, layer.get_config()
    if kind in MODELS:
        home = library.Sequential if kind == "Sequential" else library.models.Model
        return home.from_config(_model_config(config, dtype))
    return getattr(library.layers, kind).from_config(_layer_config(kind, config, dtype or dtype_name(layer)))


def _layer_config(kind: str, config: dict[str, Any], dtype: Any) -> dict[str, Any]:
    """What a layer shares with its twin. ValueError if it has something that the twin cannot have."""
    name = config["name"]
    if kind not in SHARED:
        known = ", ".join(SHARED)
        raise ValueError(f"layer {name!r} is a {kind}, which has no twin; layers that have one: {known}.")
    shared = (*_ALWAYS_SHARED, *SHARED[kind])
    for key, value in config.items():
        if key not in shared and key not in _LEFT_BEHIND and value not in (None, False, 0):
            raise ValueError(f"layer {name!r} ({kind}) has {key}={value!r}, which has no twin; leave {key} out.")
    kept = {key: config[key] for key in shared if key in config}
    kept |= {key: _entries(config[key], dtype) for key in _NESTED if key in kept}
    return {**kept, "dtype": dtype}


def _entries(value: Any, dtype: Any) -> Any:
    """The configurations of the layers that a layer holds, with what they share with their twins."""
    if isinstance(value, list):
        return [_entries(entry, dtype) for entry in value]
    kind, inner = value["class_name"], value["config"]
    config = _model_config(inner, dtype) if kind in MODELS else _layer_config(kind, inner, dtype)
    return {key: entry for key, entry in value.items() if key != "build_config"} | {"config": config}


def _model_config(config: dict[str, Any], dtype: str | None) -> dict[str, Any]:
    """The configuration of a model with those of its layers cut down to what the twins share."""

    def entry_of(entry: dict[str, Any]) -> dict[str, Any]:
        kind, inner = entry["class_name"], entry["config"]
        if kind in MODELS:
            return {**entry, "config": _model_config(inner, dtype)}
        if kind == "InputLayer":
            return {**entry, "config": {**inner, "dtype": dtype or inner["dtype"]}}
        if entry["module"].startswith("keras.src.ops"):  # Keras's computation of masks
            return entry
        return {**entry, "config": _layer_config(kind, inner, dtype or inner["dtype"])}

    return {**config, "layers": [entry_of(entry) for entry in config["layers"]]}


def _twin(model: Any, library: ModuleType, dtype: str | None) -> Any:
    if not model.built:
        raise ValueError(f"model {model.name!r} has no weights yet; give it an Input or call build() first.")
    if type(model).__name__ == "Functional":
        twin = twin_layer(model, library, dtype)
        twin.set_weights(model.get_weights())
        return twin
    batch_size, *shape = model.input_shape
    first_dtype = dtype or dtype_name(model.layers[0])
    layers = [twin_layer(layer, library, dtype) for layer in model.layers]
    twin = library.Sequential([library.Input(shape=tuple(shape), batch_size=batch_size, dtype=first_dtype), *layers])
    for layer, copy in zip(model.layers, layers, strict=True):
        copy.set_weights(layer.get_weights())
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
    import minirnn

    return _twin(model, minirnn, dtype)
