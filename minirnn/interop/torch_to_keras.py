"""`from_torch`: a model of minirnn from modules of PyTorch, or from their weights alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from minirnn import layers
from minirnn.compat import spelling
from minirnn.files import probe
from minirnn.files.commit import Found
from minirnn.files.errors import ModelFileError, named, shown
from minirnn.files.finite import finite
from minirnn.files.making import unchanged_on_error
from minirnn.interop import torch_gates
from minirnn.interop.arrays import as_arrays
from minirnn.interop.safetensors import Held, opened
from minirnn.interop.torch_modules import is_module, parts_of_module
from minirnn.interop.torch_state import RECURRENT, Part, parts_of
from minirnn.layers.planning import planned
from minirnn.layers.weight import Weight
from minirnn.models import Model, Sequential

_BARE = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "Dense": "linear", "Embedding": "embedding"}


@spelling.names_nearest
def from_torch(
    source: Any,
    *,
    order: Sequence[str] | None = None,
    nonlinearity: str = "tanh",
    activations: Mapping[str, str] | None = None,
    embeddings: Sequence[str] = (),
    return_sequences: bool = True,
    return_state: bool = False,
    max_bytes: int | None = None,
) -> Any:
    """The model of a module of PyTorch, of a state dict of arrays or tensors, or of a `.safetensors` file.

    It is a chain of nn.RNN, nn.LSTM, nn.GRU, nn.Linear and nn.Embedding, in float32 or float64 as their arrays are; a
    module may hold Dropout, Flatten and activations, too. Input (batch, time, features), whatever the module's
    `batch_first` was, (batch, time) for an embedding, (batch, features) for a chain without recurrence. Outputs are
    equal to PyTorch's up to rounding, gradients, too. Layers have the names of the modules; those of several that lie
    over each other end in _l0, _l1 ...

    What weights do not tell is said by arguments:

    - `order`: the names of the modules as they follow each other; by default as the state dict has them, those of a
      file by their numbers ("0", "2") if they are numbered;
    - `nonlinearity`: that of every nn.RNN, "tanh" or "relu" (a module tells);
    - `activations`: what `forward` applies to the output of a Linear, {"fc1": "relu"};
    - `embeddings`: the names of those modules of one `weight` that are no Linear (a module tells);
    - `return_sequences`: whether the last recurrent module gives its output at every step, as in PyTorch, or else its
      last state (y[:, -1]; of both directions the state with which each ends);
    - `return_state`: whether final states follow the output, of each layer h, for an LSTM c, of the forward direction
      and then of the backward one; PyTorch has them stacked in h_n and c_n.

    Raises ModelFileError, a ValueError of one line, for other modules and parameters, projections (proj_size), half
    precision, numbers that are not finite, and files that are not as they should be. A pickle (.pt, .pth) is never
    opened. `max_bytes` is the largest file that is read, by default 2 GiB.

    >>> import numpy as np
    >>> state = {"fc.weight": np.ones((2, 3), "float32"), "fc.bias": np.zeros(2, "float32")}
    >>> from_torch(state).predict(np.ones((1, 3)), verbose=0)
    array([[3., 3.]], dtype=float32)
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', as nn.RNN's, got {nonlinearity!r:.60}")
    with named(source if isinstance(source, (str, os.PathLike)) else "from_torch"):
        source = _held(source, max_bytes)
        parts = _parts(source, order, embeddings)
        _check_activations(parts, activations or {})
        _check_widths(parts)
        with unchanged_on_error():
            with planned(sum(array.size for part in parts for array in part.parameters.values())):
                chain = list(_chain(parts, nonlinearity, activations or {}, return_sequences, return_state))
                model = _joined(parts, chain, return_state)
            _assign(_pairs(parts, [layer for layer in chain if layer.weights]))
            if isinstance(source, Held) and (vector := source.vector_of(model)) is not None:
                probe.check_vector(model, vector, "")
        return model


@spelling.names_nearest
def load_torch_weights(
    model: Any, source: Any, *, order: Sequence[str] | None = None, max_bytes: int | None = None
) -> None:
    """Set the weights of a built model from those of PyTorch: a module, a state dict, or a `.safetensors` file.

    Modules are taken in their `order`, as by `from_torch`, for the layers with weights in theirs. What lies between
    (activations, which step is taken) is the model's own. The test vector of a file that was saved with this model is
    compared. Raises ModelFileError, a ValueError of one line, as `from_torch` does, and where a layer is another than
    its module; the model is as before then.
    """
    if not model.built:
        raise ValueError(f"model {model.name} has no weights to load into yet: {model.how_to_build}, first")
    with named(source if isinstance(source, (str, os.PathLike)) else "load_torch_weights"):
        found_weights(model, _held(source, max_bytes), order).take(model, [], "")


