"""Weights in HDF5 bytes and out: of a model, of its optimizer, with a digest and a test vector beside them.

Keras reads over the group "minirnn": `sha256` is the SHA-256 of the whole file with these 32 bytes zero, `test_vector`
holds `minirnn.files.probe`. A file that has the group has to be right in all of it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn.files import probe
from minirnn.files.errors import ModelFileError
from minirnn.files.hdf5_attributes import Attributed
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5
from minirnn.files.layout import path_of, stores
from minirnn.layers.weight import Weight
from minirnn.utils.notices import warn_caller

OWN = "minirnn"
DIGEST, VECTOR = f"{OWN}/sha256", f"{OWN}/test_vector"
OPTIMIZER = "optimizer"
_DIGEST_BYTES = 32
_MEND = "an undamaged file; delete the group 'minirnn' if you changed the weights yourself"


class Verified(NamedTuple):
    """What loading found out about a file: whether its digest and its test vector were there, and right."""

    digest: bool
    test_vector: bool

    def __str__(self) -> str:
        said = (f"{name.replace('_', ' ')} {'verified' if ok else 'not there'}" for name, ok in self._asdict().items())
        return ", ".join(said)


# --- writing ---


def weights_bytes(model: Any, with_optimizer: bool, run: Mapping[str, NDArray[Any]] | None = None) -> bytearray:
    """An HDF5 file of a built model's weights, and of what its optimizer keeps.

    With the arrays of a `run` (a backup, which nobody else shall load) in place of a test vector.
    """
    refuse_non_finite(model)
    arrays: dict[str, NDArray[Any]] = {}
    groups: list[str] = []
    for group, weights in stores(model):
        groups.append(f"{group}/vars" if group else "vars")
        arrays |= {path_of(group, number): weight.numpy() for number, weight in enumerate(weights)}
    if with_optimizer:
        kept = optimizer_variables(model)
        arrays |= {path_of(OPTIMIZER, number): variable.numpy() for number, variable in enumerate(kept)}
    if run is None:
        run = vector_arrays(model)
    arrays |= run
    return sealed(arrays, tuple(groups))


def vector_arrays(model: Any) -> dict[str, NDArray[Any]]:
    """The test vector of a model by its paths in a file; nothing if it has none, or if its outputs overflow."""
    kept = probe.test_vector(model) or ()
    if not all(np.isfinite(numbers).all() for numbers in kept):
        return {}
    return {f"{VECTOR}/{number}": numbers for number, numbers in enumerate(kept)}


def optimizer_variables(model: Any) -> list[Any]:
    """What the model's optimizer keeps; none of it, with a warning, if it holds NaN or infinity."""
    kept = [] if model.optimizer is None else list(model.optimizer.variables)
    if all(np.isfinite(variable.numpy()).all() for variable in kept):
        return kept
    warn_caller("what the optimizer keeps holds NaN or infinity and was not saved: it will begin anew")
    return []


def refuse_non_finite(model: Any) -> None:
    """ValueError for a model that has learnt NaN or infinity: no file of it would load. The old file is as before."""
    for weight in model.weights:
        if not np.isfinite(weight.numpy()).all():
            raise ValueError(
                f"model {model.name} was not saved: {weight.path} holds NaN or infinity, which no file may; "
                "go back to an earlier file, and train with a smaller learning rate or clipnorm"
            )


def sealed(
    arrays: Mapping[str, NDArray[Any]], groups: tuple[str, ...] = (), attributes: Attributed | None = None
) -> bytearray:
    """An HDF5 file of these arrays with its digest."""
    data = write_hdf5({**arrays, DIGEST: np.zeros(_DIGEST_BYTES, np.uint8)}, groups, attributes)
    place = Hdf5Reader(bytes(data)).describe(DIGEST)
    assert place is not None
    data[place.start : place.start + _DIGEST_BYTES] = hashlib.sha256(data).digest()
    return data


# --- reading ---


