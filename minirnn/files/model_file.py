"""Whole models in `.keras` files, and weights in `.weights.h5` files: written for Keras 3, and read from it.

Reading checks everything before it changes anything: the bytes, the archive, the texts, the configuration, then the
arrays, against a model whose weights are planned only. What is left is to allocate and to copy.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from minirnn import losses, metrics, optimizers
from minirnn.files import archive, hard_sigmoid, legacy_config, legacy_file, making, probe, weights_file
from minirnn.files.atomic import replace_file
from minirnn.files.errors import ModelFileError, named, shown
from minirnn.files.hdf5_reader import SIGNATURE, Hdf5Reader
from minirnn.files.json_text import read_json
from minirnn.files.legacy_weights import LegacyWeights
from minirnn.files.schema import Schema
from minirnn.files.source import read_file
from minirnn.files.weights_file import Verified
from minirnn.layers.nesting import serialize_layer
from minirnn.layers.sharing import sharing
from minirnn.utils.nested import map_leaves
from minirnn.utils.notices import warn_caller

KERAS_VERSION = "3.15.0"  # whose configurations are written
FORMAT = 1  # of what minirnn adds
_WHOLE, _WEIGHTS = (".keras", ".h5", ".hdf5"), (".weights.h5",)


# --- writing ---


def save_model(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write a model with its weights, what it was compiled with, and what its optimizer keeps, to a `.keras` file.

    A path that ends in `.h5` or `.hdf5` gets the format of Keras 2, which Keras 3 still reads. Raises ValueError for a
    path of another ending, and for a model without weights in that older format, FileExistsError for an existing file
    unless `overwrite`, NotImplementedError for what has no configuration (a Lambda), and OSError if writing fails:
    nothing is changed then.
    """
    path = _path(filepath, _WHOLE, "a whole model", overwrite)
    if not path.endswith(".keras"):
        _check_built(model)
        entry = _config(model, include_optimizer)
        replace_file(path, [legacy_file.model_bytes(model, entry, include_optimizer, KERAS_VERSION)])
        return
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
    path = _path(filepath, _WEIGHTS, "weights", overwrite)
    _check_built(model)
    replace_file(path, [weights_file.weights_bytes(model, True)])


def _pairs(config: bytes, weights: bytes) -> Iterator[tuple[str, bytes]]:
    yield archive.CONFIG, config
    yield archive.WEIGHTS, weights


def _check_built(model: Any) -> None:
    if not model.built:
        raise ValueError(f"model {model.name} has no weights to save yet: {model.how_to_build}, first")


def _path(filepath: Any, endings: tuple[str, ...], what: str, overwrite: bool) -> str:
    path = os.fspath(filepath)
    is_whole = endings == _WHOLE and isinstance(path, str) and not path.endswith(_WEIGHTS)
    if not isinstance(path, str) or not path.endswith(endings) or is_whole != (endings == _WHOLE):
        wanted = " or ".join(map(repr, endings))
        raise ValueError(f"{what} is saved to a path that ends in {wanted}, got {shown(path)!r}")
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
    """The model of a `.keras` file, of minirnn or of Keras 3, or of an `.h5` file of Keras 1 to 3.

    With `compile` it is ready to go on training. What a file is, its first bytes say, not its name.

    `custom_objects` maps names to classes and functions of your own that the file may name. `max_bytes` is the largest
    file that is read, by default 2 GiB. Whatever the file holds, no code of it is run: `safe_mode` changes nothing.
    What minirnn wrote is verified by its digest and its test vector (`saving.verify` tells).

    Raises ModelFileError, a ValueError of one line, for anything that is not as it should be.
    """
    return opened(filepath, custom_objects, compile, max_bytes)[0]


