"""Whole models in the `.h5` files of Keras 1 and 2, which Keras 3 reads and writes, too.

The configuration, what the model was compiled with and the version of Keras are attributes of the root, as texts;
`legacy_weights` and `legacy_optimizer` say where the arrays are. Files of minirnn carry the group "minirnn" with a
digest and a test vector, as those of Keras 3's format do, and an attribute of that name: neither can go unnoticed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from minirnn import losses
from minirnn.files import hard_sigmoid, legacy_config, making, probe, weights_file
from minirnn.files.errors import ModelFileError
from minirnn.files.finite import refuse_non_finite
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.json_text import read_json
from minirnn.files.legacy_optimizer import OPTIMIZER, read_optimizer
from minirnn.files.legacy_weights import LAYERS, MODEL, VERSION, WEIGHTS, LegacyWeights
from minirnn.files.optimizer_states import optimizer_variables
from minirnn.files.schema import Schema
from minirnn.files.weights_file import Verified
from minirnn.layers.sharing import sharing
from minirnn.utils.registry import snake_case

CONFIG, TRAINING, BACKEND = "model_config", "training_config", "backend"
FORMAT = "1"  # of what minirnn adds


# --- writing ---


def model_bytes(model: Any, entry: dict[str, Any], include_optimizer: bool, keras_version: str) -> bytearray:
    """The file of a built model; `entry` is its configuration with what it was compiled with."""
    refuse_non_finite(model)
    arrays: dict[str, NDArray[Any]] = {}
    said = {VERSION: keras_version, BACKEND: "numpy"}
    config = {"class_name": entry["class_name"], "config": entry["config"]}
    attributes: dict[str, dict[str, Any]] = {"": {**said, CONFIG: json.dumps(config), weights_file.OWN: FORMAT}}
    attributes[MODEL] = {**said, LAYERS: [layer.name for layer in model.layers]}
    for layer in model.layers:
        weights = [*layer.trainable_weights, *layer.non_trainable_weights]
        _put(f"{MODEL}/{layer.name}", [(weight.path, weight) for weight in weights], arrays, attributes)
    if include_optimizer and model.optimizer is not None:
        given = dict(entry["compile_config"])
        given["optimizer_config"] = given.pop("optimizer")
        given["loss"] = _in_full(given.get("loss"))
        attributes[""][TRAINING] = json.dumps({"loss_weights": None, **given})
        kept = [(variable.path, variable) for variable in optimizer_variables(model)]
        _put(OPTIMIZER, kept, arrays, attributes)
    return weights_file.sealed(arrays | weights_file.vector_arrays(model), tuple(attributes), attributes)


def _in_full(loss: Any) -> Any:
    """"mean_squared_error" for "mse": in such a file Keras 3 takes no short names, not even its own."""
    if isinstance(loss, (list, tuple)):
        return [_in_full(entry) for entry in loss]
    if isinstance(loss, dict):
        return loss if "class_name" in loss else {key: _in_full(entry) for key, entry in loss.items()}
    known = losses._KNOWN.get(loss) if isinstance(loss, str) else None
    return loss if known is None else snake_case(known.__name__)


def _put(group: str, values: list[tuple[str, Any]], arrays: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Arrays below a group, by names that differ."""
    names: list[str] = []
    for path, value in values:
        name = path if path not in names else f"{path}_{len(names)}"
        names.append(name)
        arrays[f"{group}/{name}"] = value.numpy()
    attributes[group] = {WEIGHTS: names}


# --- reading ---


def opened(data: bytes, custom_objects: Mapping[str, Any] | None, compile: bool) -> tuple[Any, Verified]:
    """The model of a file's bytes, and what was verified of it. Raises ModelFileError."""
    reader = Hdf5Reader(data)
    weights = LegacyWeights(reader)
    digest = is_sealed(reader, weights, data)
    vector = weights_file.kept_vector(reader) if digest else None
    version = weights.version()
    text = weights.attributes.text("", CONFIG)
    if text is None:
        expected = "a whole model; build it and call load_weights for a file of weights alone"
        raise ModelFileError(CONFIG, "no such attribute", expected)
    schema = Schema(custom_objects)
    entry = schema.model(legacy_config.modern_model(read_json(text, CONFIG), version), CONFIG)
    trained = weights.attributes.text("", TRAINING) if compile else None
    given = None if trained is None else read_json(trained, TRAINING)
    settings = schema.compiled(legacy_config.modern_training(given, version), TRAINING)
    with making.unchanged_on_error(), sharing():
        model = making.made(entry, custom_objects, len(data), CONFIG)
        pairs, changed = _modern(model, weights.of_model(model), version)
        making.assign(model, pairs)
        if settings is not None:
            making.compiled(model, settings, custom_objects, TRAINING)
            if model.built and not changed:
                for variable, array in read_optimizer(weights, model, legacy_config.is_by_weights(given, version)):
                    variable.assign(array)
        if vector is not None:
            probe.check_vector(model, vector, "")
    if changed:
        hard_sigmoid.tell(changed, settings is not None)
    return model, Verified(digest, vector is not None)


def read_weights(
    weights: LegacyWeights, model: Any, skip_mismatch: bool, by_name: bool
) -> tuple[hard_sigmoid.Pairs, list[str]]:
    """Weights of a built model with their arrays, and the names of layers that meant something else in Keras 2.

    Raises ModelFileError.
    """
    found = weights.of_named_layers(model, skip_mismatch) if by_name else weights.in_order(model, skip_mismatch)
    return _modern(model, found, weights.version())


def _modern(model: Any, pairs: hard_sigmoid.Pairs, version: tuple[int, ...]) -> tuple[hard_sigmoid.Pairs, list[str]]:
    """The arrays as Keras 3's activations want them, and the names of layers that had another meaning."""
    return hard_sigmoid.as_keras3(model, pairs) if version[0] < 3 else (pairs, [])


def is_sealed(reader: Hdf5Reader, weights: LegacyWeights, data: bytes) -> bool:
    """Whether minirnn wrote the file; all of it is right then."""
    marked = weights.attributes.text("", weights_file.OWN, 40) is not None
    return weights_file.is_sealed(reader, data, "", required=marked)
