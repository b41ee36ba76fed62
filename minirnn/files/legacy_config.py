"""Configurations of Keras 1 and 2 in the words of Keras 3.

Nothing is checked here, and nothing is made: what is not understood stays as it is, and `Schema`, through which all has
to go that comes out, refuses it by its name.

| Keras 1 and 2 | Keras 3 |
|---|---|
| `batch_input_shape` of a layer | an InputLayer before it |
| a call `[[layer, call, output, arguments], ..]` | `args` and `kwargs` with tensors |
| states behind the input of a call | `initial_state` |
| calls of a model within a model count from 1 | from 0 |
| GRU that says nothing of `reset_after` | `reset_after=False` |
| CuDNNLSTM, CuDNNGRU | LSTM and GRU with what CuDNN computes |
| `lr`, `decay` | `learning_rate`, InverseTimeDecay |
"""

from __future__ import annotations

from typing import Any

from minirnn.compat import spelling
from minirnn.files import keras1_config

_MODELS = ("Sequential", "Model", "Functional")
_STATES_FOLLOW = ("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional", "CuDNNLSTM", "CuDNNGRU")
_CUDNN = {"CuDNNLSTM": ("LSTM", {}), "CuDNNGRU": ("GRU", {"reset_after": True})}
_RESETS = ("GRU", "GRUCell")
# Settings that Keras 3 has no more, and the values that make no difference.
_GONE: dict[str, tuple[Any, ...]] = {
    "input_spec": (None,), "num_constants": (None, 0), "reverse_state_order": (False,), "causal": (False,),
    "time_major": (False, None), "batch_size": (None,), "dynamic": (False,),
}  # fmt: skip
_GONE_FROM: dict[str, dict[str, tuple[Any, ...]]] = {
    "SpatialDropout1D": {"noise_shape": (None,), "trainable": (True, False)},
    "InputLayer": {"trainable": (True, False)},
    "BatchNormalization": {"fused": (None, True, False)},
}
_OPTIMIZER_GONE = ("decay", "is_legacy_optimizer", "jit_compile")


def modern_model(entry: Any, version: tuple[int, ...]) -> Any:
    """The entry of a whole model; `version` is that of the Keras which wrote it."""
    entry = _without_shapes(entry)
    return entry if version[0] > 2 else _entry(entry, version[0])


def modern_training(config: Any, version: tuple[int, ...]) -> Any:
    """What a model was compiled with, as `compile_config` has it; None if it was not."""
    if not isinstance(config, dict):
        return config
    config = _without_shapes(config)
    found = {key: value for key, value in config.items() if key not in ("optimizer_config", "sample_weight_mode")}
    found["optimizer"] = _optimizer(config.get("optimizer_config"))
    if version[0] < 3:
        for key in ("loss", "metrics", "weighted_metrics"):
            found[key] = _measure(found.get(key))
        if isinstance(found["metrics"], list) and len(found["metrics"]) == 1:
            found["metrics"] = found["metrics"][0]  # [[..]]: a list for each output, of which there is one
        found["metrics"] = found["metrics"] or None
    return found


def modern_compiled(config: Any) -> Any:
    """`compile_config` of a `.keras` file of Keras 2 as that of Keras 3."""
    if not isinstance(config, dict):
        return config
    rest = {key: value for key, value in config.items() if key != "optimizer"}
    return modern_training({**rest, "optimizer_config": config.get("optimizer")}, (2,))


def is_by_weights(config: Any, version: tuple[int, ...]) -> bool:
    """Whether the optimizer keeps its slots weight by weight; those before Keras 2.11 did so slot by slot."""
    optimizer = config.get("optimizer_config") if isinstance(config, dict) else None
    settings = optimizer.get("config") if isinstance(optimizer, dict) else None
    return version[0] > 2 or (isinstance(settings, dict) and settings.get("is_legacy_optimizer") is False)