def opened(filepath: Any, custom_objects: Any, compile: bool, max_bytes: int | None) -> tuple[Any, Verified]:
    """The model of a file, and what was verified of it."""
    with named(filepath):
        data = read_file(filepath, max_bytes)
        if data.startswith(SIGNATURE):
            return legacy_file.opened(data, custom_objects, compile)
        members = archive.read_archive(data)
        config = read_json(members[archive.CONFIG], archive.CONFIG)
        ours, old = _check_metadata(members)
        given = config.get("compile_config") if compile else None
        if old:
            config, given = legacy_config.modern_model(config, (2,)), legacy_config.modern_compiled(given)
        schema = Schema(custom_objects)
        entry, settings = schema.model(config), schema.compiled(given)
        data = bytes(members[archive.WEIGHTS])
        reader = Hdf5Reader(data, archive.WEIGHTS)
        digest = weights_file.is_sealed(reader, data, archive.WEIGHTS, required=ours)
        vector = weights_file.kept_vector(reader) if digest else None
        with making.unchanged_on_error(), sharing():
            model = making.made(entry, custom_objects, len(data), archive.CONFIG)
            changed: list[str] = []
            if model.built:
                pairs = weights_file.read_weights(reader, model, archive.WEIGHTS)
                pairs, changed = hard_sigmoid.as_keras3(model, pairs) if old else (pairs, [])
                making.assign(model, pairs)
            if settings is not None:
                making.compiled(model, settings, custom_objects, f"{archive.CONFIG}: compile_config")
                states = weights_file.read_optimizer(reader, model, archive.WEIGHTS) if model.built and not old else []
                for variable, array in states:
                    variable.assign(array)
            if vector is not None:
                probe.check_vector(model, vector, archive.WEIGHTS)
        if changed:
            hard_sigmoid.tell(changed, settings is not None)
        elif old and settings is not None:
            warn_caller(f"{model.optimizer.name} begins anew: the file is of Keras 2, which keeps other numbers")
        return model, Verified(digest, vector is not None)


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, *, max_bytes: int | None = None
) -> None:
    """Set the weights of a built model, and what its optimizer keeps if it fits, from a `.weights.h5` or `.keras` file.

    From an `.h5` file of Keras 1 to 3, of a whole model or of weights alone, the weights are taken: of the layers in
    their order, or with `by_name` of the layers whose names are in the file. With `skip_mismatch` layers whose arrays
    have other shapes keep theirs, with a warning. Raises ModelFileError, a ValueError of one line, for a file that is
    not as it should be; the model is as before then. ValueError for a model without weights, and for `by_name` with a
    file in which layers have no names.
    """
    if not model.built:
        raise ValueError(f"model {model.name} has no weights to load into yet: {model.how_to_build}, first")
    with named(filepath):
        data, ours, old, member = read_file(filepath, max_bytes), False, False, ""
        if os.fsdecode(filepath).endswith(".keras"):
            members, member = archive.read_archive(data), archive.WEIGHTS
            data, (ours, old) = bytes(members[member]), _check_metadata(members)
        reader = Hdf5Reader(data, member)
        legacy = LegacyWeights(reader)
        if not member and legacy.is_there:
            legacy_file.load_weights(model, legacy, reader, skip_mismatch, by_name)
            return
        if by_name:
            raise ValueError("load_weights: by_name is of Keras 2's files; layers are found by their classes and order")
        weights_file.is_sealed(reader, data, member, required=ours)
        pairs = weights_file.read_weights(reader, model, member, skip_mismatch)
        pairs, changed = hard_sigmoid.as_keras3(model, pairs) if old else (pairs, [])
        states = [] if skip_mismatch or old else _optimizer_states(reader, model, member)
        for weight, array in pairs:
            weight.assign(array)
        for variable, array in states:
            variable.assign(array)
    if changed:
        hard_sigmoid.tell(changed, False)


def _optimizer_states(reader: Hdf5Reader, model: Any, member: str) -> list[tuple[Any, Any]]:
    """What the file keeps for the model's optimizer, if that is built and of the same kind."""
    optimizer = model.optimizer
    stored = len(reader.group(f"{weights_file.OPTIMIZER}/vars") or ())
    if optimizer is None or not optimizer.built or stored != len(optimizer.variables):
        return []
    return weights_file.read_optimizer(reader, model, member)


def _check_metadata(members: Mapping[str, memoryview]) -> tuple[bool, bool]:
    """Whether minirnn wrote the file (its digests are right then), and whether Keras 2 did."""
    metadata = read_json(members[archive.METADATA], archive.METADATA)
    own = metadata.get("minirnn")
    if own is None:
        return False, str(metadata.get("keras_version")).startswith("2.")
    digests = own.get("sha256") if isinstance(own, dict) else None
    if not isinstance(digests, dict) or set(digests) != {archive.CONFIG, archive.WEIGHTS}:
        raise ModelFileError(archive.METADATA, shown(own), "minirnn's digests of the other members")
    for name, digest in digests.items():
        if digest != hashlib.sha256(members[name]).hexdigest():
            raise ModelFileError(name, "bytes that do not give the digest of metadata.json", "an undamaged file")
    return True, False
