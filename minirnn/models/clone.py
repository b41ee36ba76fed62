"""`clone_model`: the same architecture, with layers and weights of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from minirnn.compat import spelling
from minirnn.layers.input import Input, InputLayer
from minirnn.layers.symbolic import KerasTensor
from minirnn.models.model import Functional, Model
from minirnn.models.sequential import Sequential
from minirnn.utils.nested import flatten, map_leaves


@spelling.names_nearest
def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """A model with the layers, names and calls of `model`, and new weights; compiled anew if `model` is compiled.

    `input_tensors` are symbolic inputs to use instead of new ones. `clone_function(layer)` makes the new layer of each
    layer that is no Input, by default from its configuration; a layer that is called twice is cloned once.
    `call_function(layer, *args, **kwargs)` calls the new layers of a functional model. `recursive` clones models within
    the model in the same way, which else go to `clone_function` as a whole.

    A model with a `call` of its own is made anew from its configuration, by `get_config` and `from_config` of its
    class, built as it is built, and not compiled. It takes none of the functions and tensors. A functional model whose
    class has an `__init__` of another kind becomes a plain functional one.

    Raises TypeError for anything but a model, and ValueError for `input_tensors` that are not as many as the model has
    inputs, and for arguments that its kind does not take.
    """
    if not isinstance(model, Model):
        raise TypeError(f"clone_model takes a model, got {type(model).__name__}")
    if isinstance(model, Sequential) and call_function is not None:
        raise ValueError("call_function is for functional models: the layers of a Sequential are listed, not called")
    if model.own_call:
        given = {"input_tensors": input_tensors, "clone_function": clone_function, "call_function": call_function}
        return _clone_own(model, [name for name, value in given.items() if value is not None])
    clones: dict[Any, Any] = {}

    def clone(layer: Any) -> Any:
        if layer not in clones:
            if recursive and isinstance(layer, Model) and not layer.own_call:
                inner_call = None if isinstance(layer, Sequential) else call_function
                clones[layer] = clone_model(layer, None, clone_function, inner_call, True)
            else:
                clones[layer] = clone_function(layer) if clone_function else type(layer).from_config(layer.get_config())
        return clones[layer]

    if isinstance(model, Sequential):
        cloned = _clone_chain(model, input_tensors, clone)
    else:
        call = call_function or (lambda layer, *args, **kwargs: layer(*args, **kwargs))
        cloned = _clone_graph(model, input_tensors, clone, call)
    if model.compiled:
        cloned.compile(_anew(model.optimizer), **map_leaves(_anew, model._compiled_with))
    return cloned


def _anew(part: Any) -> Any:
    """An optimizer, loss or metric of the same settings that has seen nothing yet; functions and names as they are."""
    described = hasattr(part, "get_config") and not isinstance(part, type)
    return type(part).from_config(part.get_config()) if described else part


def _clone_chain(model: Sequential, input_tensors: Any, clone: Callable[[Any], Any]) -> Sequential:
    begin: list[Any] = _given(input_tensors, 1) if input_tensors is not None else []
    if not begin and model._input_layer is not None:
        begin = [InputLayer.from_config(model._input_layer.get_config())]
    return Sequential([*begin, *map(clone, model.layers)], name=model.name, trainable=model.trainable)


def _clone_graph(model: Any, input_tensors: Any, clone: Callable[[Any], Any], call: Callable[..., Any]) -> Any:
    if input_tensors is None:
        new = [Input(batch_shape=t.shape, dtype=t.dtype, name=t.name) for t in model.inputs]
    else:
        new = _given(input_tensors, len(model.inputs))
    stands_for = {id(old): tensor for old, tensor in zip(model.inputs, new, strict=True)}

    def of(structure: Any) -> Any:
        return map_leaves(lambda leaf: stands_for[id(leaf)] if isinstance(leaf, KerasTensor) else leaf, structure)

    for node in model.graph.nodes:
        if node.input_tensors:
            made = flatten(call(clone(node.operation), *of(list(node.args)), **of(node.kwargs)))
            stands_for |= {id(old): tensor for old, tensor in zip(node.outputs, made, strict=True)}
    kind = type(model) if _is_made_of_tensors(type(model)) else Functional
    return kind(of(model.input), of(model.output), name=model.name, trainable=model.trainable)


def _is_made_of_tensors(kind: type) -> bool:
    """Whether a class is called as `Model` is."""
    known = inspect.signature(kind.__init__).parameters  # type: ignore[misc]
    return all(name in known for name in ("inputs", "outputs", "name", "trainable"))


def _clone_own(model: Any, given: list[str]) -> Any:
    if given:
        raise ValueError(
            f"{given[0]} is for Sequential and functional models, got a {type(model).__name__}, with a call of its own"
        )
    clone = type(model).from_config(model.get_config())
    if model.built and not clone.built:
        clone.build(map_leaves(lambda tensor: tensor.shape, model.input))
    return clone


def _given(tensors: Any, count: int) -> list[KerasTensor]:
    found = flatten(tensors)
    kinds = ", ".join(type(tensor).__name__ for tensor in found)
    if len(found) != count or not all(isinstance(tensor, KerasTensor) for tensor in found):
        raise ValueError(f"input_tensors must be {count} symbolic tensor(s), got {kinds}")
    return found
