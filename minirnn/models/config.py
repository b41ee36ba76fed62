"""Models as configurations of Keras's form: what `get_config` gives, and the layers and tensors that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minirnn import layers
from minirnn.layers.input import InputLayer
from minirnn.layers.symbolic import KerasTensor
from minirnn.utils import registry
from minirnn.utils.nested import map_leaves

# Where Keras keeps the classes of models; all other layers are in keras.layers.
_MODULES = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
_TENSOR = "__keras_tensor__"


_models: dict[str, type] = {}


def is_model(cls: type) -> type:
    """Let configurations name this class of models."""
    _models[cls.__name__] = cls
    return cls


def known_classes() -> dict[str, type]:
    """Every layer and model of minirnn by the name of its class."""
    found = {name: getattr(layers, name) for name in layers.__all__}
    return {name: cls for name, cls in found.items() if isinstance(cls, type)} | _models


def serialize_layer(layer: Any) -> dict[str, Any]:
    """The configuration of a layer or model with its class."""
    name = type(layer).__name__
    own = known_classes().get(name) is type(layer)
    return {
        "module": _MODULES.get(name, "keras.layers") if own else type(layer).__module__,
        "class_name": name,
        "config": layer.get_config(),
        "registered_name": None if own else name,
    }


def deserialize_layer(entry: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer or model of a configuration; `custom_objects` maps names to classes of your own."""
    known: dict[str, Any] = {**known_classes(), **(custom_objects or {})}
    if "class_name" not in entry:
        raise ValueError(f"the configuration of a layer needs a 'class_name', got the keys {sorted(map(str, entry))}")
    name = entry["class_name"]
    if name not in known:
        raise ValueError(f"minirnn has no layer {name!r}{registry.closest(name, known)}")
    passed_on = (custom_objects,) if name in _models else ()
    return known[name].from_config(dict(entry["config"]), *passed_on)


def of_graph(model: Any) -> dict[str, Any]:
    """The configuration of a functional model: its layers, who calls whom, and where inputs and outputs are."""
    graph = model.graph
    # A layer may have been called in other models, too: calls are counted within this one.
    number: dict[Any, int] = {}
    within = set(graph.nodes)
    for layer in graph.layers:
        own = [node for node in layer.nodes if node in within]
        number |= {node: place for place, node in enumerate(own)}

    def history(tensor: KerasTensor) -> list[Any]:
        operation, node_index, tensor_index = tensor._keras_history  # type: ignore[misc]
        return [operation.name, number[operation.nodes[node_index]], tensor_index]

    def end(tensor: KerasTensor) -> list[Any]:
        name, node_index, tensor_index = history(tensor)
        return [name, node_index + _first(tensor._keras_history.operation), tensor_index]  # type: ignore[union-attr]

    def argument(value: Any) -> Any:
        if not isinstance(value, KerasTensor):
            return value
        described = {"shape": value.shape, "dtype": value.dtype, "keras_history": history(value)}
        return {"class_name": _TENSOR, "config": described}

    entries = []
    for layer in graph.layers:
        calls = [
            {"args": map_leaves(argument, list(node.args)), "kwargs": map_leaves(argument, node.kwargs)}
            for node in layer.nodes
            if node in number and node.input_tensors
        ]
        entries.append({**serialize_layer(layer), "name": layer.name, "inbound_nodes": calls})
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": entries,
        "input_layers": map_leaves(end, model.input),
        "output_layers": map_leaves(end, model.output),
    }


def _first(layer: Any) -> int:
    """The number of a layer's first call where a configuration names inputs and outputs; within calls it is 0.

    Keras counts functional models from 1 there, as if the call that made such a model were the first; Keras 2, in
    calls, too.
    """
    return 1 if type(layer).__name__ == "Functional" else 0


def tensors_of(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """The symbolic inputs and outputs that a functional model's configuration describes; ValueError if it is none."""
    missing = [key for key in ("layers", "input_layers", "output_layers") if key not in config]
    if missing:
        raise ValueError(f"the configuration of a functional model needs {missing[0]!r}, got {sorted(config)}")
    made: dict[str, Any] = {}
    waiting: list[tuple[Any, Any]] = []
    for entry in config["layers"]:
        layer = deserialize_layer(entry, custom_objects)
        made[entry.get("name", layer.name)] = layer
        waiting += [(layer, call) for call in entry.get("inbound_nodes", [])]

    def tensor(name: str, node_index: int, tensor_index: int, as_end: bool = True) -> KerasTensor | None:
        """The tensor that a call made, None if the call was not repeated yet; `as_end` counts as inputs and outputs."""
        if name not in made:
            raise ValueError(f"the configuration names the layer {name!r}, which is not among its layers")
        layer = made[name]
        node_index -= _first(layer) if as_end else 0
        nodes = layer.nodes if isinstance(layer, InputLayer) else calls[layer]
        return nodes[node_index].outputs[tensor_index] if node_index < len(nodes) else None

    calls: dict[Any, list[Any]] = {layer: [] for layer in made.values()}
    while waiting:
        later: list[tuple[Any, Any]] = []
        for layer, call in waiting:
            args, kwargs = _arguments(call, tensor)
            # Calls of one layer are repeated in their order.
            if args is None or any(layer is other for other, _ in later):
                later.append((layer, call))
                continue
            layer(*args, **kwargs)
            calls[layer].append(layer.nodes[-1])
        if len(later) == len(waiting):
            names = ", ".join(sorted({layer.name for layer, _ in later}))
            raise ValueError(f"the calls of {names} depend on each other or on nothing: no model can be made of them")
        waiting = later
    return _structure(config["input_layers"], tensor), _structure(config["output_layers"], tensor)


class _NotYet(Exception):
    """A tensor that a call needs was not made yet."""


def _arguments(call: Any, tensor: Any) -> tuple[Any, Any]:
    """The arguments of a recorded call, (None, None) if they do not exist yet."""

    def revive(value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("class_name") == _TENSOR:
            return found(*value["config"]["keras_history"], False)
        if isinstance(value, Mapping):
            return {key: revive(entry) for key, entry in value.items()}
        return [revive(entry) for entry in value] if isinstance(value, (list, tuple)) else value

    def found(*history: Any) -> KerasTensor:
        made = tensor(*history)
        if made is None:
            raise _NotYet
        return made

    try:
        if isinstance(call, (list, tuple)):  # the form of Keras 2: [name, node, tensor, keyword arguments]
            tensors = [found(*entry[:3]) for entry in call]
            return [tensors[0] if len(tensors) == 1 else tensors], dict(call[0][3]) if len(call[0]) > 3 else {}
        return revive(call["args"]), {k: v for k, v in revive(call["kwargs"]).items() if v is not None}
    except _NotYet:
        return None, None


def _structure(places: Any, tensor: Any) -> Any:
    if isinstance(places, Mapping):
        return {key: _structure(entry, tensor) for key, entry in places.items()}
    if len(places) == 3 and isinstance(places[0], str):
        return tensor(*places)
    return [_structure(entry, tensor) for entry in places]
