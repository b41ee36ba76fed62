"""Weights of files for a model that is there: `.weights.h5`, and those of whole models in `.keras` and `.h5`.

All of a file is checked before anything changes; what is left is to copy, and to compare the test vector.
"""

from __future__ import annotations

import os
from typing import Any

from minirnn.compat import spelling
from minirnn.files import archive, hard_sigmoid, legacy_file, metadata, optimizer_states, weights_file
from minirnn.files.commit import Found, Pairs
from minirnn.files.errors import named
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.json_text import read_json
from minirnn.files.legacy_weights import LegacyWeights
from minirnn.files.source import read_file
from minirnn.files.weights_file import Verified


@spelling.names_nearest
def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, *, max_bytes: int | None = None
) -> None:
    """Set the weights of a built model, and what its optimizer keeps if it fits, from a `.weights.h5` or `.keras` file.

    From an `.h5` file of Keras 1 to 3, of a whole model or of weights alone, the weights are taken: of the layers in
    their order, or with `by_name` of the layers whose names are in the file. With `skip_mismatch` layers whose arrays
    have other shapes keep theirs, with a warning. An optimizer of another kind, or of other slots, keeps its own, with
    a warning, too; one that has made no step yet begins anew.

    What minirnn wrote is verified by its digest, and by its test vector if the model is the one that was saved but for
    names: weights may be meant for another, such as a stateful twin of a batch of one.

    Raises ModelFileError, a ValueError of one line, for a file that is not as it should be; the model is as before
    then. ValueError for a model without weights, and for `by_name` with a file in which layers have no names.
    """
    check_built(model)
    with named(filepath):
        file = _File(filepath, max_bytes)
        found = file.found(model, skip_mismatch, by_name)
        states = file.states(model) if not skip_mismatch else []
        found.take(model, states, file.member)
    if found.changed:
        hard_sigmoid.tell(found.changed, False)


def verify_weights(model: Any, filepath: Any, max_bytes: int | None) -> Verified:
    """What is verified of a file when its weights are loaded into a model, which is as before afterwards.

    Without a model, None, only the digest is. Raises ModelFileError.
    """
    with named(filepath):
        file = _File(filepath, max_bytes)
        if model is None:
            return Verified(file.is_sealed(), False)
        check_built(model)
        found = file.found(model, False, False)
        found.try_on(model, file.member)
        return Verified(found.digest, found.vector is not None)


def check_built(model: Any) -> None:
    """ValueError for a model without weights."""
    if not model.built:
        raise ValueError(f"model {model.name} has no weights to load into yet: {model.how_to_build}, first")


class _File:
    """A file that holds weights, of any kind; `member` is the part of it that does, for errors."""

    def __init__(self, filepath: Any, max_bytes: int | None) -> None:
        self._data, self.member = read_file(filepath, max_bytes), ""
        self._ours, self._old, self._optimizer_class = False, False, None
        if self._data.startswith(archive.SIGNATURE) or os.fsdecode(filepath).endswith(".keras"):
            members, self.member = archive.read_archive(self._data), archive.WEIGHTS
            self._ours, self._old = metadata.check(members)
            self._optimizer_class = _optimizer_class(members[archive.CONFIG])
            self._data = bytes(members[self.member])
        self._reader = Hdf5Reader(self._data, self.member)
        legacy = LegacyWeights(self._reader)
        self._legacy = legacy if not self.member and legacy.is_there else None

    def is_sealed(self) -> bool:
        """Whether there is a digest; ModelFileError for a wrong one."""
        if self._legacy is not None:
            return legacy_file.is_sealed(self._reader, self._legacy, self._data)
        return weights_file.is_sealed(self._reader, self._data, self.member, required=self._ours)

    def found(self, model: Any, skip_mismatch: bool, by_name: bool) -> Found:
        """What the file holds for a built model. Raises ModelFileError; ValueError for `by_name` without names."""
        if by_name and self._legacy is None:
            raise ValueError("load_weights: by_name is of Keras 2's files; layers are found by their classes and order")
        found = Found([], self.is_sealed())
        if self._legacy is not None:
            found.weights, found.changed = legacy_file.read_weights(self._legacy, model, skip_mismatch, by_name)
        else:
            found.weights = weights_file.read_weights(self._reader, model, self.member, skip_mismatch)
            if self._old:
                found.weights, found.changed = hard_sigmoid.as_keras3(model, found.weights)
        if found.digest and not (skip_mismatch or by_name):
            found.vector = weights_file.vector_of_function(self._reader, model)
        return found

    def states(self, model: Any) -> Pairs:
        """What the file keeps for the model's optimizer, if it fits."""
        if self._legacy is not None or self._old:
            return []
        return optimizer_states.states_that_fit(self._reader, model, self.member, self._optimizer_class)


def _optimizer_class(text: Any) -> str | None:
    """The class of the optimizer that a model's configuration was compiled with; None if it does not tell."""
    given = read_json(text, archive.CONFIG).get("compile_config")
    named_or_described = given.get("optimizer") if isinstance(given, dict) else None
    if isinstance(named_or_described, dict):
        named_or_described = named_or_described.get("class_name")
    return named_or_described if isinstance(named_or_described, str) else None
