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
        "Masking": "mask_value",
        "RepeatVector": "n",
        "Reshape": "target_shape",
    }.items()
}
_ALWAYS_SHARED = ("name", "trainable")
_LEFT_BEHIND = ("dtype", "seed", "kernel_initializer", "recurrent_initializer", "bias_initializer")


def dtype_name(layer: Any) -> str:
    """The dtype of a layer, e.g. "float32", whether its configuration holds the name or a whole policy."""
    dtype = layer.get_config()["dtype"]
    return dtype["config"]["name"] if isinstance(dtype, dict) else str(dtype)


def twin_layer(layer: Any, library: ModuleType, dtype: str | None = None) -> Any:
    """The layer of `library` with the configuration of `layer`, not yet built.

    Args:
        layer: a minirnn or Keras layer.
        library: the module to take the twin from, minirnn or Keras.
        dtype: the twin's dtype; that of `layer` when None.

    Raises:
        ValueError: the layer has no twin, or one of its settings has none.
    """
    kind, config = type(layer).__name__, layer.get_config()
    if kind not in SHARED:
        known = ", ".join(SHARED)
        raise ValueError(f"layer {layer.name!r} is a {kind}, which has no twin; layers that have one: {known}.")
    shared = (*_ALWAYS_SHARED, *SHARED[kind])
    for key, value in config.items():
        if key not in shared and key not in _LEFT_BEHIND and value not in (None, False, 0):
            raise ValueError(f"layer {layer.name!r} ({kind}) has {key}={value!r}, which has no twin; leave {key} out.")
    twin_config = {key: config[key] for key in shared if key in config}
    return getattr(library.layers, kind).from_config({**twin_config, "dtype": dtype or dtype_name(layer)})


def _twin(model: Any, library: ModuleType, dtype: str | None) -> Any:
    if not model.built:
        raise ValueError(f"model {model.name!r} has no weights yet; give it an Input or call build() first.")
    batch_size, *shape = model.input_shape
    first_dtype = dtype or dtype_name(model.layers[0])
    layers = [twin_layer(layer, library, dtype) for layer in model.layers]
    twin = library.Sequential([library.Input(shape=tuple(shape), batch_size=batch_size, dtype=first_dtype), *layers])
    for layer, copy in zip(model.layers, layers, strict=True):
        copy.set_weights(layer.get_weights())
    return twin


def to_keras(model: Any, dtype: str | None = None) -> Any:
    """The Keras Sequential with the layers and the weights of a built minirnn Sequential.

    Args:
        model: a built minirnn.Sequential (a Keras one works as well and is copied).
        dtype: "float32" or "float64" for the twin; that of each layer when None.

    Raises:
        ValueError: the model is not built, or a layer or one of its settings has no twin.
    """
    with precision(dtype or dtype_name(model.layers[-1])):
        return _twin(model, load()[0], dtype)


def to_minirnn(model: Any, dtype: str | None = None) -> Any:
    """The minirnn Sequential with the layers and the weights of a built Keras Sequential.

    Args:
        model: a built keras.Sequential (a minirnn one works as well and is copied).
        dtype: "float32" or "float64" for the twin; that of each layer when None.

    Raises:
        ValueError: the model is not built, or a layer or one of its settings has no twin.
    """
    import minirnn

    return _twin(model, minirnn, dtype)
