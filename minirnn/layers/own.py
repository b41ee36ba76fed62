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
from typing import Any

import numpy as np

from minirnn.boundary import as_input
from minirnn.layers.calls import BoundCall
from minirnn.layers.input import Input
from minirnn.layers.layer import Layer
from minirnn.layers.symbolic import KerasTensor, Node, Shape, is_symbolic, symbolic_tensors
from minirnn.layers.tape import Tape
from minirnn.layers.tracing import takes, traced
from minirnn.layers.tracking import tracked
from minirnn.utils.nested import flatten, map_leaves, pack_like

_TRIALS = (2, 3)  # lengths that stand for an unknown one


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
        args = tuple(_clean(self, value) for value in (inputs, *args))
        if not self.built:
            self.build(_shapes(args[0]))
        return self.call(*args, **_understood(self, kwargs))

    def connect(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic tensors, building the layer if need be; the symbolic output or nesting of them."""
        args = (inputs, *args)
        if any(isinstance(leaf, np.ndarray) for leaf in flatten([list(args), kwargs])):
            raise TypeError(f"{self.name} got an array among symbolic tensors; let it come in through an Input")
        if not self.built:
            self.build(_shapes(inputs))
        outputs = _outputs(self, args, kwargs)
        made = [KerasTensor(t.shape, t.dtype, self.name) for t in flatten(outputs)]
        Node(self, args, kwargs, symbolic_tensors(args, kwargs), made)
        return pack_like(outputs, made)

    def compute_output_shape(self: Any, input_shape: Any) -> Any:
        """The batch shape (or nesting of them) of what `call` gives, which is tried out."""
        if not self.built:
            self.build(input_shape)
        tensors = _tensors(input_shape, self.dtype)
        return map_leaves(lambda tensor: tensor.shape, _outputs(self, (tensors,), {}))

    def output_shapes(self: Any, shapes: list[Shape]) -> list[Shape]:
        """Batch shapes of all outputs for those of all inputs."""
        found = self.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
        return [tensor.shape for tensor in flatten(_tensors(found, self.dtype))]

    def check_input(self: Any, shape: Any) -> None:
        """Nothing: `call` says what it takes."""

    def bound(self: Any, node: Node) -> Any:
        """What a graph runs for a call: `call`, or the layers that it calls."""
        return self if self.traced else OwnCall(self, node.args, node.kwargs, len(node.outputs))

    def vjp(self: Any, inputs: Any, dy: Any, *args: Any, **kwargs: Any) -> tuple:
        """Gradients of sum(layer(inputs) * dy): (dx, [gradient of each weight that training may change]).

        With several inputs or outputs dx and dy are flat lists.
        """
        args = tuple(_clean(self, value) for value in (inputs, *args))
        if not self.built:
            self.build(_shapes(args[0]))
        xs = [leaf for leaf in flatten([list(args), kwargs]) if isinstance(leaf, np.ndarray)]
        call = OwnCall(self, *_as_symbolic(args, kwargs), 0)
        tape = call.run_tape([x.shape for x in xs], True)
        ys = call.run(xs, [None] * len(xs), tape, True)
        dys = [as_input(d, "dy", self.dtype, y.shape) for d, y in zip(dy if len(ys) > 1 else [dy], ys, strict=True)]
        dxs = call.run_back(dys, tape, [True] * len(xs))
        return dxs[0] if len(dxs) == 1 else dxs, [w.gradient_numpy() for w in self.weights if w.trainable]


def adopt(cls: Any) -> None:
    """Let instances of a class with a `call` of the user's own be called, recorded and run as it needs."""
    cls.own_call = vars(cls).get("own_call", False) or _is_own(cls)
    if not cls.own_call:
        return
    methods = cls.own_methods
    theirs = [cls, *(base for base in cls.__mro__ if not _is_minirnn(base))]
    for name, method in {**vars(OwnAttributes), **vars(methods)}.items():
        if callable(method) and not any(name in vars(base) for base in theirs):
            setattr(cls, name, method)
    if methods is OwnCalls:
        for name, value in (("supports_masking", False), ("takes_mask", takes(cls.call, "mask"))):
            if not any(name in vars(base) for base in theirs):
                setattr(cls, name, value)
    if not _is_minirnn(cls):
        if "build" in vars(cls):
            cls.build = _finished(cls.build)
        if "__init__" in vars(cls):
            cls.__init__ = _remembered(cls.__init__)


def _is_layer(value: Any) -> bool:
    return isinstance(value, Layer)


def _is_minirnn(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "minirnn" or cls.__module__ == "builtins"


def _is_own(cls: type) -> bool:
    """Whether `call` is the user's, and not part of the passes that minirnn's own layers have."""
    for base in cls.__mro__:
        if _is_minirnn(base) or "forward" in vars(base):
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


# --- one call, as a step of a graph ---


class OwnCall(BoundCall):
    """A call of an own layer: `call` on arrays in place of the tensors of its record, and `backward`."""

    def __init__(self, layer: Any, args: tuple, kwargs: dict[str, Any], outputs: int) -> None:
        super().__init__(layer, {})
        self.args, self.kwargs, self.outputs = args, kwargs, outputs

    def check_input(self, shapes: Any) -> None:
        """Nothing: `call` says what it takes."""

    def output_shapes(self, shapes: list[Shape]) -> list[Shape]:
        """Batch shapes of all outputs for those of all inputs."""
        tensors = iter([KerasTensor(shape, self.layer.dtype) for shape in shapes])
        args, kwargs = self._filled(tensors)
        return [tensor.shape for tensor in flatten(_outputs(self.layer, args, kwargs))]

    def _filled(self, values: Any) -> tuple[tuple, dict[str, Any]]:
        """The arguments of the call with values in place of its tensors."""
        args, kwargs = map_leaves(
            lambda leaf: next(values) if isinstance(leaf, KerasTensor) else leaf, [list(self.args), self.kwargs]
        )
        return tuple(args), kwargs

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        """A tape: `call` and `backward` may leave and find what they like on it."""
        return Tape()

    def run(self, xs: list[Any], masks: list[Any], tape: Tape, training: bool) -> list[Any]:
        """`call`; its results as arrays of the layer's dtype."""
        layer = self.layer
        args, kwargs = self._filled(iter(xs))
        kwargs["training"] = training
        if any(mask is not None for mask in masks):
            given_masks, _ = self._filled(iter(masks))
            kwargs["mask"] = given_masks[0]
        results = layer.call(*args, **_understood(layer, kwargs, tape))
        tape.xs, tape.given, tape.results, tape.training = xs, (args, kwargs), results, training
        tape.ys = [_array(layer, y) for y in flatten(results)]
        return tape.ys

    def run_back(self, dys: list[Any], tape: Tape, needs: list[bool]) -> list[Any]:
        """`backward`: sets the gradients of the weights; the gradient of each input that `needs` one."""
        layer = self.layer
        if not has_backward(layer):
            raise NotImplementedError(
                f"{layer.name}: to train through it {type(layer).__name__} needs backward(self, dy, x), which returns "
                "dx, or (dx, [gradient of each weight])"
            )
        dys = [np.zeros_like(y) if dy is None else dy for dy, y in zip(dys, tape.ys, strict=True)]
        args, kwargs = tape.given
        if not takes(layer.call, "y"):
            kwargs = {**kwargs, "y": tape.results}
        given = _understood(layer, kwargs, tape, layer.backward)
        result = layer.backward(pack_like(tape.results, dys), *args, **given)
        weights = [w for w in layer.weights if w.trainable]
        if weights:
            result = self._with_weights(result, weights)
        dxs = [_array(layer, dx) for dx in flatten(result)]
        if [dx.shape for dx in dxs] != [x.shape for x in tape.xs]:
            raise ValueError(
                f"{layer.name}: backward gave gradients of shapes {_listed(dxs)} for inputs of {_listed(tape.xs)}"
            )
        return [dx if need else None for dx, need in zip(dxs, needs, strict=True)]

    def _with_weights(self, result: Any, weights: list[Any]) -> Any:
        """dx of (dx, gradients), which are set."""
        name, wanted = self.layer.name, ", ".join(f"d_{w.name}" for w in weights)
        if not isinstance(result, tuple) or len(result) != 2 or not isinstance(result[1], (list, tuple)):
            raise TypeError(f"{name}: backward must return (dx, [{wanted}]), got a {type(result).__name__}")
        dx, gradients = result
        if len(gradients) != len(weights):
            raise ValueError(f"{name}: backward must return (dx, [{wanted}]), got {len(gradients)} gradients")
        for weight, gradient in zip(weights, gradients, strict=True):
            if np.shape(gradient) != weight.shape:
                raise ValueError(
                    f"{name}: backward gave a gradient of shape {np.shape(gradient)} for {weight.name}, "
                    f"expected {weight.shape}"
                )
            weight.layout.pack(np.asarray(gradient), weight.gradient)
        return dx

    def run_masks(self, xs: list[Any], masks: list[Any]) -> list[Any]:
        """The mask of each output, where `supports_masking` or a `compute_mask` of the layer's own says so."""
        layer, count = self.layer, self.outputs
        if not _defines(layer, "compute_mask") and (not layer.supports_masking or all(mask is None for mask in masks)):
            return [None] * count
        inputs, given = self._filled(iter(xs))[0][0], self._filled(iter(masks))[0][0]
        found = flatten(layer.compute_mask(inputs, given))
        return (found + [None] * count)[:count]


# --- helpers ---


def has_backward(layer: Any) -> bool:
    """Whether the layer's class has a `backward` of the user's."""
    return _defines(layer, "backward")


def _defines(layer: Any, name: str) -> bool:
    """Whether a class of the user's defines a method of this layer."""
    theirs = [vars(base).get(name) for base in type(layer).__mro__ if not _is_minirnn(base)]
    return any(method is not None and method is not vars(OwnCalls).get(name) for method in theirs)


def _outputs(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What a call gives for symbolic tensors, in its nesting; a layer made of layers is recorded."""
    if layer.sublayers() and not has_backward(layer):
        return _traced_once(layer, args, kwargs)
    if len(args) == 1 and isinstance(args[0], KerasTensor) and _defines(layer, "compute_output_shape"):
        return _tensors(layer.compute_output_shape(args[0].shape), layer.dtype)
    return _tried(layer, args, kwargs)


def _traced_once(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The outputs of a layer made of layers; the record of its first call is what graphs run."""

    def stand_in(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        return Input(batch_shape=leaf.shape, dtype=leaf.dtype, name=f"{layer.name}_input")

    inner_args, inner_kwargs = map_leaves(stand_in, [list(args), kwargs])
    outputs = traced(layer, tuple(inner_args), inner_kwargs)
    if layer.traced is None:
        layer.traced = symbolic_tensors(inner_args, inner_kwargs), flatten(outputs)
    return outputs


def _tried(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The outputs of `call`, known from calls on ones in which two lengths stand for each unknown one."""
    found = []
    for length in _TRIALS:

        def ones(leaf: Any, length: int = length) -> Any:
            if not isinstance(leaf, KerasTensor):
                return leaf
            return np.ones([length if n is None else n for n in leaf.shape], leaf.dtype)

        trial_args, trial_kwargs = map_leaves(ones, [list(args), kwargs])
        with np.errstate(all="ignore"):
            found.append(layer.call(*trial_args, **_understood(layer, {**trial_kwargs, "training": False})))
        if all(None not in tensor.shape for tensor in symbolic_tensors(args, kwargs)):
            break
    shapes = [[_array(layer, y).shape for y in flatten(result)] for result in (found[0], found[-1])]
    made = [
        KerasTensor(tuple(m if m == n else None for m, n in zip(*pair, strict=True)), layer.dtype)
        for pair in zip(*shapes, strict=True)
    ]
    return pack_like(found[0], made)


def _understood(layer: Any, kwargs: dict[str, Any], tape: Any = None, function: Any = None) -> dict[str, Any]:
    """The arguments that a function of the layer's own has: of training, mask, tape and y those that it names."""
    function = function or layer.call
    offered = {"training", "mask", "y"}
    given = {name: value for name, value in kwargs.items() if name not in offered or takes(function, name)}
    if takes(function, "tape"):
        given["tape"] = Tape() if tape is None else tape
    return given


def _array(layer: Any, value: Any) -> Any:
    """What the user's code gave as an array of the layer's dtype. TypeError for what holds no numbers."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim == 0:
        raise TypeError(f"{layer.name}: call and backward must return arrays, got {type(value).__name__}")
    return np.ascontiguousarray(array, layer.dtype)


def _clean(layer: Any, value: Any) -> Any:
    """An argument of a call with its arrays checked; lists of plain numbers are arrays, too."""
    if isinstance(value, (list, tuple)) and not any(hasattr(leaf, "ndim") for leaf in flatten(value)):
        return as_input(value, layer.name, layer.dtype)
    return map_leaves(lambda leaf: as_input(leaf, layer.name, layer.dtype) if hasattr(leaf, "ndim") else leaf, value)


def _shapes(inputs: Any) -> Any:
    """The batch shapes of arrays or symbolic tensors, of arrays without the batch."""
    return map_leaves(
        lambda leaf: leaf.shape if isinstance(leaf, KerasTensor) else (None, *np.shape(leaf)[1:]),
        list(inputs) if isinstance(inputs, tuple) else inputs,
    )


def _tensors(shapes: Any, dtype: str) -> Any:
    """Symbolic tensors of a batch shape, or of a nesting of them."""
    if isinstance(shapes, dict):
        return {key: _tensors(entry, dtype) for key, entry in shapes.items()}
    if shapes and isinstance(shapes[0], (list, tuple, dict)):
        return [_tensors(entry, dtype) for entry in shapes]
    return KerasTensor(tuple(shapes), dtype)


def _as_symbolic(args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """The arguments of a call with symbolic tensors in place of arrays."""
    made = map_leaves(
        lambda leaf: KerasTensor(leaf.shape, leaf.dtype.name) if isinstance(leaf, np.ndarray) else leaf,
        [list(args), kwargs],
    )
    return tuple(made[0]), made[1]


def _listed(arrays: list[Any]) -> str:
    return " and ".join(str(array.shape) for array in arrays)


Layer.own_methods = OwnCalls
Layer.adopt = staticmethod(adopt)
