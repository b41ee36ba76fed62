"""Whole models in `.keras` files, and weights in `.weights.h5` files: written for Keras 3, and read from it.

Reading checks everything before it changes anything: the bytes, the archive, the texts, the configuration, then the
arrays, against a model whose weights are planned only. What is left is to allocate and to copy.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from minirnn import losses, metrics, optimizers, random
from minirnn.files import archive, probe, weights_file
from minirnn.files.atomic import replace_file
from minirnn.files.errors import ModelFileError, named, shown
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.json_text import read_json
from minirnn.files.schema import Schema
from minirnn.files.source import read_file
from minirnn.files.weights_file import Verified
from minirnn.layers import naming
from minirnn.layers.nesting import deserialize_layer, serialize_layer
from minirnn.layers.planning import planned
from minirnn.layers.sharing import sharing
from minirnn.utils.nested import map_leaves

KERAS_VERSION = "3.15.0"  # whose configurations are written
FORMAT = 1  # of what minirnn adds
_ENDINGS = {".keras": "a whole model", ".weights.h5": "weights"}
_REFUSED = (
    ArithmeticError, AttributeError, LookupError, MemoryError, NotImplementedError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


# --- writing ---


def save_model(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write a model with its weights, what it was compiled with, and what its optimizer keeps, to a `.keras` file.

    Raises ValueError for a path of another ending, FileExistsError for an existing file unless `overwrite`,
    NotImplementedError for what has no configuration (a Lambda), and OSError if writing fails: nothing is changed then.
    """
    path = _path(filepath, ".keras", overwrite)
    config = json.dumps(_config(model, include_optimizer)).encode()
    weights = bytes(weights_file.weights_bytes(model, include_optimizer) if model.built else weights_file.sealed({}))
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in _pairs(config, weights)}
    metadata = {"keras_version": KERAS_VERSION, "minirnn": {"format": FORMAT, "sha256": digests}}
    members = {archive.METADATA: json.dumps(metadata).encode(), **dict(_pairs(config, weights))}
    replace_file(path, archive.write_archive(members))


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a built model's weights, and what its optimizer keeps, to a `.weights.h5` file.

    Raises as `save_model` does, and ValueError for a model without weights yet.
    """
    path = _path(filepath, ".weights.h5", overwrite)
    if not model.built:
        raise ValueError(f"model {model.name} has no weights to save yet: {model.how_to_build}, first")
    replace_file(path, [weights_file.weights_bytes(model, True)])


def _pairs(config: bytes, weights: bytes) -> Iterator[tuple[str, bytes]]:
    yield archive.CONFIG, config
    yield archive.WEIGHTS, weights


def _path(filepath: Any, ending: str, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if not isinstance(path, str) or not path.endswith(ending):
        raise ValueError(f"{_ENDINGS[ending]} is saved to a path that ends in {ending!r}, got {shown(path)!r}")
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path} exists; overwrite=True replaces it")
    return path


def _config(model: Any, include_optimizer: bool) -> dict[str, Any]:
    with sharing(model):
        entry = serialize_layer(model)
    if model.own_call and model.built:
        entry["build_config"] = {"input_shape": model.input_shape}
    if include_optimizer and model.optimizer is not None:
        given = dict(model._compiled_with)
        for key, module in (("loss", losses), ("metrics", metrics), ("weighted_metrics", metrics)):
            given[key] = map_leaves(functools.partial(_described, module), given.get(key))
        entry["compile_config"] = {"optimizer": optimizers.serialize(model.optimizer), **given}
    return entry


def _described(module: Any, leaf: Any) -> Any:
    """A loss or metric as Keras writes it: functions by their names, objects by their configurations."""
    if leaf is None or isinstance(leaf, str):
        return leaf
    if isinstance(leaf, type):
        leaf = leaf()
    if hasattr(leaf, "get_config"):
        return module.serialize(leaf)
    known = module._KNOWN.get(leaf.__name__)
    return leaf.__name__ if known is not None else module.serialize(leaf)


# --- reading ---


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    *,
    max_bytes: int | None = None,
) -> Any:
    """The model of a `.keras` file, of minirnn or of Keras 3; with `compile` ready to go on training.

    `custom_objects` maps names to classes and functions of your own that the file may name. `max_bytes` is the largest
    file that is read, by default 2 GiB. Whatever the file holds, no code of it is run: `safe_mode` changes nothing.
    What minirnn wrote is verified by its digest and its test vector (`saving.verify` tells).

    Raises ModelFileError, a ValueError of one line, for anything that is not as it should be.
    """
    return opened(filepath, custom_objects, compile, max_bytes)[0]


def opened(filepath: Any, custom_objects: Any, compile: bool, max_bytes: int | None) -> tuple[Any, Verified]:
    """The model of a file, and what was verified of it."""
    with named(filepath):
        members = archive.read_archive(read_file(filepath, max_bytes))
        config = read_json(members[archive.CONFIG], archive.CONFIG)
        ours = _check_metadata(members)
        schema = Schema(custom_objects)
        entry = schema.model(config)
        settings = schema.compiled(config.get("compile_config")) if compile else None
        data = bytes(members[archive.WEIGHTS])
        reader = Hdf5Reader(data, archive.WEIGHTS)
        digest = weights_file.is_sealed(reader, data, archive.WEIGHTS, required=ours)
        vector = weights_file.kept_vector(reader) if digest else None
        with _unchanged_on_error(), sharing():
            model = _made(entry, custom_objects, len(data))
            if model.built:
                pairs = weights_file.read_weights(reader, model, archive.WEIGHTS)
                for weight in model.weights:
                    weight.allocate()
                for weight, array in pairs:
                    weight.assign(array)
            if settings is not None:
                _compile(model, settings, custom_objects, reader)
            if vector is not None:
                probe.check_vector(model, vector, archive.WEIGHTS)
        return model, Verified(digest, vector is not None)


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, *, max_bytes: int | None = None
) -> None:
    """Set the weights of a built model, and what its optimizer keeps if it fits, from a `.weights.h5` or `.keras` file.

    With `skip_mismatch` layers whose arrays have other shapes keep theirs, with a warning. Raises ModelFileError, a
    ValueError of one line, for a file that is not as it should be; the model is as before then. ValueError for a model
    without weights.
    """
    if by_name:
        raise ValueError("load_weights: by_name is of Keras 2's files; layers are found by their classes and order")
    if not model.built:
        raise ValueError(f"model {model.name} has no weights to load into yet: {model.how_to_build}, first")
    with named(filepath):
        data, ours, member = read_file(filepath, max_bytes), False, ""
        if os.fspath(filepath).endswith(".keras"):
            members, member = archive.read_archive(data), archive.WEIGHTS
            data, ours = bytes(members[member]), _check_metadata(members)
        reader = Hdf5Reader(data, member)
        weights_file.is_sealed(reader, data, member, required=ours)
        pairs = weights_file.read_weights(reader, model, member, skip_mismatch)
        states = [] if skip_mismatch else _optimizer_states(reader, model, member)
        for weight, array in pairs:
            weight.assign(array)
        for variable, array in states:
            variable.assign(array)


def _optimizer_states(reader: Hdf5Reader, model: Any, member: str) -> list[tuple[Any, Any]]:
    """What the file keeps for the model's optimizer, if that is built and of the same kind."""
    optimizer = model.optimizer
    stored = len(reader.group(f"{weights_file.OPTIMIZER}/vars") or ())
    if optimizer is None or not optimizer.built or stored != len(optimizer.variables):
        return []
    return weights_file.read_optimizer(reader, model, member)


