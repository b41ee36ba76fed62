"""Layers of the user's own: a class with a `call` on arrays, and what it takes to train through it.

A class that derives from `Layer` outside of minirnn and has a `call` is run in one of two ways.

- It has layers as attributes and no `backward`: `call` is recorded on symbolic tensors, once, and the layers that it
  calls run in its place, forward and backward (`minirnn.layers.tracing`).
- Otherwise `call` itself runs, on NumPy arrays, and `backward` reverses it. Without one it infers only.

`adopt` gives such a class the methods of `OwnCalls`; what the class defines itself stays.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import numpy as np

from minirnn.boundary import as_input
from minirnn.layers.layer import Layer
from minirnn.layers.nesting import held
from minirnn.layers.own_calls import (
    OwnCall,
    array_of,
    as_symbolic,
    clean,
    is_made_of_layers,
    is_minirnn,
    outputs_of,
    shapes_of,
    tensors_of,
    understood,
)
from minirnn.layers.regularized import Penalty, of_outputs_alone, one_call
from minirnn.layers.symbolic import KerasTensor, Node, Shape, is_symbolic, symbolic_tensors
from minirnn.layers.tape import Tape
from minirnn.layers.tracing import takes
from minirnn.layers.tracking import tracked
from minirnn.layers.unchanged import unchanged
from minirnn.utils.nested import flatten, map_leaves, pack_like

# --- what an own class gets ---


class OwnAttributes:
    """The methods of a layer or model of the user's, which may have layers as attributes."""

    def __setattr__(self: Any, name: str, value: Any) -> None:
        found = vars(self).get("_tracked")
        if name != "_tracked":
            seen: list[Any] = []
            value = tracked(value, _is_layer, seen if found is None else found)
            if seen:
                raise RuntimeError(f"{type(self).__name__}.__init__ must call super().__init__() before it sets layers")
        object.__setattr__(self, name, value)

    def get_config(self: Any) -> dict[str, Any]:
        """The arguments that it was made with, where these are plain values, and what else its `__init__` takes.

        Raises NotImplementedError where they are not; a `get_config` of the class's own may call this one.
        """
        parameters = inspect.signature(type(self).__init__).parameters
        base = self.common_config()
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            base = {key: value for key, value in base.items() if key in parameters}
        given: dict[str, Any] = {}
        for name, value in getattr(self, "_arguments", {}).items():
            given |= value if parameters[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value}
        for name, value in given.items():
            try:
                json.dumps(value)
            except TypeError:
                raise NotImplementedError(
                    f"{type(self).__name__} got {name}={value!r:.60}, which is no plain value: it needs a get_config"
                ) from None
        return base | {name: value for name, value in given.items() if name not in base}

    def sublayers(self: Any) -> list[Any]:
        """The layers that it has as attributes, in the order in which they were set."""
        return list(self._tracked)


