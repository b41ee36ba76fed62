"""What an optimizer keeps, in HDF5 bytes and out: Keras's group "optimizer", and beside it which optimizer it was.

Arrays of as many slots of another optimizer would fit by their shapes, and mean something else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.files.errors import ModelFileError, shown
from minirnn.files.finite import finite
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.layout import path_of
from minirnn.files.likeness import optimizer_kind
from minirnn.files.limits import LONGEST_NAME, MOST_STEPS
from minirnn.utils.notices import warn_caller

OPTIMIZER = "optimizer"
KIND = "minirnn/optimizer"  # the bytes of a text of `optimizer_kind`

States = list[tuple[Any, NDArray[Any]]]


# --- writing ---


def optimizer_arrays(model: Any) -> dict[str, NDArray[Any]]:
    """What the model's optimizer keeps, by its paths in a file, with its kind."""
    kept = optimizer_variables(model)
    found = {path_of(OPTIMIZER, number): variable.numpy() for number, variable in enumerate(kept)}
    return found | ({KIND: np.frombuffer(optimizer_kind(model.optimizer).encode(), np.uint8)} if kept else {})


def optimizer_variables(model: Any) -> list[Any]:
    """What the model's optimizer keeps; none of it, with a warning, if it holds NaN or infinity."""
    if all_finite(model.optimizer):
        return [] if model.optimizer is None else list(model.optimizer.variables)
    warn_caller("what the optimizer keeps holds NaN or infinity and was not saved: it will begin anew")
    return []


def all_finite(optimizer: Any) -> bool:
    """Whether all that an optimizer keeps is finite."""
    return optimizer is None or all(np.isfinite(variable.numpy()).all() for variable in optimizer.variables)


# --- reading ---


def read_optimizer(reader: Hdf5Reader, model: Any, member: str) -> States:
    """Each variable of a compiled model's optimizer with its array; the optimizer is built if the file has slots.

    A file of a model that was never trained has none. Raises ModelFileError for the slots of another optimizer, for any
    other number of arrays, and for wrong ones.
    """
    optimizer, stored = model.optimizer, _stored(reader)
    if not stored:
        return []
    kind = _kind(reader)
    if kind is not None and kind != optimizer_kind(optimizer):
        raise ModelFileError(f"{member}: {OPTIMIZER}", f"what {kind} keeps", f"that of {optimizer_kind(optimizer)}")
    if stored > len(optimizer.variables):
        weights = model.trainable_weights
        slots = [name for group in optimizer.slot_groups() for name in group]
        kept = len(slots) + optimizer.use_ema + (optimizer.gradient_accumulation_steps is not None)
        full = len(optimizer.variables) + kept * len(weights) + len(optimizer.own_variables())
        if stored != full or not weights:
            where = f"{member}: {OPTIMIZER}"
            raise ModelFileError(where, f"{stored} arrays", f"{full} for {len(weights)} trainable weights")
        optimizer.build(weights)
    variables = optimizer.variables
    if stored != len(variables):
        raise ModelFileError(f"{member}: {OPTIMIZER}", f"{stored} arrays", f"{len(variables)}")
    found = []
    for number, variable in enumerate(variables):
        path = path_of(OPTIMIZER, number)
        dtypes = ("int64", "int32") if variable.dtype == "int64" else (variable.dtype,)
        array = finite(reader.array(path, variable.shape, dtypes), f"{member}: {path}")
        if number == 0 and not 0 <= int(array) < MOST_STEPS:
            raise ModelFileError(f"{member}: {path}", f"{int(array)} steps", "a count of steps")
        found.append((variable, array))
    return found


def states_that_fit(reader: Hdf5Reader, model: Any, member: str, class_name: str | None = None) -> States:
    """The same for weights that are loaded into a model that is there: its optimizer need not be the file's.

    Nothing if it has no slots yet. It keeps its own, with a warning, if the file's are of another kind, or of
    another number, as Keras does. `class_name` is that of the file's optimizer, where a configuration tells.
    """
    optimizer, stored = model.optimizer, _stored(reader)
    if optimizer is None or not optimizer.built or not stored:
        return []
    ours = optimizer_kind(optimizer)
    theirs = _kind(reader)
    if theirs is None and class_name is not None and class_name.lower() != type(optimizer).__name__.lower():
        theirs = class_name
    if theirs not in (None, ours):
        warn_caller(f"{optimizer.name} ({ours}) goes on with its own slots: the file has those of {shown(theirs)}")
        return []
    if stored != len(optimizer.variables):
        have = len(optimizer.variables)
        warn_caller(f"{optimizer.name} goes on with its own {have} arrays: the file has {stored} of an optimizer")
        return []
    return read_optimizer(reader, model, member)


def _stored(reader: Hdf5Reader) -> int:
    return len(reader.group(f"{OPTIMIZER}/vars") or ())


def _kind(reader: Hdf5Reader) -> str | None:
    """The kind of optimizer that a file of minirnn tells of."""
    if KIND.rpartition("/")[2] not in (reader.group(KIND.rpartition("/")[0]) or ()):
        return None
    text = reader.array(KIND, None, ("uint8",))
    if text.ndim != 1 or text.size > 4 * LONGEST_NAME:
        raise ModelFileError(KIND, f"shape {text.shape}", f"at most {4 * LONGEST_NAME} bytes")
    return text.tobytes().decode("utf-8", "replace")