def found_weights(model: Any, source: Any, order: Sequence[str] | None) -> Found:
    """What a module, a state dict or `Held` has for the weights of a built model. Raises ModelFileError."""
    owners = [layer for layer in map(_unwrapped, model.layers) if layer.weights]
    pairs = _pairs([part for part in _parts(source, order, None) if part.parameters], owners)
    found = Found([(weight, finite(array, where)) for weight, array, where in pairs], digest=False)
    if isinstance(source, Held):
        found.digest, found.vector = source.is_sealed, source.vector_of(model)
    return found


def _held(source: Any, max_bytes: int | None) -> Any:
    """What a file holds, or the source itself."""
    return opened(source, max_bytes) if isinstance(source, (str, os.PathLike)) else source


def _parts(source: Any, order: Sequence[str] | None, embeddings: Any) -> list[Part]:
    """The parts of a module, of a state dict or of what a file holds, one after another."""
    if is_module(source):
        parts, in_order = parts_of_module(source), True
    else:
        arrays, in_order = source[:2] if isinstance(source, Held) else (as_arrays(source), True)
        parts = parts_of(arrays, embeddings or ())
    known = ", ".join(map(repr, parts))
    if order is not None:
        if isinstance(order, str) or sorted(order) != sorted(parts):
            raise ModelFileError("order", shown(order), f"each of {known} once")
        return [parts[name] for name in order]
    if not in_order and len(parts) > 1:
        if len({re.sub("[0-9]+", "0", name) for name in parts}) > 1:
            expected = "order=, their names as they follow each other"
            raise ModelFileError("", f"the modules {known} in no order", expected)
        return [parts[name] for name in sorted(parts, key=lambda name: [int(n) for n in re.findall("[0-9]+", name)])]
    return list(parts.values())


def _check_activations(parts: Sequence[Part], given: Mapping[str, str]) -> None:
    dense = [part.name for part in parts if part.kind == "Dense"]
    for name in given:
        if name not in dense:
            raise ModelFileError("activations", shown(name), f"the name of a Linear: {', '.join(dense) or 'none here'}")


def _check_widths(parts: Sequence[Part]) -> None:
    """ModelFileError unless each takes as many features as the one before it gives."""
    before: Part | None = None
    for part in parts:
        if part.kind == "Flatten":
            before = None
        if not part.parameters:
            continue
        if part.kind == "Embedding" and part is not parts[0]:
            raise ModelFileError(part.name, "an embedding behind other modules", "one that comes first")
        if before is not None and part.features != before.width:
            expected = f"{before.width}, those of {before.name}; order= tells another order"
            raise ModelFileError(part.name, f"{part.features} features", expected)
        before = part


# --- layers ---


def _chain(
    parts: Sequence[Part], nonlinearity: str, activations: Mapping[str, str], sequences: bool, states: bool
) -> Iterator[Any]:
    """The layers of all parts, unbuilt."""
    recurrent = [part for part in parts if part.kind in RECURRENT]
    dtype = next(array.dtype.name for part in parts for array in part.parameters.values())
    for part in parts:
        name = part.name or _BARE.get(part.kind)
        if part.kind in RECURRENT:
            last = part is recurrent[-1] and not sequences
            options = {"return_state": states, "dtype": dtype}
            if part.kind == "SimpleRNN":
                options["activation"] = part.options.get("activation", nonlinearity)
            yield from _stack(part, name, last, options)
        elif part.kind == "Dense":
            activation = activations.get(part.name)
            yield layers.Dense(part.units, activation, use_bias=part.has_bias, name=name, dtype=dtype)
        elif part.kind == "Embedding":
            rows, width = part.parameters["weight"].shape
            yield layers.Embedding(rows, width, name=name, dtype=dtype)
        else:
            yield getattr(layers, part.kind)(name=name, dtype=dtype, **part.options)