class OwnCalls(OwnAttributes):
    """The methods of a layer whose `call` is the user's."""

    def __call__(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if is_symbolic((inputs, args, kwargs)):
            return self.connect(inputs, *args, **kwargs)
        args = tuple(clean(self, value) for value in (inputs, *args))
        if not self.built:
            self.build(shapes_of(args[0]))
        with one_call(self) if self.sublayers() else nullcontext():
            results = self.call(*args, **understood(self, kwargs))
        if self.activity_regularizer is not None:
            self.record_activity([array_of(self, result) for result in flatten(results)])
        return results

    def connect(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic tensors, building the layer if need be; the symbolic output or nesting of them."""
        args = (inputs, *args)
        if any(isinstance(leaf, np.ndarray) for leaf in flatten([list(args), kwargs])):
            raise TypeError(f"{self.name} got an array among symbolic tensors; let it come in through an Input")
        if not self.built:
            self.build(shapes_of(inputs))
        outputs = outputs_of(self, args, kwargs)
        made = [KerasTensor(t.shape, t.dtype, self.name) for t in flatten(outputs)]
        Node(self, args, kwargs, symbolic_tensors(args, kwargs), made)
        return pack_like(outputs, made)

    def compute_output_shape(self: Any, input_shape: Any) -> Any:
        """The batch shape (or nesting of them) of what `call` gives, which is tried out."""
        if not self.built:
            self.build(input_shape)
        return map_leaves(lambda tensor: tensor.shape, outputs_of(self, (tensors_of(input_shape, self.dtype),), {}))

    def output_shapes(self: Any, shapes: list[Shape]) -> list[Shape]:
        """Batch shapes of all outputs for those of all inputs."""
        if self.traced:
            return held(self).output_shapes(shapes)
        found = self.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
        return [tensor.shape for tensor in flatten(tensors_of(found, self.dtype))]

    def check_input(self: Any, shape: Any) -> None:
        """Nothing: `call` says what it takes."""

    def bound(self: Any, node: Node) -> Any:
        """What a graph runs for a call: `call`, or the layers that it calls."""
        return self if self.traced else OwnCall(self, node.args, node.kwargs, len(node.outputs))

    # For a layer that holds this one, such as TimeDistributed.

    def run_tape(self: Any, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        """A tape for inputs of these shapes."""
        tensors = [KerasTensor(shape, self.dtype) for shape in shapes]
        call = _as_held(self, (tensors if len(tensors) > 1 else tensors[0],), {})
        return Tape(call=call, of_call=call.run_tape(shapes, training))

    def run(self: Any, xs: list[Any], masks: list[Any], tape: Tape, training: bool) -> list[Any]:
        """`call`; its results as arrays of the layer's dtype."""
        return tape.call.run(xs, masks, tape.of_call, training)

    def run_back(self: Any, dys: list[Any], tape: Tape, needs: list[bool]) -> list[Any]:
        """`backward`: sets the gradients of the weights; the gradient of each input that `needs` one."""
        return tape.call.run_back(dys, tape.of_call, needs)

    def activities(self: Any, tape: Tape) -> Iterable[Penalty]:
        """The penalties on what the layers within gave."""
        return tape.call.activities(tape.of_call)

    def vjp(self: Any, inputs: Any, dy: Any, *args: Any, **kwargs: Any) -> tuple:
        """Gradients of sum(layer(inputs) * dy): (dx, [gradient of each weight that training may change]).

        With several inputs or outputs dx and dy are flat lists.
        """
        args = tuple(clean(self, value) for value in (inputs, *args))
        if not self.built:
            self.build(shapes_of(args[0]))
        xs = [leaf for leaf in flatten([list(args), kwargs]) if isinstance(leaf, np.ndarray)]
        call = _as_held(self, *as_symbolic(args, kwargs))
        tape = call.run_tape([x.shape for x in xs], True)
        with unchanged(self):
            ys = call.run(xs, [None] * len(xs), tape, True)
        dys = [as_input(d, "dy", self.dtype, y.shape) for d, y in zip(dy if len(ys) > 1 else [dy], ys, strict=True)]
        with of_outputs_alone():
            dxs = call.run_back(dys, tape, [True] * len(xs))
        return dxs[0] if len(dxs) == 1 else dxs, [w.gradient_numpy() for w in self.weights if w.trainable]


def _as_held(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A call by one who holds the layer: of the layers that it is made of, or of its own `call`."""
    if not is_made_of_layers(layer):
        return OwnCall(layer, args, kwargs, 1)
    if layer.traced is None:
        outputs_of(layer, args, kwargs)
    return held(layer)


def adopt(cls: Any) -> None:
    """Let instances of a class with a `call` of the user's own be called, recorded and run as it needs."""
    cls.own_call = vars(cls).get("own_call", False) or _is_own(cls)
    if not cls.own_call:
        return
    methods = cls.own_methods
    theirs = [cls, *(base for base in cls.__mro__ if not is_minirnn(base))]
    for name, method in {**vars(OwnAttributes), **vars(methods)}.items():
        if callable(method) and not any(name in vars(base) for base in theirs):
            setattr(cls, name, method)
    if methods is OwnCalls:
        for name, value in (("supports_masking", False), ("takes_mask", takes(cls.call, "mask"))):
            if not any(name in vars(base) for base in theirs):
                setattr(cls, name, value)
    if not is_minirnn(cls):
        if "build" in vars(cls):
            cls.build = _finished(cls.build)
        if "__init__" in vars(cls):
            cls.__init__ = _remembered(cls.__init__)


def _is_layer(value: Any) -> bool:
    return isinstance(value, Layer)


def _is_own(cls: type) -> bool:
    """Whether `call` is the user's, and not part of the passes that minirnn's own layers have."""
    for base in cls.__mro__:
        if is_minirnn(base) or "forward" in vars(base):
            return False
        if "call" in vars(base):
            return True
    return False


def _finished(build: Any) -> Any:
    @functools.wraps(build)
    def finished(self: Any, input_shape: Any = None) -> None:
        build(self, input_shape)
        self._finish_build(input_shape)

    return finished


def _remembered(init: Any) -> Any:
    signature = inspect.signature(init)

    @functools.wraps(init)
    def remembered(self: Any, *args: Any, **kwargs: Any) -> None:
        if "_arguments" not in vars(self):
            try:
                given = dict(signature.bind(self, *args, **kwargs).arguments)
            except TypeError as error:
                raise TypeError(f"{type(self).__name__} {error}") from None
            del given[next(iter(signature.parameters))]
            object.__setattr__(self, "_arguments", given)
        init(self, *args, **kwargs)

    return remembered


Layer.own_methods = OwnCalls
Layer.adopt = staticmethod(adopt)
