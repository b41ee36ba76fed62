"""Models as configurations of Keras's form: what `get_config` gives, and the layers and tensors that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minirnn import layers
from minirnn.choices import closest
from minirnn.layers.input import InputLayer
from minirnn.layers.sharing import number_of, revive
from minirnn.layers.symbolic import KerasTensor, made_by, symbolic_tensors
from minirnn.utils.nested import flatten, map_leaves

# Where Keras keeps the classes of models; all other layers are in keras.layers.
_MODULES = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
_TENSOR = "__keras_tensor__"
# What Keras writes into a model to compute masks, beside the layers; masks here come of themselves.
_OPERATIONS = "keras.src.ops"

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
        "registered_name": None if own and name != "Functional" else name,
        **number_of(layer),
    }


def deserialize_layer(entry: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer or model of a configuration; `custom_objects` maps names to classes of your own."""
    known: dict[str, Any] = {**known_classes(), **(custom_objects or {})}
    if "class_name" not in entry:
        raise ValueError(f"the configuration of a layer needs a 'class_name', got the keys {sorted(map(str, entry))}")
    name = entry["class_name"]
    if name not in known:
        raise ValueError(f"minirnn has no layer {name!r}{closest(name, known)}")
    cls = known[name]
    passed_on = (custom_objects,) if name in _models or getattr(cls, "holds_layers", False) else ()
    return revive(entry.get("shared_object_id"), cls, lambda: cls.from_config(dict(entry["config"]), *passed_on))


def of_graph(model: Any) -> dict[str, Any]:
    """The configuration of a functional model: its layers, who calls whom, and where inputs and outputs are."""
    graph = model.graph
    # A layer may have been called in other models, too: calls are counted within this one.
    number: dict[Any, int] = {}
    within = set(graph.nodes)
    for layer in graph.layers:
        number |= {node: place for place, node in enumerate(node for node in layer.nodes if node in within)}

    def history(tensor: KerasTensor) -> list[Any]:
        operation, node_index, tensor_index = tensor._keras_history  # type: ignore[misc]
        return [operation.name, number[operation.nodes[node_index]], tensor_index]

    def end(tensor: KerasTensor) -> list[Any]:
        name, node_index, tensor_index = history(tensor)
        return [name, node_index + _first_call(made_by(tensor).operation), tensor_index]

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


def _first_call(layer: Any) -> int:
    """The number of a layer's first call, where a model's inputs and outputs are named.

    There, and not among the arguments of calls, Keras counts functional models from 1: what drew one is its call 0.
    """
    return 1 if type(layer).__name__ == "Functional" else 0


def tensors_of(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """The symbolic inputs and outputs that a functional model's configuration describes; ValueError if it is none."""
    missing = [key for key in ("layers", "input_layers", "output_layers") if key not in config]
    if missing:
        raise ValueError(f"the configuration of a functional model needs {missing[0]!r}, got {sorted(config)}")
    repeated = _Repeated()
    waiting: list[tuple[Any, Any]] = []
    for entry in config["layers"]:
        if str(entry.get("module")).startswith(_OPERATIONS):
            repeated.operations.add(entry["name"])
            continue
        layer = deserialize_layer(entry, custom_objects)
        repeated.add(entry.get("name", layer.name), layer)
        waiting += [(layer, call) for call in entry.get("inbound_nodes", [])]
    while waiting:
        later: list[tuple[Any, Any]] = []
        blocked: set[Any] = set()
        for layer, call in waiting:
            # Calls of one layer are repeated in their order.
            if layer in blocked or not repeated.call(layer, call):
                blocked.add(layer)
                later.append((layer, call))
        if len(later) == len(waiting):
            names = ", ".join(sorted({layer.name for layer, _ in later}))
            raise ValueError(f"the calls of {names} depend on each other or on nothing: no model can be made of them")
        waiting = later
    try:
        return repeated.ends(config["input_layers"]), repeated.ends(config["output_layers"])
    except _NotYet:
        raise ValueError("the configuration names inputs or outputs of a call that no layer has") from None


class _NotYet(Exception):
    """A tensor that a call needs was not made yet."""


class _Repeated:
    """The layers of a configuration by their names, and those of its calls that were repeated on them."""

    def __init__(self) -> None:
        self.layers: dict[str, Any] = {}
        self.operations: set[str] = set()
        self._calls: dict[Any, list[Any]] = {}

    def add(self, name: str, layer: Any) -> None:
        self.layers[name] = layer
        self._calls[layer] = [layer.nodes[0]] if isinstance(layer, InputLayer) else []

    def call(self, layer: Any, call: Any) -> bool:
        """Repeat a recorded call of a layer; False if a tensor that it needs does not exist yet."""
        try:
            args, kwargs = self._arguments(call)
        except _NotYet:
            return False
        if kwargs.pop("mask", None) is not None and not _may_be_masked(symbolic_tensors(args)):
            raise ValueError(f"{layer.name} is called with a mask of its own; only Masking layers make them")
        layer(*args, **{key: value for key, value in kwargs.items() if value is not None})
        self._calls[layer].append(layer.nodes[-1])
        return True

    def ends(self, places: Any) -> Any:
        """The tensors where the model begins or ends, in the nesting of their places."""
        if isinstance(places, Mapping):
            return {key: self.ends(entry) for key, entry in places.items()}
        if len(places) == 3 and isinstance(places[0], str):
            name, node_index, tensor_index = places
            return self._tensor(name, node_index - _first_call(self.layers.get(name)), tensor_index)
        return [self.ends(entry) for entry in places]

    def _tensor(self, name: str, node_index: int, tensor_index: int) -> KerasTensor:
        """What a call made, calls counted from 0."""
        if name in self.operations:
            raise ValueError(f"the configuration holds the operation {name!r}; minirnn has layers only")
        if name not in self.layers:
            raise ValueError(f"the configuration names the layer {name!r}, which is not among its layers")
        layer = self.layers[name]
        if node_index >= len(self._calls[layer]):
            raise _NotYet
        return self._calls[layer][node_index].outputs[tensor_index]

    def _arguments(self, call: Any) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a recorded call; a mask that operations computed is True, in place of all of them."""
        if isinstance(call, (list, tuple)):  # the form of Keras 2: [name, node, tensor, keyword arguments]
            tensors = [self.ends(entry[:3]) for entry in call]
            return [tensors[0] if len(tensors) == 1 else tensors], dict(call[0][3]) if len(call[0]) > 3 else {}
        kwargs = dict(call["kwargs"])
        if "mask" in kwargs:
            kwargs["mask"] = any(leaf == _TENSOR for leaf in flatten(kwargs["mask"])) or None
        return self._revived(call["args"]), self._revived(kwargs)

    def _revived(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return [self._revived(entry) for entry in value] if isinstance(value, (list, tuple)) else value
        if value.get("class_name") == _TENSOR:
            return self._tensor(*value["config"]["keras_history"])
        if value.get("class_name") == "__tuple__":
            return self._revived(value["items"])
        return {key: self._revived(entry) for key, entry in value.items()}


def _may_be_masked(tensors: list[KerasTensor]) -> bool:
    """Whether a layer that makes masks stands before any of the tensors."""
    pending, seen = [made_by(tensor) for tensor in tensors], set()
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            inner = getattr(node.operation, "graph", None)
            if any(layer.makes_mask for layer in (inner.layers if inner else [node.operation])):
                return True
            pending += node.parents
    return False