def _stack(part: Part, name: str | None, last: bool, options: Mapping[str, Any]) -> Iterator[Any]:
    """The layers of a recurrent module; the `last` gives its last step only."""
    for number in range(part.layers):
        own = name if part.layers == 1 else f"{name}_l{number}"
        sequences = not (last and number == part.layers - 1)
        bare = {"use_bias": part.has_bias, "return_sequences": sequences, **options}
        both = len(part.directions) == 2
        layer = getattr(layers, part.kind)(part.units, name=f"{own}_cells" if both else own, **bare)
        yield layers.Bidirectional(layer, name=own, dtype=options["dtype"]) if both else layer
        if part.options.get("dropout") and number < part.layers - 1:
            yield layers.Dropout(part.options["dropout"], name=f"{own}_dropout", dtype=options["dtype"])


def _joined(parts: Sequence[Part], chain: Sequence[Any], states: bool) -> Any:
    """The model of layers that follow each other, built."""
    first = next(part for part in parts if part.parameters)
    steps = (None,) if any(part.kind in RECURRENT for part in parts) or first.kind == "Embedding" else ()
    taken = layers.Input(steps if first.kind == "Embedding" else (*steps, first.features), dtype=chain[0].dtype)
    if not states:
        return Sequential([taken, *chain])
    y, found = taken, []
    for layer in chain:
        made = layer(y)
        y, *own = made if isinstance(made, (list, tuple)) else [made]
        found += own
    return Model(taken, [y, *found])


# --- weights ---


def _unwrapped(layer: Any) -> Any:
    return layer.layer if isinstance(layer, layers.TimeDistributed) else layer


def _pairs(parts: Sequence[Part], owners: Sequence[Any]) -> Iterator[tuple[Weight, NDArray[Any], str]]:
    """Each weight of layers with its array and where that is from. ModelFileError where they do not fit."""
    left = iter(owners)
    for part in parts:
        for number in range(part.layers if part.kind in RECURRENT else bool(part.parameters)):
            layer = next(left, None)
            where = part.name + (f" layer {number}" if part.kind in RECURRENT and part.layers > 1 else "")
            arrays = _arrays(part, number, layer, where)
            if [weight.shape for weight in layer.weights] != [array.shape for array in arrays]:  # type: ignore[union-attr]
                of_layer = f"those of {layer.name}, {[weight.shape for weight in layer.weights]}"  # type: ignore[union-attr]
                raise ModelFileError(where, f"shapes {[array.shape for array in arrays]}", of_layer)
            yield from ((w, array, where) for w, array in zip(layer.weights, arrays, strict=True))  # type: ignore[union-attr]
    over = next(left, None)
    if over is not None:
        raise ModelFileError("", "no module any more", f"one for the layer {over.name}")


def _arrays(part: Part, number: int, layer: Any, where: str) -> list[NDArray[Any]]:
    """Keras's weights of one layer of a part, for a layer of that kind."""
    parameters, kind = part.parameters, type(layer).__name__
    if part.kind in RECURRENT:
        cells = layer.sublayers() if kind == "Bidirectional" else [layer]
        if len(cells) != len(part.directions) or any(type(cell).__name__ != part.kind for cell in cells):
            raise _another(where, part.kind, layer)
        if part.kind == "GRU" and not all(cell.reset_after for cell in cells):
            raise ModelFileError(where, f"the layer {layer.name} with reset_after=False", "True, PyTorch's convention")
        found: list[NDArray[Any]] = []
        for end in part.directions:
            ih, hh, *biases = (
                parameters[f"{name}_l{number}{end}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if part.has_bias else 2]
            )
            found += torch_gates.to_keras(part.kind, ih, hh, biases)
        return found
    if kind == "Embedding":
        return list(parameters.values())
    if kind != "Dense":
        raise _another(where, part.kind, layer)
    return [parameters["weight"].T, *([parameters["bias"]] if part.has_bias else [])]


def _another(where: str, kind: str, layer: Any) -> ModelFileError:
    found = "no layer any more" if layer is None else f"the layer {layer.name} ({type(layer).__name__})"
    return ModelFileError(where, found, f"a {kind} to take its weights")


def _assign(pairs: Iterator[tuple[Weight, NDArray[Any], str]]) -> None:
    """Set all weights, after all arrays were looked at; allocate those that were planned only."""
    checked = [(weight, finite(array, where)) for weight, array, where in pairs]
    for weight, array in checked:
        weight.allocate()
        weight.assign(array)
