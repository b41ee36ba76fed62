"""The boundary: what a caller passes becomes clean arrays here, or one line says why not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random


def _array(value: Any, name: str) -> NDArray[Any]:
    if value is None:
        raise TypeError(f"{name}: got None, expected an array of numbers")
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: got rows of different lengths; pad them to one length first") from None
    if array.dtype.kind == "c":
        raise TypeError(f"{name}: got complex numbers, expected real ones; pass .real or .imag")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: got dtype {array.dtype}, expected numbers")
    return array


def check_finite(array: NDArray[Any], name: str) -> None:
    """Raise ValueError at the first NaN or infinity."""
    # One sum is the cheapest look at every number; only a sum that is not finite makes us look closer.
    with np.errstate(over="ignore", invalid="ignore"):
        if math.isfinite(np.add.reduce(array, axis=None)):
            return
    wrong = ~np.isfinite(array)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"{name}: got {array[where]} at index {where}, expected finite numbers; clean the data first")


def as_input(value: Any, name: str, dtype: str, shape: tuple[int | None, ...] | None = None) -> NDArray[Any]:
    """`value` as a C-contiguous, native, aligned, finite array of `dtype` with at least one row.

    Lists, integers, booleans, float16, big-endian, strided or read-only arrays are taken. Raises TypeError for what
    holds no real numbers, ValueError for ragged, empty, NaN or infinite input and for a shape other than `shape`.
    """
    if type(value) is np.ndarray and value.dtype == dtype and value.flags.carray_ro if False else False:
        array = value
    else:
        array = np.require(_array(value, name), dtype=dtype, requirements=["C", "A"])
    if array.size == 0:
        raise ValueError(f"{name}: got an empty array of shape {array.shape}, expected at least one row and step")
    check_finite(array, name)
    return array


def as_target(y: Any, output_shape: tuple[int, ...], dtype: Any, sparse: bool = False) -> NDArray[Any]:
    """Targets for predictions of `output_shape` (n, .., outputs): that shape, or for labels (sparse) (n, .., 1) int64.

    (n,) is taken for (n, 1). Raises ValueError where a shape would have to be stretched, or a label is out of range.
    """
    array = _array(y, "y")
    expected = (*output_shape[:-1], 1) if sparse else tuple(output_shape)
    if array.shape != expected and array.shape == expected[:-1] and expected[-1] == 1:
        array = array[..., None]
    if array.shape != expected:
        raise ValueError(f"y: got shape {array.shape}, expected {expected} as the model's output has; reshape y")
    if not sparse:
        array = np.require(array, dtype=dtype, requirements=["C", "A"])
        check_finite(array, "y")
        return array
    check_finite(array, "y")
    labels = np.ascontiguousarray(array).astype(np.int64)
    wrong = (labels != array) | (labels < 0) | (labels >= output_shape[-1])
    if wrong.any():
        first = array[tuple(np.argwhere(wrong)[0])]
        raise ValueError(f"y: got the label {first}, expected whole numbers from 0 to {output_shape[-1] - 1}")
    return labels


def as_mask(mask: Any, shape: tuple[int, int], name: str) -> NDArray[Any]:
    """A boolean (batch, time) mask. Raises TypeError for another dtype, ValueError for another shape."""
    array = np.asarray(mask)
    if array.dtype != np.bool_:
        raise TypeError(f"{name}: got a mask of dtype {array.dtype}, expected bool; pass mask.astype(bool)")
    if array.shape != tuple(shape):
        raise ValueError(f"{name}: got a mask of shape {array.shape}, expected {tuple(shape)} (batch, time)")
    return np.ascontiguousarray(array)


def as_sample_weight(weights: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Weights of samples (n,) or, for sequences, of steps (n, time): float64, finite, not negative."""
    array = _array(weights, "sample_weight").astype(np.float64)
    if array.shape not in (shape[:1], shape):
        raise ValueError(f"sample_weight: got shape {array.shape}, expected {shape[:1]}, one weight for each sample")
    check_finite(array, "sample_weight")
    if (array < 0).any():
        raise ValueError(f"sample_weight: got {array.min()}, expected weights of at least 0")
    return np.ascontiguousarray(array)


def _whole(value: Any, name: str, least: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number of at least {least}, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def check_batch_size(value: Any, name: str = "batch_size") -> int:
    """A batch size, 32 for None. TypeError or ValueError otherwise."""
    return 32 if value is None else _whole(value, name, 1)


def check_epochs(epochs: Any, initial_epoch: Any = 0) -> None:
    """Raise unless epochs is a whole number of at least 1 and initial_epoch one of at least 0."""
    _whole(epochs, "epochs", 1)
    _whole(initial_epoch, "initial_epoch", 0)


def check_verbose(verbose: Any) -> int:
    """0, 1, 2 .. for a verbosity; 'auto' means 1."""
    if verbose == "auto":
        return 1
    if isinstance(verbose, bool):
        return int(verbose)
    return _whole(verbose, "verbose", 0)


def train_validation_split(arrays: tuple[NDArray[Any], ...], share: float) -> tuple[tuple, tuple]:
    """The first rows, and the last `share` of them; both parts must have rows."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise ValueError(f"validation_split must lie between 0 and 1, got {share!r}")
    rows = len(arrays[0])
    cut = math.floor(rows * (1.0 - share))
    if cut in (0, rows):
        raise ValueError(f"validation_split {share} leaves a part of {rows} rows empty; use another share")
    return tuple(a[:cut] for a in arrays), tuple(a[cut:] for a in arrays)


def batches(rows: int, size: int, shuffle: bool) -> Iterator[Any]:
    """Indices of each batch: slices in order, or arrays in a random order of minirnn's own."""
    if not shuffle:
        yield from (slice(start, min(start + size, rows)) for start in range(0, rows, size))
        return
    order = random.generator().permutation(rows)
    yield from (order[start : start + size] for start in range(0, rows, size))
