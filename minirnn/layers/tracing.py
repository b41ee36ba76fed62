"""A `call` of the user's own, made of layers: it is run once on symbolic tensors, and the calls in it are recorded."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from minirnn.layers.symbolic import KerasTensor, SymbolicError, made_by
from minirnn.utils.nested import flatten


class TrainingFlag:
    """What `call` gets for `training` while it is recorded. Layers take it; `if training:` asks it."""

    def __init__(self, value: bool) -> None:
        self.value, self.asked = value, False

    def __bool__(self) -> bool:
        self.asked = True
        return self.value


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether a function has an argument of this name."""
    return name in inspect.signature(function).parameters


def traced(owner: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What `owner.call` gives for symbolic tensors: the symbolic outputs, in their nesting.

    Where `call` asks `if training:`, it may leave out layers that do nothing outside of training, such as Dropout;
    both ways are recorded and compared. Raises TypeError, in one line, for arithmetic of the user's own, outputs that
    no layer made, and another dependence on `training`.
    """
    outputs, flag = _record(owner, args, kwargs, True)
    if flag.asked:
        without, _ = _record(owner, args, kwargs, False)
        if list(map(_origin, flatten(outputs))) != list(map(_origin, flatten(without))):
            raise TypeError(
                f"{owner.name}: call uses other layers when training; only layers like Dropout may depend on it"
            )
    return outputs


def _record(owner: Any, args: tuple, kwargs: dict[str, Any], training: bool) -> tuple[Any, TrainingFlag]:
    flag = TrainingFlag(training)
    given = {name: value for name, value in kwargs.items() if name not in ("training", "mask")}
    if takes(owner.call, "training"):
        given["training"] = flag
    try:
        outputs = owner.call(*args, **given)
    except SymbolicError as error:
        raise TypeError(
            f"{owner.name}: call does arithmetic of its own, which cannot be trained; use layers, such as Add for +, "
            "or write a Layer with call and backward"
        ) from error
    for tensor in flatten(outputs):
        if not isinstance(tensor, KerasTensor):
            raise TypeError(
                f"{owner.name}: call must return what layers gave, got {type(tensor).__name__}; put NumPy into a Layer "
                "with call and backward"
            )
    return outputs, flag


def _origin(tensor: KerasTensor) -> Any:
    """Which layers made a tensor of what, those left out that only act in training."""
    if tensor._keras_history is None or not made_by(tensor).input_tensors:
        return id(tensor)
    node = made_by(tensor)
    if node.operation.only_in_training:
        return _origin(node.input_tensors[0])
    place = tensor._keras_history.tensor_index
    return (id(node.operation), place, *map(_origin, node.input_tensors))
