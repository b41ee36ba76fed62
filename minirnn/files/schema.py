"""Configurations of strangers against the frozen table: unknown classes, keys and values end here, by their name.

What comes out is new and has nothing that was not looked at. Classes of the table are minirnn's own; `custom_objects`
are the caller's own classes, whose settings are plain data. Functions exist by the name of an activation, a loss or a
metric only. No module is ever imported by a name that a file gives.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from minirnn import activations, losses, metrics
from minirnn.choices import closest
from minirnn.files import kinds, limits, tables
from minirnn.files.errors import ModelFileError, shown
from minirnn.files.kinds import Kind, wrong

_ENTRY_KEYS = {
    "module", "class_name", "config", "registered_name", "shared_object_id", "build_config", "compile_config", "name",
    "inbound_nodes",
}  # fmt: skip
_LAYER_MODULES = ("keras.layers", "keras.src.layers", "tf_keras.layers", "tensorflow.keras.layers", "minirnn.layers")
_MODEL_MODULES = ("keras", "keras.models", "keras.src.models", "keras.src.engine", "tf_keras", "minirnn")
_MODELS = ("Sequential", "Functional", "Model")
_TENSOR = "__keras_tensor__"
_CALL_KEYS = {"args", "kwargs"}


class Schema:
    """The checks of one file. `custom_objects` maps names to the caller's own classes and functions."""

    def __init__(self, custom_objects: Mapping[str, Any] | None = None) -> None:
        self.custom = dict(custom_objects or {})
        self._layers = 0
        self._inner = {
            "layer": self._wrapped, "backward_layer": kinds.optional(self._wrapped), "cell": self._wrapped,
            "cells": kinds.list_of(self._wrapped, limits.MOST_LAYERS), "activation": self._activation,
            "recurrent_activation": self._activation, "learning_rate": self._learning_rate,
        }  # fmt: skip
        self._depth = 0

    # --- models and layers ---

    def model(self, entry: Any, where: str = "config") -> dict[str, Any]:
        """The entry of a whole model. Raises ModelFileError."""
        return self._layer(entry, where)[0]

    def _wrapped(self, entry: Any, where: str) -> dict[str, Any]:
        return self._layer(entry, where)[0]

    def _layer(self, entry: Any, where: str) -> tuple[dict[str, Any], int]:
        """The entry of a layer or model, and how many calls of layers one pass through it makes."""
        name, config = self._opened(entry, where, _ENTRY_KEYS)
        self._layers += 1
        if self._layers > limits.MOST_LAYERS:
            raise wrong(f"more than {limits.MOST_LAYERS} layers", where, "fewer")
        self._depth += 1
        if self._depth > limits.DEEPEST_MODEL:
            raise wrong(f"{self._depth} models or wrappers within each other", where, f"at most {limits.DEEPEST_MODEL}")
        if name == "Lambda":
            raise wrong(name, where, "layers alone; a Lambda is Python code and is not loaded, write a Layer")
        own = self._own_class(entry)
        calls = 1
        if own is not None:
            name, checked = own, kinds.plain(config, where)
        elif name in _MODELS and _in(entry, _MODEL_MODULES):
            name = "Sequential" if name == "Sequential" else "Functional"
            checked, calls = (self._chain if name == "Sequential" else self._graph)(config, where)
        elif name in tables.LAYERS and _in(entry, _LAYER_MODULES) and entry.get("registered_name") in (None, name):
            checked = self._settings(name, config, tables.keys_of_layer(name), where)
        else:
            raise self._unknown("layer", name, entry, where, [*tables.LAYERS, *_MODELS])
        self._depth -= 1
        found = {"class_name": name, "config": checked, "module": "keras.layers"}
        if isinstance(entry.get("shared_object_id"), int):
            found["shared_object_id"] = entry["shared_object_id"]
        build = entry.get("build_config")
        if own is not None and isinstance(build, dict) and build.get("input_shape") is not None:
            found["build_shape"] = kinds.batch_shape(build["input_shape"], f"{where}.build_config")
        return found, calls

    def _opened(self, entry: Any, where: str, keys: set[str]) -> tuple[str, dict[str, Any]]:
        """Class name and configuration of an entry."""
        if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
            raise wrong(entry, where, "an object with a class_name")
        unknown = [key for key in entry if key not in keys]
        if unknown:
            raise wrong(f"the key {shown(unknown[0])!r}", where, f"one of {', '.join(sorted(keys))}")
        config = entry.get("config")
        if not isinstance(config, dict):
            raise wrong(config, f"{where}.{shown(entry['class_name'])}", "a config, an object")
        return entry["class_name"], config

    def _own_class(self, entry: dict[str, Any]) -> str | None:
        """Under which name the caller gave the class of an entry, if they did."""
        for name in (entry.get("registered_name"), entry["class_name"]):
            if isinstance(name, str) and isinstance(self.custom.get(name), type):
                return name
        return None

    def _unknown(self, kind: str, name: str, entry: dict[str, Any], where: str, known: Any) -> ModelFileError:
        module, registered = entry.get("module"), entry.get("registered_name")
        found = f"the {kind} {shown(name)!r} of {shown(module)}, registered as {shown(registered)}"
        hint = closest(name, known).lstrip("; ") or "a class of your own is named by custom_objects"
        return wrong(found, where, f"a {kind} of minirnn; {hint}")

    def _settings(self, owner: str, config: dict[str, Any], keys: tuple[str, ...], where: str) -> dict[str, Any]:
        """Each setting checked by the kind of its key."""
        where = f"{where}.{shown(config.get('name', owner))}"
        found = {}
        for key, value in config.items():
            if key not in keys:
                raise wrong(f"the key {shown(key)!r}", f"{where} ({owner})", f"one of {', '.join(sorted(keys))}")
            found[key] = self._kind(owner, key)(value, f"{where}.{key}")
        return found

    def _kind(self, owner: str, key: str) -> Kind:
        for name in (f"{owner}.{key}", key):
            if name in tables.KINDS:
                return tables.KINDS[name]
        for ending, table in (
            ("_initializer", tables.INITIALIZERS),
            ("_regularizer", tables.REGULARIZERS),
            ("_constraint", tables.CONSTRAINTS),
        ):
            if key.endswith(ending):
                return kinds.optional(functools.partial(self._object, table, ending[1:]))
        return self._inner[key]

    def _chain(self, config: dict[str, Any], where: str) -> tuple[dict[str, Any], int]:
        """The configuration of a Sequential model, and its calls."""
        own: dict[str, Kind] = {
            "name": kinds.name, "trainable": kinds.truth, "dtype": kinds.dtype, "layers": kinds.items,
            "build_input_shape": kinds.optional(kinds.batch_shape),
        }  # fmt: skip
        found = _fixed(config, own, where)
        entries = [self._layer(e, f"{where}.layers[{i}]") for i, e in enumerate(found.get("layers", []))]
        return found | {"layers": [entry for entry, _ in entries]}, self._count(sum(n for _, n in entries), where)

    def _graph(self, config: dict[str, Any], where: str) -> tuple[dict[str, Any], int]:
        """The configuration of a functional model, and its calls."""
        own: dict[str, Kind] = {
            "name": kinds.name, "trainable": kinds.truth, "dtype": kinds.dtype, "layers": kinds.items,
            "input_layers": self._ends, "output_layers": self._ends,
        }  # fmt: skip
        found = _fixed(config, own, where)
        layers, calls = [], 0
        for place, entry in enumerate(found.get("layers", [])):
            at = f"{where}.layers[{place}]"
            if isinstance(entry, dict) and str(entry.get("module")).startswith("keras.src.ops"):
                layers.append(self._operation(entry, at))
                continue
            checked, inside = self._layer(entry, at)
            nodes = kinds.items(entry.get("inbound_nodes", []), f"{at}.inbound_nodes")
            checked["name"] = kinds.name(entry.get("name", checked["config"].get("name")), f"{at}.name")
            checked["inbound_nodes"] = [self._call(node, f"{at}.inbound_nodes") for node in nodes]
            calls = self._count(calls + inside * max(1, len(nodes)), where)
            layers.append(checked)
        names = [layer["name"] for layer in layers]
        if len(set(names)) < len(names):
            raise wrong("two layers of one name", where, "different names")
        return found | {"layers": layers}, calls

    @staticmethod
    def _count(calls: int, where: str) -> int:
        if calls > limits.MOST_CALLS:
            raise wrong(f"{calls:,} calls of layers in one pass", where, f"at most {limits.MOST_CALLS:,}")
        return calls

    def _operation(self, entry: dict[str, Any], where: str) -> dict[str, Any]:
        """An operation on masks, which is read over: only its name is kept."""
        if entry.get("class_name") not in tables.MASK_OPERATIONS:
            raise wrong(f"the operation {shown(entry.get('class_name'))!r}", where, "layers alone")
        return {"module": "keras.src.ops", "name": kinds.name(entry.get("name"), where)}

    # --- calls ---

    def _ends(self, value: Any, where: str) -> Any:
        """[name, call, number], or a nesting of such."""
        if isinstance(value, dict) and value.get("class_name") != "__tuple__":
            return {kinds.name(key, where): self._ends(entry, where) for key, entry in value.items()}
        entries = kinds.items(value, where)
        if len(entries) == 3 and isinstance(entries[0], str):
            return _history(entries, where)
        return [self._ends(entry, where) for entry in entries]

    def _call(self, call: Any, where: str) -> dict[str, Any]:
        if not isinstance(call, dict) or set(call) != _CALL_KEYS or not isinstance(call["kwargs"], dict):
            raise wrong(call, where, "a call with args and kwargs")
        return {"args": self._argument(call["args"], where), "kwargs": self._argument(call["kwargs"], where)}

    def _argument(self, value: Any, where: str) -> Any:
        if isinstance(value, dict):
            if value.get("class_name") == _TENSOR:
                config = value.get("config")
                history = config.get("keras_history") if isinstance(config, dict) else None
                return {"class_name": _TENSOR, "config": {"keras_history": _history(history, where)}}
            if value.get("class_name") != "__tuple__":
                if "class_name" in value:
                    raise wrong(value["class_name"], where, "tensors, lists and plain values")
                return {kinds.name(key, where): self._argument(entry, where) for key, entry in value.items()}
        if isinstance(value, (dict, list)):
            return [self._argument(entry, where) for entry in kinds.items(value, where)]
        if isinstance(value, str):
            return kinds.name(value, where)
        return value

    # --- objects within configurations ---

    def _object(self, table: Mapping[str, str], kind: str, value: Any, where: str) -> Any:
        """An initializer, regularizer, constraint .. by its name or configuration."""
        if isinstance(value, str):
            return kinds.name(value, where)  # found among minirnn's own, and nowhere else, or refused
        name, config = self._opened(value, where, _ENTRY_KEYS)
        own = self._own_class(value)
        if own is not None:
            return {"class_name": own, "config": kinds.plain(config, where)}
        if name not in table or not str(value.get("module")).startswith(("keras.", "tf_keras.", "minirnn.", "None")):
            raise self._unknown(kind, name, value, where, table)
        return {"class_name": name, "config": self._settings(name, config, tables.keys_of(table[name]), where)}

    def _activation(self, value: Any, where: str) -> str:
        """The name of an activation; Keras may write it as a function of its own."""
        if isinstance(value, dict) and value.get("class_name") == "function":
            value = value.get("config")
        if value is None:
            return "linear"
        if not isinstance(value, str):
            raise wrong(value, where, "the name of an activation")
        try:
            return activations.name_of(value)
        except ValueError as error:
            raise wrong(value, where, f"an activation ({error})") from None

    def _learning_rate(self, value: Any, where: str) -> Any:
        if isinstance(value, dict):
            return self._object(tables.SCHEDULES, "schedule", value, where)
        return kinds.number(value, where)

    # --- what a model was compiled with ---

    def compiled(self, config: Any, where: str = "compile_config") -> dict[str, Any] | None:
        """The arguments of `compile`; None if the model was not compiled."""
        if config in (None, {}):
            return None
        own: dict[str, Kind] = {
            "optimizer": functools.partial(self._object, tables.OPTIMIZERS, "optimizer"),
            "loss": lambda v, w: self._nested(v, tables.LOSSES, "loss", w),
            "metrics": lambda v, w: self._nested(v, tables.METRICS, "metric", w),
            "weighted_metrics": lambda v, w: self._nested(v, tables.METRICS, "metric", w),
            "loss_weights": self._shares, "run_eagerly": kinds.optional(kinds.truth),
            "steps_per_execution": kinds.optional(kinds.size), "auto_scale_loss": kinds.optional(kinds.truth),
            "jit_compile": kinds.either("true, false or 'auto'", kinds.optional(kinds.truth), kinds.one_of("auto")),
        }  # fmt: skip
        if not isinstance(config, dict):
            raise wrong(config, where, "an object")
        return _fixed(config, own, where)

    def _nested(self, value: Any, table: Mapping[str, str], kind: str, where: str) -> Any:
        """Losses or metrics, each by its name or configuration, in lists and dicts by outputs."""
        if value is None or isinstance(value, str):
            return value if value is None else self._function(value, kind, where)
        if isinstance(value, dict) and "class_name" not in value:
            return {kinds.name(key, where): self._nested(entry, table, kind, where) for key, entry in value.items()}
        if isinstance(value, list) or (isinstance(value, dict) and value["class_name"] == "__tuple__"):
            return [self._nested(entry, table, kind, where) for entry in kinds.items(value, where)]
        if isinstance(value, dict) and value["class_name"] == "function":
            return self._function(value.get("config"), kind, where)
        return self._object(table, kind, value, where)

    def _function(self, name: Any, kind: str, where: str) -> Any:
        """The name of a loss or metric of minirnn, or the caller's own function."""
        if isinstance(name, str) and name in self.custom:
            return self.custom[name]
        known = losses._KNOWN if kind == "loss" else metrics._KNOWN
        if name in known or (isinstance(name, str) and name.lower() in ("accuracy", "acc", "crossentropy", "ce")):
            return name
        raise wrong(name, where, f"the name of a {kind}; a function of your own is named by custom_objects")

    def _shares(self, value: Any, where: str) -> Any:
        if isinstance(value, dict) and "class_name" not in value:
            return {kinds.name(key, where): kinds.optional(kinds.number)(v, where) for key, v in value.items()}
        if isinstance(value, (list, dict)):
            return kinds.list_of(kinds.optional(kinds.number))(value, where)
        return kinds.optional(kinds.number)(value, where)


def _fixed(config: dict[str, Any], own: dict[str, Kind], where: str) -> dict[str, Any]:
    """Settings by these keys and no other."""
    found = {}
    for key, value in config.items():
        if key not in own:
            raise wrong(f"the key {shown(key)!r}", where, f"one of {', '.join(sorted(own))}")
        found[key] = own[key](value, f"{where}.{key}")
    return found


def _history(value: Any, where: str) -> list[Any]:
    """Where a tensor comes from: the name of a layer, the number of its call, and that of the output."""
    entries = kinds.items(value, where)
    if len(entries) != 3:
        raise wrong(value, where, "[layer, call, output]")
    count = kinds.whole(0, limits.MOST_CALLS)
    return [kinds.name(entries[0], where), count(entries[1], where), count(entries[2], where)]


def _in(entry: dict[str, Any], modules: tuple[str, ...]) -> bool:
    """Whether an entry names one of these modules, or one below them; files of Keras 2 name none."""
    module = entry.get("module")
    return module is None or (
        isinstance(module, str) and any(module == known or module.startswith(f"{known}.") for known in modules)
    )