def _without_shapes(value: Any) -> Any:
    """TensorShape, as TensorFlow writes it, is a list."""
    if isinstance(value, dict):
        if value.get("class_name") == "TensorShape" and set(value) == {"class_name", "items"}:
            return _without_shapes(value["items"])
        return {key: _without_shapes(entry) for key, entry in value.items()}
    return [_without_shapes(entry) for entry in value] if isinstance(value, list) else value


# --- layers ---


def _entry(entry: Any, major: int) -> Any:
    """The entry of a layer or model."""
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        return entry
    name, config = entry["class_name"], entry.get("config")
    if name == "Sequential" and isinstance(config, (list, dict)):
        return {**entry, "config": _chain(config if isinstance(config, dict) else {"layers": config}, major)}
    if not isinstance(config, dict):
        return entry
    if name in _MODELS:
        return {**entry, "class_name": "Functional", "config": _graph(config, major)}
    name, config = keras1_config.modern_layer(name, config) if major < 2 else (name, dict(config))
    if "batch_input_shape" in config:
        shape = config.pop("batch_input_shape")
        config |= {"batch_shape": shape} if name == "InputLayer" else {}
    for key, harmless in {**_GONE, **_GONE_FROM.get(name, {})}.items():
        if key in config and any(config[key] is value for value in harmless):
            del config[key]
    if name in _CUDNN:
        name, more = _CUDNN[name]
        config = {**config, "activation": "tanh", "recurrent_activation": "sigmoid", **more}
    elif name in _RESETS:
        config.setdefault("reset_after", False)
    for key, value in config.items():
        if key in ("layer", "backward_layer", "cell"):
            config[key] = _entry(value, major)
        elif key == "axis" and name == "BatchNormalization" and isinstance(value, list) and len(value) == 1:
            config[key] = value[0]
        elif key == "cells" and isinstance(value, list):
            config[key] = [_entry(cell, major) for cell in value]
        elif key.endswith("_initializer") and isinstance(value, dict) and isinstance(value.get("config"), dict):
            settings = {inner: given for inner, given in value["config"].items() if inner != "dtype"}
            config[key] = {**value, "config": settings}
    return {**entry, "class_name": name, "config": config}


def _chain(config: dict[str, Any], major: int) -> dict[str, Any]:
    """A Sequential model; its first layer may say what comes in."""
    layers = config.get("layers")
    if not isinstance(layers, list):
        return config
    found = [_entry(layer, major) for layer in layers]
    first = layers[0] if layers else None
    first = first if isinstance(first, dict) else {}
    settings = first.get("config")
    if isinstance(settings, dict) and first.get("class_name") != "InputLayer" and "batch_input_shape" in settings:
        dtype = settings.get("dtype", settings.get("input_dtype"))
        begin = {"batch_shape": settings["batch_input_shape"], "dtype": dtype or "float32"}
        found.insert(0, {"class_name": "InputLayer", "config": {**begin, "name": f"{settings.get('name')}_input"}})
    return {**config, "layers": found}


# --- graphs ---


def _graph(config: dict[str, Any], major: int) -> dict[str, Any]:
    """A functional model."""
    layers = config.get("layers")
    if not isinstance(layers, list):
        return config
    bases = _first_calls(config)
    found = []
    for layer in layers:
        entry = _entry(layer, major)
        if isinstance(entry, dict) and isinstance(layer.get("inbound_nodes"), list):
            calls = [_call(node, layer.get("class_name"), bases) for node in layer["inbound_nodes"]]
            entry = {**entry, "inbound_nodes": calls}
        found.append(entry)
    ends = [key for key in ("input_layers", "output_layers") if key in config]
    return {**config, "layers": found, **{key: _ends(config[key], bases) for key in ends}}


