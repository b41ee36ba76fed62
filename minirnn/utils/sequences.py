"""Sequences of different lengths as one array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minirnn.boundary import whole
from minirnn.choices import one_of
from minirnn.compat import spelling


@spelling.names_nearest
def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: DTypeLike = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> NDArray[Any]:
    """Return sequences as rows of one array, short ones filled up, long ones cut.

    >>> pad_sequences([[1], [2, 3], [4, 5, 6]])
    array([[0, 0, 1],
           [0, 2, 3],
           [4, 5, 6]], dtype=int32)
    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2, padding="post", truncating="post", value=-1)
    array([[ 1, -1],
           [ 2,  3],
           [ 4,  5]], dtype=int32)

    Args:
        sequences: lists or arrays (steps, ..) that differ in their steps only.
        maxlen: steps of the result; by default those of the longest sequence.
        dtype: of the result. Words need `object`, or a string dtype.
        padding: "pre" puts the filling before a sequence, "post" after it.
        truncating: "pre" cuts the beginning of a longer sequence, "post" its end.
        value: the filling.

    Returns:
        (sequences, maxlen, ..), a new array.

    Better than Keras: numbers that the dtype cannot hold are refused (Keras cuts 0.5 to 0 in the default int32).

    Raises:
        TypeError: `maxlen` is no whole number.
        ValueError: no sequences, `maxlen` below 1, an unknown `padding` or `truncating`, a sequence that is none or of
            another inner shape, a number that the dtype cannot hold, a string as `value` of numbers.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        one_of(side, name, ("pre", "post"))
    if not hasattr(sequences, "__len__") or len(sequences) == 0:
        raise ValueError(f"pad_sequences needs a list of at least one sequence, got {sequences!r:.60}")
    kind = np.dtype(dtype)
    if isinstance(value, str) and kind.kind not in "OUS":
        raise ValueError(f"value {value!r:.60} does not fit dtype {kind}; pass dtype=object for words")
    arrays = [_as_dtype(sequence, kind, i) for i, sequence in enumerate(sequences)]
    inner = next((a.shape[1:] for a in arrays if len(a)), ())
    length = max(map(len, arrays)) if maxlen is None else whole(maxlen, "maxlen")
    padded = np.full((len(arrays), length, *inner), _as_dtype([value], kind, "value")[0], kind)
    for i, array in enumerate(arrays):
        if not len(array):
            continue
        if array.shape[1:] != inner:
            raise ValueError(f"sequence {i} has steps of shape {array.shape[1:]}, expected {inner} as the first has")
        array = array[-length:] if truncating == "pre" else array[:length]
        padded[i, slice(len(array)) if padding == "post" else slice(length - len(array), None)] = array
    return padded


def _as_dtype(sequence: Any, dtype: np.dtype[Any], place: Any) -> NDArray[Any]:
    """A sequence as an array of `dtype`, uncut."""
    where = place if isinstance(place, str) else f"sequence {place}"
    if not hasattr(sequence, "__len__"):
        raise ValueError(f"{where} is {sequence!r:.60}, expected a list or an array of steps")
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            given = np.asarray(sequence, object if dtype.kind == "O" else None)
            array = given.astype(dtype)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{where} does not fit dtype {dtype}: {sequence!r:.60}; pass another dtype") from None
    if dtype.kind in "iu" and given.dtype.kind in "fiu" and (wrong := array != given).any():
        raise ValueError(
            f"{where} holds {given[wrong][0]}, which {dtype} cannot hold; pass dtype='float32', or a wider one"
        )
    return array