def is_sealed(reader: Hdf5Reader, data: bytes, member: str, required: bool = False) -> bool:
    """Whether there is a digest; ModelFileError if there is a wrong one, or none though it is `required`."""
    group = reader.group(OWN)
    if group is None and not required:
        return False
    stored = reader.array(DIGEST, (_DIGEST_BYTES,), ("uint8",))
    place = reader.describe(DIGEST)
    assert place is not None
    found = hashlib.sha256(data[: place.start])
    found.update(bytes(_DIGEST_BYTES))
    found.update(memoryview(data)[place.start + _DIGEST_BYTES :])
    if found.digest() != stored.tobytes():
        raise ModelFileError(member, "bytes that do not give the digest that was saved with them", _MEND)
    return True


def kept_vector(reader: Hdf5Reader) -> list[NDArray[Any]] | None:
    """The test vector of a file."""
    group = reader.group(VECTOR)
    if not group:
        return None
    paths = [f"{VECTOR}/{number}" for number in range(len(group))]
    found = [reader.array(path, None, ("float32", "float64")) for path in paths]
    for path, kept in zip(paths, found, strict=True):
        if kept.ndim != 1 or kept.size > probe.KEPT or not np.isfinite(kept).all():
            raise ModelFileError(path, f"shape {kept.shape}", f"at most {probe.KEPT} finite numbers")
    return found


def read_weights(
    reader: Hdf5Reader, model: Any, member: str, skip_mismatch: bool = False
) -> list[tuple[Weight, NDArray[Any]]]:
    """Each weight of a built model with its array; nothing is changed.

    Raises ModelFileError where one is missing, has another shape or dtype, or holds what is no finite number. With
    `skip_mismatch` layers whose arrays are others are left out, with a warning.
    """
    found: list[tuple[Weight, NDArray[Any]]] = []
    skipped = []
    for group, weights in stores(model):
        try:
            arrays = [_checked(reader, path_of(group, number), weight, member) for number, weight in enumerate(weights)]
            stored = reader.group(f"{group}/vars" if group else "vars") or {}
            if len(stored) != len(weights):
                where = f"{member}: {group or 'the model'}"
                raise ModelFileError(where, f"{len(stored)} arrays", f"{len(weights)}")
        except ModelFileError as error:
            if not skip_mismatch:
                raise
            skipped.append(f"{group}: found {error.found}, expected {error.expected}")
            continue
        found += zip(weights, arrays, strict=True)
    if skipped:
        warnings.warn(f"weights left as they are, skip_mismatch=True: {'; '.join(skipped)[:400]}", stacklevel=4)
    return found


def _checked(reader: Hdf5Reader, path: str, weight: Weight, member: str) -> NDArray[Any]:
    array = reader.array(path, weight.shape, ("int64", "int32") if weight.dtype == "int64" else (weight.dtype,))
    return finite(array, f"{member}: {path}" if member else path, weight.least)


def finite(array: NDArray[Any], where: str, least: float = -np.inf) -> NDArray[Any]:
    """`array`; ModelFileError if it holds NaN, infinity or a number below `least`."""
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    if not np.isfinite([low, high]).all() or low < least:  # NaN is its own minimum
        what = f"numbers from {low:g} to {high:g}"
        raise ModelFileError(where, what, "finite numbers" if least == -np.inf else f"at least {least:g}")
    return array


def read_optimizer(reader: Hdf5Reader, model: Any, member: str) -> list[tuple[Any, NDArray[Any]]]:
    """Each variable of a compiled model's optimizer with its array; the optimizer is built if the file has slots.

    A file of a model that was never trained has none. Raises ModelFileError for any other number of arrays, and for
    wrong ones.
    """
    optimizer, stored = model.optimizer, len(reader.group(f"{OPTIMIZER}/vars") or ())
    if not stored:
        return []
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
        if number == 0 and not 0 <= int(array) < 2**62:
            raise ModelFileError(f"{member}: {path}", f"{int(array)} steps", "a count of steps")
        found.append((variable, array))
    return found