def _first_calls(config: dict[str, Any]) -> dict[str, int]:
    """Name of each model within this one -> the number of its first call."""
    inner = {
        layer["name"]
        for layer in config["layers"]
        if isinstance(layer, dict) and layer.get("class_name") in _MODELS and isinstance(layer.get("name"), str)
    }
    found: dict[str, int] = {}
    pending: list[Any] = [config.get("output_layers")]
    pending += [layer.get("inbound_nodes") for layer in config["layers"] if isinstance(layer, dict)]
    while pending:
        value = pending.pop()
        if _is_tensor(value) and value[0] in inner:
            found[value[0]] = min(found.get(value[0], value[1]), value[1])
        elif isinstance(value, (list, dict)):
            pending += value.values() if isinstance(value, dict) else value
    return found


def _is_tensor(value: Any) -> bool:
    """[layer, call, output], and arguments behind them."""
    return (
        isinstance(value, list)
        and 3 <= len(value) <= 4
        and isinstance(value[0], str)
        and all(isinstance(number, int) and not isinstance(number, bool) for number in value[1:3])
    )


def _tensor(value: list[Any], bases: dict[str, int]) -> dict[str, Any]:
    history = [value[0], value[1] - bases.get(value[0], 0), value[2]]
    return {"class_name": "__keras_tensor__", "config": {"keras_history": history}}


def _call(node: Any, class_name: Any, bases: dict[str, int]) -> Any:
    """One call of a layer: its tensors come first, the first of them with all arguments."""
    if not isinstance(node, list) or not node or not all(map(_is_tensor, node)):
        return node
    tensors = [_tensor(entry, bases) for entry in node]
    given = node[0][3] if len(node[0]) > 3 and isinstance(node[0][3], dict) else {}
    kwargs = {key: _argument(value, bases) for key, value in given.items() if value is not None}
    if kwargs.get("training") is False:
        del kwargs["training"]
    if len(tensors) > 1 and class_name in _STATES_FOLLOW:
        return {"args": tensors[:1], "kwargs": {**kwargs, "initial_state": tensors[1:]}}
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": kwargs}


def _argument(value: Any, bases: dict[str, int]) -> Any:
    if _is_tensor(value):
        return _tensor(value, bases)
    return [_argument(entry, bases) for entry in value] if isinstance(value, list) else value


def _ends(value: Any, bases: dict[str, int]) -> Any:
    """Where a model begins or ends; a single tensor stands in a list. Models within count from 1 here, too."""
    if _is_tensor(value):
        return [value[0], value[1] - bases.get(value[0], 0) + int(value[0] in bases), *value[2:3]]
    if isinstance(value, dict):
        return {key: _ends(entry, bases) for key, entry in value.items()}
    if not isinstance(value, list):
        return value
    found = [_ends(entry, bases) for entry in value]
    return found[0] if len(found) == 1 else found


# --- what a model was compiled with ---


def _optimizer(entry: Any) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return entry
    config = {spelling.OPTIMIZER.get(key, key): value for key, value in entry["config"].items()}
    decay = config.get("decay")
    config = {key: value for key, value in config.items() if key not in _OPTIMIZER_GONE}
    if config.get("epsilon", 0) is None:
        del config["epsilon"]
    if decay:
        rate = {"initial_learning_rate": config.get("learning_rate"), "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {"class_name": "InverseTimeDecay", "config": rate}
    name = entry.get("class_name")
    return {**entry, "class_name": name.removeprefix("Custom>") if isinstance(name, str) else name, "config": config}


def _measure(value: Any) -> Any:
    """A loss or metric, or several: wrapped functions by their names, the reduction that Keras chose by its name."""
    if isinstance(value, list):
        return [_measure(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    config = value.get("config")
    if "class_name" not in value or not isinstance(config, dict):
        return {key: _measure(entry) for key, entry in value.items()}
    if value["class_name"] in ("MeanMetricWrapper", "LossFunctionWrapper") and isinstance(config.get("fn"), str):
        return config["fn"]
    config = {key: entry for key, entry in config.items() if key != "fn"}
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    return {**value, "config": config}
