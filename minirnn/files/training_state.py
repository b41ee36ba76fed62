"""All that decides how a training goes on, in one file: `callbacks.BackupAndRestore` keeps and restores it.

The file is a `.weights.h5` that `load_weights` reads, here and in Keras. Beside the weights, under "minirnn/run", are a
JSON text and the arrays that it names by their numbers.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random
from minirnn.files import optimizer_states, weights_file
from minirnn.files.atomic import replace_file
from minirnn.files.commit import COUNTERS, Found, counters, undone_on_error
from minirnn.files.errors import ModelFileError, named
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.json_text import read_json
from minirnn.files.likeness import optimizer_kind
from minirnn.files.limits import MOST_STEPS
from minirnn.layers.regularized import with_sublayers
from minirnn.utils.nested import flatten

RUN = f"{weights_file.OWN}/run"
TEXT = f"{RUN}/text"
_DTYPES = ("float32", "float64", "int64", "int32", "uint8")


def save(path: Any, model: Any, callbacks: Sequence[Any], epoch: int) -> None:
    """Write the state after `epoch` epochs. Raises OSError, and ValueError for weights that hold NaN or infinity.

    The file is as before then. Slots of an optimizer may hold them: a run in which only those have overflowed goes on.
    """
    optimizer = model.optimizer
    optimizer.settle()
    callbacks = [callback for callback in callbacks if _kept(callback)]
    arrays: list[NDArray[Any]] = []
    plain = optimizer_states.all_finite(optimizer)
    state = {
        "epoch": epoch,
        "seeds": random.state(),
        "generators": [generator.state for generator in _generators(model)],
        "optimizer": counters(optimizer),
        "kind": optimizer_kind(optimizer),
        "slots": None if plain else [variable.numpy() for variable in optimizer.variables],
        "layers": [layer.states for layer in _stateful(model)],
        "callbacks": [{name: getattr(callback, name) for name in _kept(callback)} for callback in callbacks],
    }
    text = json.dumps(_packed(state, arrays)).encode()
    extra = {TEXT: np.frombuffer(text, np.uint8), **{f"{RUN}/{n}": array for n, array in enumerate(arrays)}}
    replace_file(path, [weights_file.weights_bytes(model, plain, extra)])


def restore(data: bytes, path: str, model: Any, callbacks: Sequence[Any]) -> int:
    """Let a compiled model and its callbacks go on from a file's bytes; how many epochs are done.

    Raises ModelFileError, before anything is changed, for a file that is damaged or of another run. Whatever else goes
    wrong leaves all of it as it was.
    """
    with named(path):
        reader = Hdf5Reader(data)
        found = Found([], weights_file.is_sealed(reader, data, "", required=True))
        found.weights = weights_file.read_weights(reader, model, "")
        found.vector = weights_file.vector_of_function(reader, model)
        callbacks = [callback for callback in callbacks if _kept(callback)]
        text = reader.array(TEXT, None, ("uint8",))
        state = _unpacked(read_json(text.tobytes(), TEXT), reader)
        try:
            plan = _Plan(**state)
            plan.check(model, callbacks)
            slots = plan.exact_slots(model)
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            raise ModelFileError(TEXT, f"another state ({error})", "that of the same model and callbacks") from None
        if slots is None:
            slots = optimizer_states.read_optimizer(reader, model, "")
        changed = [variable for variable, _ in (*found.weights, *slots)]
        with undone_on_error(changed, model.optimizer), _undone_on_error(model, callbacks):
            found.assign(model, "")
            for variable, array in slots:
                variable.put(array)
            plan.apply(model, callbacks)
    return plan.epoch


@dataclasses.dataclass
class _Plan:
    """What a file says beside arrays of weights and slots, checked as a whole and then applied."""

    epoch: int
    seeds: Any
    generators: list[Any]
    optimizer: dict[str, Any]
    kind: str
    slots: list[Any] | None  # exact, where they hold what no file of weights may
    layers: list[Any]
    callbacks: list[dict[str, Any]]

    def check(self, model: Any, callbacks: Sequence[Any]) -> None:
        """Raise what does not fit, on copies."""
        if not isinstance(self.epoch, int) or not 0 <= self.epoch < MOST_STEPS:
            raise ValueError(f"epoch {self.epoch!r}")
        version, numbers, following = self.seeds
        self.seeds = version, tuple(numbers), following
        random.SeedGenerator(0)._sequence.setstate(self.seeds)
        for own, kept in zip(_generators(model), self.generators, strict=True):
            deepcopy(own).state = kept
        for layer, kept in zip(_stateful(model), self.layers, strict=True):
            _check_states(layer, kept)
        for callback, kept in zip(callbacks, self.callbacks, strict=True):
            if set(kept) != set(_kept(callback)):
                raise ValueError(f"the callback {type(callback).__name__} keeps {sorted(_kept(callback))}")
            for name, value in kept.items():
                then, now = _kind(value), _kind(getattr(callback, name))
                if then != now and then and now:
                    raise ValueError(f"{name} of the callback {type(callback).__name__} is a {now}, no {then}")
            callback.check_kept(kept)
        if self.kind != optimizer_kind(model.optimizer):
            raise ValueError(f"an optimizer {self.kind}, not {optimizer_kind(model.optimizer)}")
        for name, value in self.optimizer.items():
            known = name in COUNTERS and type(value) is type(getattr(model.optimizer, name))
            if not known or not 0 <= value < MOST_STEPS:
                raise ValueError(f"{name} of the optimizer: {value!r}")

    def exact_slots(self, model: Any) -> list[tuple[Any, NDArray[Any]]] | None:
        """Variables of the optimizer with the bits that the file has of them, if it does; the optimizer is built."""
        if self.slots is None:
            return None
        model.optimizer.build(model.trainable_weights)
        pairs = []
        for variable, kept in zip(model.optimizer.variables, self.slots, strict=True):
            array = np.asarray(kept, variable.dtype)
            if array.shape != variable.shape:
                raise ValueError(f"{variable.path} of shape {array.shape}, not {variable.shape}")
            pairs.append((variable, array))
        return pairs

    def apply(self, model: Any, callbacks: Sequence[Any]) -> None:
        """Let everything have its values; `check` has tried each of them."""
        random.set_state(self.seeds)
        for own, kept in zip(_generators(model), self.generators, strict=True):
            own.state = kept
        for layer, states in zip(_stateful(model), self.layers, strict=True):
            layer.states = states
        for callback, kept_values in zip(callbacks, self.callbacks, strict=True):
            vars(callback).update(kept_values)
        vars(model.optimizer).update(self.optimizer)


def _check_states(layer: Any, kept: Any) -> None:
    """ValueError for states that a stateful layer cannot go on with: kernels do not look how large they are."""
    if kept is None:
        return
    expected = flatten(layer.get_initial_state(len(kept[0])))
    rows = len(kept[0]) if layer.states is None else len(layer.states[0])
    if len(kept[0]) != rows or [(a.shape, a.dtype) for a in kept] != [(a.shape, a.dtype) for a in expected]:
        raise ValueError(f"states of {layer.name} of shapes {[a.shape for a in kept]}")


def _kind(value: Any) -> str:
    """Of which kind a value of a callback is; nothing for None."""
    if value is None:
        return ""
    numbers, lists = (int, float, np.number), (list, tuple)
    return "number" if isinstance(value, numbers) else "list" if isinstance(value, lists) else type(value).__name__


@contextmanager
def _undone_on_error(model: Any, callbacks: Sequence[Any]) -> Iterator[None]:
    """Let an error that leaves this block leave chance, states and callbacks as they were before it."""
    seeds, generators = random.state(), [(own, own.state) for own in _generators(model)]
    states = [(layer, layer.states) for layer in _stateful(model)]
    values = [(callback, {name: getattr(callback, name) for name in _kept(callback)}) for callback in callbacks]
    try:
        yield
    except BaseException:
        random.set_state(seeds)
        for own, state in generators:
            own.state = state
        for layer, kept in states:
            layer.states = kept
        for callback, kept_values in values:
            vars(callback).update(kept_values)
        raise


# --- what has state ---


def _kept(callback: Any) -> tuple[str, ...]:
    return getattr(callback, "kept", ())


def _generators(model: Any) -> list[Any]:
    """What all layers draw from, each with a `state`, in the same order in every run."""
    return [generator for layer in with_sublayers(model) for generator in layer.generators()]


def _stateful(model: Any) -> Iterator[Any]:
    for layer in with_sublayers(model):
        if getattr(layer, "stateful", False) and "states" in vars(layer):
            yield layer


# --- values as JSON and arrays ---


def _packed(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """JSON of a value; arrays go into the list. TypeError for what is neither."""
    if isinstance(value, np.ndarray) and value.ndim:
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, (np.generic, np.ndarray)):
        return _packed(value.item(), arrays)
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, (list, tuple)):
        if len(value) > 100 and all(type(entry) is int for entry in value):
            return {"integers": _packed(np.array(value, np.int64), arrays)["array"]}
        return [_packed(entry, arrays) for entry in value]
    if isinstance(value, dict):
        return {"dict": [[_packed(key, arrays), _packed(entry, arrays)] for key, entry in value.items()]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a backup holds numbers, text, arrays, lists and dicts, got {type(value).__name__}")


def _unpacked(value: Any, reader: Hdf5Reader) -> Any:
    """The value of `_packed`; arrays are copies."""
    if isinstance(value, list):
        return [_unpacked(entry, reader) for entry in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise ModelFileError(TEXT, f"an object of {len(value)} keys", "one")
    ((kind, held),) = value.items()
    if kind in ("array", "integers") and isinstance(held, int):
        array = reader.array(f"{RUN}/{held}", None, _DTYPES).copy()
        return array if kind == "array" else array.tolist()
    if kind == "float" and held in ("nan", "inf", "-inf"):
        return float(held)
    if kind == "dict" and isinstance(held, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in held):
        pairs = [(_unpacked(key, reader), _unpacked(entry, reader)) for key, entry in held]
        if all(key is None or isinstance(key, (str, int, float)) for key, _ in pairs):
            return dict(pairs)
    raise ModelFileError(TEXT, f"an object of the kind {kind!r}", "an array, a number or a dict")
