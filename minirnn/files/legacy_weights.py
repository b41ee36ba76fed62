"""Weights in the `.h5` files of Keras 1 and 2, which Keras 3 writes, too: a group for each layer, lists of names.

The attribute `layer_names` of the group of weights names the layers; `weight_names` of a layer's group names its arrays
by their paths below it, trained ones first. A file of a whole model has all of it in the group `model_weights`; see
`legacy_optimizer` for what the optimizer keeps.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from minirnn.files import recurrent_weights
from minirnn.files.errors import ModelFileError, shown
from minirnn.files.finite import finite
from minirnn.files.hdf5_attributes import Attributes
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.limits import MOST_LAYERS
from minirnn.layers.recurrence import Recurrent
from minirnn.layers.regularized import with_sublayers
from minirnn.layers.weight import Weight
from minirnn.utils.notices import warn_caller

MODEL = "model_weights"
LAYERS, WEIGHTS, VERSION = "layer_names", "weight_names", "keras_version"
_DTYPES = ("float32", "float64", "int64", "int32")

Pairs = list[tuple[Weight, NDArray[Any]]]


class LegacyWeights:
    """The weights of a file, found by the names that it gives."""

    def __init__(self, reader: Hdf5Reader) -> None:
        self._reader, self.attributes = reader, Attributes(reader)
        self._root = MODEL if reader.group(MODEL) is not None else ""

    @property
    def is_there(self) -> bool:
        """Whether this is a file of this kind at all."""
        return bool(self._root) or self.attributes.names("", LAYERS) is not None

    def has_group(self, path: str) -> bool:
        """Whether the file has a group of this path."""
        return self._reader.group(path) is not None

    def version(self) -> tuple[int, ...]:
        """The version of the Keras that wrote the file; Keras 1 did not always say so."""
        text = self.attributes.text("", VERSION, 40) or self.attributes.text(self._root, VERSION, 40) or b"1"
        numbers = text.decode("latin-1").split(".")[:2]
        if not all(number.isdecimal() and len(number) < 4 for number in numbers) or int(numbers[0]) > 3:
            raise ModelFileError(VERSION, shown(text.decode("latin-1")), "a version of Keras 1, 2 or 3")
        return tuple(map(int, numbers))

    def layer_names(self) -> list[str]:
        """The names of all layers, in the order of the file."""
        names = self.attributes.names(self._root, LAYERS)
        if names is None or len(names) > MOST_LAYERS:
            found = "no list of names" if names is None else f"{len(names)} layers"
            raise ModelFileError(LAYERS, found, f"the names of at most {MOST_LAYERS} layers")
        return names

    def arrays(self, group: str) -> list[NDArray[Any]]:
        """The arrays that the weights' names of a group lead to."""
        names = self.attributes.names(group, WEIGHTS)
        if names is None:
            raise ModelFileError(group, f"no {WEIGHTS}", "a list of names")
        return [self._reader.array(f"{group}/{name}", None, _DTYPES) for name in names]

    def of_model(self, model: Any) -> Pairs:
        """Each weight of the model that the file describes with its array; ModelFileError where they do not fit."""
        held = {layer.name: layer for layer in model.layers if layer.weights}
        names = self._names_with_weights()
        if sorted(names) != sorted(held):
            raise self._other_layers(names, list(held))
        return self._some([(name, held[name]) for name in names], skip_mismatch=False)

    def of_named_layers(self, model: Any, skip_mismatch: bool) -> Pairs:
        """Weights of those layers whose names are in the file, as `load_weights(by_name=True)` of Keras takes them."""
        held = {layer.name: layer for layer in model.layers if layer.weights}
        return self._some([(name, held[name]) for name in self.layer_names() if name in held], skip_mismatch)

    def in_order(self, model: Any, skip_mismatch: bool) -> Pairs:
        """Weights by the order of layers; with `skip_mismatch` those that do not fit are left out, with a warning."""
        held = [layer for layer in model.layers if layer.weights]
        names = self._names_with_weights()
        if len(names) != len(held):
            raise self._other_layers(names, [layer.name for layer in held])
        return self._some(list(zip(names, held, strict=True)), skip_mismatch)

    def _some(self, chosen: list[tuple[str, Any]], skip_mismatch: bool) -> Pairs:
        found, skipped = [], []
        for name, layer in chosen:
            try:
                found += self._of_layer(name, layer)
            except ModelFileError as error:
                if not skip_mismatch:
                    raise
                skipped.append(f"{name}: found {error.found}, expected {error.expected}")
        if skipped:
            warn_caller(f"weights left as they are, skip_mismatch=True: {'; '.join(skipped)[:400]}")
        return found

    def _names_with_weights(self) -> list[str]:
        return [name for name in self.layer_names() if self.attributes.names(self._path(name), WEIGHTS)]

    @staticmethod
    def _other_layers(found: list[str], expected: list[str]) -> ModelFileError:
        theirs, ours = (f"{len(names)} ({', '.join(names)})" if names else "none" for names in (found, expected))
        return ModelFileError(LAYERS, f"layers with weights: {theirs}", ours)

    def _path(self, layer: str) -> str:
        return f"{self._root}/{layer}" if self._root else layer

    def _of_layer(self, name: str, layer: Any) -> Pairs:
        """The weights of a layer, those of layers within it too, with their arrays."""
        weights = [*layer.trainable_weights, *layer.non_trainable_weights]
        arrays = _in_our_layout(layer, weights, self.arrays(self._path(name)), self.version()[0])
        if len(arrays) != len(weights):
            raise ModelFileError(name, f"{len(arrays)} arrays", f"{len(weights)} for {type(layer).__name__}")
        return [(weight, _checked(weight, array, name)) for weight, array in zip(weights, arrays, strict=True)]


def _in_our_layout(layer: Any, weights: list[Weight], arrays: list[Any], major: int) -> list[Any]:
    """The arrays of a layer, those of recurrent layers within it as `recurrent_weights` gives them."""
    owners = {w: inner for inner in with_sublayers(layer) if isinstance(inner, Recurrent) for w in inner._own_weights}
    found: list[Any] = []
    place = at = 0
    while place < len(weights):
        owner = owners.get(weights[place])
        own = 1
        while owner is not None and place + own < len(weights) and owners.get(weights[place + own]) is owner:
            own += 1
        if owner is None:
            found += arrays[at : at + 1]
            at += 1
        else:
            count = recurrent_weights.count_in_file(owner, arrays[at:], own, major)
            found += recurrent_weights.in_our_layout(owner, arrays[at : at + count])
            at += count
        place += own
    return found + arrays[at:]


def _checked(weight: Weight, array: NDArray[Any], name: str) -> NDArray[Any]:
    where = f"{name}: {weight.name}"
    if array.shape != weight.shape:
        raise ModelFileError(where, f"shape {array.shape}", f"shape {weight.shape}")
    kinds = ("int64", "int32") if weight.dtype == "int64" else (weight.dtype,)
    if array.dtype.name not in kinds:
        raise ModelFileError(where, f"dtype {array.dtype}", " or ".join(kinds))
    return finite(array, where, weight.least)
