"""Whole models in `.keras` files: written for Keras 3, and read from it; weights alone, written.

`weights_loading` puts weights into a model that is there. Reading checks everything before it changes anything: the
bytes, the archive, the texts, the configuration, then the arrays, against a model whose weights are planned only. What
is left is to allocate and to copy.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from typing import Any

from minirnn import losses, metrics, optimizers
from minirnn.compat import spelling
from minirnn.files import (
    archive,
    hard_sigmoid,
    legacy_config,
    legacy_file,
    making,
    metadata,
    optimizer_states,
    probe,
    weights_file,
)  # fmt: skip
from minirnn.files.atomic import replace_file
from minirnn.files.errors import named, shown
from minirnn.files.hdf5_reader import SIGNATURE, Hdf5Reader
from minirnn.files.json_text import read_json
from minirnn.files.schema import Schema
from minirnn.files.source import read_file
from minirnn.files.weights_file import Verified
from minirnn.layers.nesting import serialize_layer
from minirnn.layers.sharing import sharing
from minirnn.utils.nested import map_leaves
from minirnn.utils.notices import warn_caller

_WHOLE, _WEIGHTS = (".keras", ".h5", ".hdf5"), (".weights.h5",)


# --- writing ---


@spelling.names_nearest
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
        replace_file(path, [legacy_file.model_bytes(model, entry, include_optimizer, metadata.KERAS_VERSION)])
        return
    config = json.dumps(_config(model, include_optimizer)).encode()
    weights = bytes(weights_file.weights_bytes(model, include_optimizer) if model.built else weights_file.sealed({}))
    members = {archive.METADATA: metadata.written(config, weights), archive.CONFIG: config, archive.WEIGHTS: weights}
    replace_file(path, archive.write_archive(members))


@spelling.names_nearest
def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a built model's weights, and what its optimizer keeps, to a `.weights.h5` file.

    Raises as `save_model` does, and ValueError for a model without weights yet.
    """
    path = _path(filepath, _WEIGHTS, "weights", overwrite)
    _check_built(model)
    replace_file(path, [weights_file.weights_bytes(model, True)])


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


@spelling.names_nearest
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
        ours, old = metadata.check(members)
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
                if model.built and not old:
                    for variable, array in optimizer_states.read_optimizer(reader, model, archive.WEIGHTS):
                        variable.assign(array)
            if vector is not None:
                probe.check_vector(model, vector, archive.WEIGHTS)
        if changed:
            hard_sigmoid.tell(changed, settings is not None)
        elif old and settings is not None:
            warn_caller(f"{model.optimizer.name} begins anew: the file is of Keras 2, which keeps other numbers")
        return model, Verified(digest, vector is not None)
