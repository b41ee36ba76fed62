"""A file of Keras 2 that loads, in parts: what ill will begins with."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
from legacy_cases import case

from minirnn.files.hdf5_attributes import Attributes
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5
from minirnn.files.legacy_weights import LAYERS, MODEL, WEIGHTS

_DTYPES = ("float32", "float64", "int64", "int32")
OPTIMIZER = "optimizer_weights"


class LegacyGood:
    """The parts of a fixture: configurations as objects, arrays by their paths, attributes by their groups."""

    def __init__(self, name: str) -> None:
        self.case = case(name)
        reader = Hdf5Reader(self.case.data)
        attributes = Attributes(reader)
        self.arrays: dict[str, np.ndarray] = {}
        names = attributes.names(MODEL, LAYERS) or []
        self.attributes: dict[str, dict[str, Any]] = {MODEL: {LAYERS: names}}
        groups = [f"{MODEL}/{layer}" for layer in names]
        if reader.group(OPTIMIZER) is not None:
            groups.append(OPTIMIZER)
        for group in groups:
            self.attributes[group] = {WEIGHTS: attributes.names(group, WEIGHTS)}
            for weight in self.attributes[group][WEIGHTS]:
                self.arrays[f"{group}/{weight}"] = reader.array(f"{group}/{weight}", None, _DTYPES)
        self.config = json.loads(attributes.text("", "model_config") or b"")
        self.training = json.loads(attributes.text("", "training_config") or b"null")

    def file(self, config: Any = None, arrays: Any = None, attributes: Any = None, training: Any = None) -> bytes:
        """An `.h5` file, some parts replaced. `attributes` are added; those that are None are left out."""
        found = copy.deepcopy(self.attributes)
        root = {"keras_version": self.case.version, "model_config": _text(self.config if config is None else config)}
        training = self.training if training is None else training
        found[""] = root | ({} if training is None else {"training_config": _text(training)})
        for path, values in (attributes or {}).items():
            found[path] = {k: v for k, v in {**found.get(path, {}), **values}.items() if v is not None}
        return bytes(write_hdf5(self.arrays if arrays is None else arrays, tuple(found), found))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
