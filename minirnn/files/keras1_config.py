"""Layers of Keras 1 in the words of Keras 2: `output_dim` is `units`, `W_regularizer` is `kernel_regularizer` ..

The names are those that `minirnn.compat` takes in scripts; here they come from a file and pass without a warning.
"""

from __future__ import annotations

from typing import Any

from minirnn.compat import spelling

_CLASSES = {"TimeDistributedDense": "Dense", "Convolution1D": "Conv1D"}
_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate", "dot": "Dot"}
_INITIALIZERS = {"one": "ones", "zero": "zeros"}
_REGULARIZERS = ("L1L2Regularizer", "WeightRegularizer", "ActivityRegularizer")
_CONSTRAINTS = {"MaxNorm": "m", "NonNeg": "", "UnitNorm": ""}
_GONE = ("input_dim", "input_length", "input_dtype", "consume_less")  # of layers; an Embedding keeps its own
_EMBEDDING = ("input_dim", "output_dim", "input_length")
_HARMLESS = {("Embedding", "dropout"), ("BatchNormalization", "mode")}  # gone, and of no effect if zero
_MERGE_ONLY = ("mode", "mode_type", "concat_axis", "dot_axes", "output_shape", "output_shape_type", "output_mask",
               "output_mask_type", "arguments")  # fmt: skip


def modern_layer(name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Class and settings of a layer of Keras 1; what has no successor stays and is refused by its name."""
    if name == "Merge" and config.get("mode") in _MERGES:
        return _merge(config)
    name = _CLASSES.get(name, name)
    names = {**spelling.LAYER, **spelling.LAYER_BY_CLASS.get(name, {})}
    names |= spelling.LAYER_BY_CLASS["_Pooling"] if name == "MaxPooling1D" else {}
    found: dict[str, Any] = {}
    for key, value in config.items():
        if name == "InputLayer" and key == "input_dtype":
            key = "dtype"
        elif name == "Embedding" and key in _EMBEDDING:
            pass
        elif key in _GONE or (name, key) in _HARMLESS and _is_zero(value):
            continue
        elif key == "forget_bias_init":
            key, value = "unit_forget_bias", value == "one"
        elif key == "dims" and name == "Permute":
            pass
        else:
            new = names.get(key, key)
            key = new if new and type(new) is str else key
        found[key] = _value(key, value)
    return name, found


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == 0


def _merge(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A layer of all modes has become a layer for each."""
    name = _MERGES[config["mode"]]
    found = {key: value for key, value in config.items() if key not in _MERGE_ONLY and key != "layers"}
    if name == "Concatenate":
        found["axis"] = config.get("concat_axis", -1)
    elif name == "Dot":
        found["axes"] = config.get("dot_axes", -1)
    return name, found


def _value(key: str, value: Any) -> Any:
    """An initializer, regularizer or constraint as Keras 2 writes it."""
    if key.endswith("_initializer") and isinstance(value, str):
        return _INITIALIZERS.get(value, value)
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return value
    settings = {inner: entry for inner, entry in value.items() if inner != "name"}
    if value["name"] in _REGULARIZERS:
        return {"class_name": "L1L2", "config": settings}
    if value["name"] in _CONSTRAINTS:
        norm = _CONSTRAINTS[value["name"]]
        renamed = {"max_value" if inner == norm else inner: entry for inner, entry in settings.items()}
        return {"class_name": value["name"], "config": renamed}
    return value
