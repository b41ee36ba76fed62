"""Weights in HDF5 bytes and out: of a model, of its optimizer, with a digest and a test vector beside them.

Keras reads over the group "minirnn": `sha256` is the SHA-256 of the whole file with these 32 bytes zero, `test_vector`
holds `minirnn.files.probe`, `function` the SHA-256 of what computed it. A file that has the group has to be right in
all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minirnn.files import optimizer_states, probe
from minirnn.files.errors import ModelFileError
from minirnn.files.finite import finite, refuse_non_finite
from minirnn.files.hdf5_attributes import Attributed
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.files.hdf5_writer import write_hdf5
from minirnn.files.layout import path_of, stores
from minirnn.files.likeness import function_digest
from minirnn.layers.weight import Weight
from minirnn.utils.notices import warn_caller

OWN = "minirnn"
DIGEST, VECTOR, FUNCTION = f"{OWN}/sha256", f"{OWN}/test_vector", f"{OWN}/function"
_DIGEST_BYTES = 32
_MEND = "an undamaged file; delete the group 'minirnn' if you changed the weights yourself"


class Verified(NamedTuple):
    """What loading found out about a file: whether its digest and its test vector were compared, and right."""

    digest: bool
    test_vector: bool

    def __str__(self) -> str:
        said = (f"{name.replace('_', ' ')} {'' if ok else 'not '}verified" for name, ok in self._asdict().items())
        return ", ".join(said)


# --- writing ---


def weights_bytes(model: Any, with_optimizer: bool, run: Mapping[str, NDArray[Any]] | None = None) -> bytearray:
    """An HDF5 file of a built model's weights, what its optimizer keeps, and in a backup the arrays of a `run`."""
    refuse_non_finite(model)
    arrays: dict[str, NDArray[Any]] = {}
    groups: list[str] = []
    for group, weights in stores(model):
        groups.append(f"{group}/vars" if group else "vars")
        arrays |= {path_of(group, number): weight.numpy() for number, weight in enumerate(weights)}
    if with_optimizer:
        arrays |= optimizer_states.optimizer_arrays(model)
    arrays |= vector_arrays(model) | dict(run or {})
    return sealed(arrays, tuple(groups))


def vector_arrays(model: Any) -> dict[str, NDArray[Any]]:
    """The test vector of a model by its paths in a file; nothing if it has none, or if its outputs overflow."""
    kept = probe.finite_vector(model)
    if kept is None:
        return {}
    function = function_digest(model)
    found = {} if function is None else {FUNCTION: np.frombuffer(function, np.uint8)}
    return found | {f"{VECTOR}/{number}": numbers for number, numbers in enumerate(kept)}


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
    if place.chunks is not None:
        raise reader.wrong(DIGEST, "a digest in chunks", "one in one piece, as it was written")
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


def vector_of_function(reader: Hdf5Reader, model: Any) -> list[NDArray[Any]] | None:
    """The test vector of a file, if what computed it is what the model computes; None for a vector of another."""
    if FUNCTION.rpartition("/")[2] not in (reader.group(OWN) or ()):
        return None
    function = reader.array(FUNCTION, (_DIGEST_BYTES,), ("uint8",))
    return kept_vector(reader) if function.tobytes() == function_digest(model) else None


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
        warn_caller(f"weights left as they are, skip_mismatch=True: {'; '.join(skipped)[:400]}")
    return found


def _checked(reader: Hdf5Reader, path: str, weight: Weight, member: str) -> NDArray[Any]:
    array = reader.array(path, weight.shape, ("int64", "int32") if weight.dtype == "int64" else (weight.dtype,))
    return finite(array, f"{member}: {path}" if member else path, weight.least)