def _check_metadata(members: Mapping[str, memoryview]) -> bool:
    """Whether minirnn wrote the file; its digests are right then."""
    own = read_json(members[archive.METADATA], archive.METADATA).get("minirnn")
    if own is None:
        return False
    digests = own.get("sha256") if isinstance(own, dict) else None
    if not isinstance(digests, dict) or set(digests) != {archive.CONFIG, archive.WEIGHTS}:
        raise ModelFileError(archive.METADATA, shown(own), "minirnn's digests of the other members")
    for name, digest in digests.items():
        if digest != hashlib.sha256(members[name]).hexdigest():
            raise ModelFileError(name, "bytes that do not give the digest of metadata.json", "an undamaged file")
    return True


def _made(entry: dict[str, Any], custom_objects: Mapping[str, Any] | None, most_elements: int) -> Any:
    """The model of a checked configuration, its weights planned. What a constructor refuses is ModelFileError."""
    try:
        with planned(most_elements):
            model = deserialize_layer(entry, custom_objects)
            if not model.built and "build_shape" in entry:
                model.build(entry["build_shape"])
    except ModelFileError:
        raise
    except _REFUSED as error:
        raise ModelFileError(archive.CONFIG, shown(str(error)), "settings that a model can be made with") from error
    if not hasattr(model, "_compiled_with"):
        raise ModelFileError(archive.CONFIG, f"a {type(model).__name__}", "a model")
    return model


def _compile(model: Any, settings: dict[str, Any], custom_objects: Any, reader: Hdf5Reader) -> None:
    """Compile a model as its file says, and give the optimizer what it kept."""
    given = dict(settings)
    try:
        optimizer = optimizers.deserialize(given.pop("optimizer"), custom_objects)
        for key, module in (("loss", losses), ("metrics", metrics), ("weighted_metrics", metrics)):
            given[key] = _revived(given.get(key), module, custom_objects)
        model.compile(optimizer, **given)
    except _REFUSED as error:
        where, expected = f"{archive.CONFIG}: compile_config", "settings that compile takes; compile=False skips them"
        raise ModelFileError(where, shown(str(error)), expected) from error
    for variable, array in weights_file.read_optimizer(reader, model, archive.WEIGHTS) if model.built else ():
        variable.assign(array)


def _revived(value: Any, module: Any, custom_objects: Any) -> Any:
    if isinstance(value, dict) and "class_name" in value:
        return module.deserialize(value, custom_objects)
    if isinstance(value, dict):
        return {key: _revived(entry, module, custom_objects) for key, entry in value.items()}
    return [_revived(entry, module, custom_objects) for entry in value] if isinstance(value, list) else value


@contextlib.contextmanager
def _unchanged_on_error() -> Iterator[None]:
    """Let a failed loading leave the sequence of seeds and the counts of names as they were."""
    seeds, names = random.state(), naming.counts()
    try:
        yield
    except BaseException:
        random.set_state(seeds)
        naming.set_counts(names)
        raise
