"""Windows over a long series, made batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random
from minirnn.boundary import as_numbers, whole
from minirnn.compat import spelling
from minirnn.utils.py_dataset import PyDataset


class TimeseriesDataset(PyDataset):
    """What `timeseries_dataset_from_array` returns: a PyDataset of windows, made when they are asked for.

    `dataset[i]` and `len` as of any PyDataset. Each pass over it, `for x, y in dataset`, goes through all windows,
    shuffled in another order if it shuffles; for `dataset[i]` the order changes with `on_epoch_end`. `fit` takes the
    batches in this order, whatever its own `shuffle` says, as Keras's does with what its function returns.
    """

    keeps_order = True

    def __init__(
        self,
        data: NDArray[Any],
        targets: NDArray[Any] | None,
        starts: NDArray[np.intp],
        offsets: NDArray[np.intp],
        batch_size: int | None,
        rng: np.random.Generator | None,
    ) -> None:
        super().__init__()
        self.batch_size = batch_size
        self._data, self._targets = data, targets
        self._starts, self._offsets, self._rng = starts, offsets, rng
        self._order = self._new_order()

    def _new_order(self) -> NDArray[np.intp]:
        return self._starts if self._rng is None else self._rng.permutation(self._starts)

    def __len__(self) -> int:
        """Batches in a pass, or samples where they are not batched."""
        return -(-len(self._starts) // (self.batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`: x (batch, sequence_length, ..), or (x, y); IndexError if there is none."""
        return self._batch(self._order, range(len(self))[index])

    def __iter__(self) -> Iterator[Any]:
        order = self._new_order()
        for index in range(len(self)):
            yield self._batch(order, index)

    def _batch(self, order: NDArray[np.intp], index: int) -> Any:
        size = self.batch_size
        starts: Any = order[index] if size is None else order[index * size : (index + 1) * size, None]
        x = self._data[starts + self._offsets]
        if self._targets is None:
            return x
        return x, self._targets[starts if size is None else starts[:, 0]]

    def on_epoch_end(self) -> None:
        """Shuffle anew, if it shuffles."""
        self._order = self._new_order()


@spelling.names_nearest
def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> TimeseriesDataset:
    """Return windows over a series in batches of NumPy arrays, as Keras's function of this name gives them in tensors.

    Window i holds data[s], data[s + sampling_rate], .. with s = i * sequence_stride; its target is targets[s], the
    place of the window's start. To learn the next value from ten, pass as targets what begins ten places later (and as
    data the whole series: with series[:-10], as often seen, the last ten targets are never used):

    >>> import numpy as np
    >>> series = np.arange(20.0)
    >>> dataset = timeseries_dataset_from_array(series, series[10:], sequence_length=10, batch_size=4)
    >>> [len(x) for x, y in dataset]
    [4, 4, 2]
    >>> x, y = dataset[0]
    >>> print(x[0], "->", y[0])
    [0. 1. 2. 3. 4. 5. 6. 7. 8. 9.] -> 10.0

    Args:
        data: (n, ..): n moments of time, the oldest first. Numbers of any dtype, which the windows keep.
        targets: (m, ..), the target of the window that begins at data[i] at place i, or None for windows alone. Past
            the last target there are no windows.
        sequence_length: moments in a window.
        sequence_stride: moments from one window's start to the next one's.
        sampling_rate: moments from one step of a window to the next.
        batch_size: windows in a batch, the last one smaller; None gives samples without a batch axis.
        shuffle: whether each pass gives the windows in another order.
        seed: makes the orders of all passes repeatable; another draw than Keras's.
        start_index, end_index: use data[start_index:end_index] only, and the targets at these places.

    Returns:
        A `PyDataset` to iterate over again and again, or to pass to `fit`: x (batch, sequence_length, ..), or (x, y)
        with y (batch, ..).

    Better than Keras: no window at all is an error (Keras gives 0 batches), and so are targets that are the data or one
    of its columns (each window's target would be its own first moment). `end_index` may be the length of the data.
    Targets shorter than the data may be combined with `start_index` (Keras fails in the last batch).

    Raises:
        TypeError: an argument that is no whole number, data that hold no numbers.
        ValueError: an argument out of its range, a window longer than the data, no targets at all, targets that leak.
    """
    data = as_numbers(data, "data")
    length = whole(sequence_length, "sequence_length")
    stride, rate = whole(sequence_stride, "sequence_stride"), whole(sampling_rate, "sampling_rate")
    batch_size = None if batch_size is None else whole(batch_size, "batch_size")
    first, stop = _range(len(data), start_index, end_index)
    if stride >= len(data):
        raise ValueError(f"sequence_stride must be below the length of the data, {len(data)}, got {stride}")
    span = (length - 1) * rate + 1
    count = stop - first - span + 1
    if count < 1:
        raise ValueError(f"data is too short: a window spans {span} moments, got {stop - first}; shorten the window")
    if targets is not None:
        targets = as_numbers(targets, "targets")
        _refuse_leak(data, targets)
        targets = targets[first:stop]
        count = min(count, len(targets))
        if count < 1:
            raise ValueError(f"targets hold none for a window that begins at start_index={first} or later")
    return TimeseriesDataset(
        data[first:stop],
        targets,
        np.arange(0, count, stride),
        np.arange(0, span, rate),
        batch_size,
        random.generator(seed) if shuffle else None,
    )


def _range(length: int, start_index: Any, end_index: Any) -> tuple[int, int]:
    first = 0 if start_index is None else whole(start_index, "start_index", 0)
    stop = length if end_index is None else whole(end_index, "end_index", 1)
    if not first < stop <= length:
        raise ValueError(
            f"start_index must lie below end_index, and that not above the length of the data, {length}: "
            f"got {first} and {stop}"
        )
    return first, stop


def _refuse_leak(data: NDArray[Any], targets: NDArray[Any]) -> None:
    """ValueError if the targets are the data, or one of its columns; what never changes tells nothing."""
    if len(data) != len(targets) or len(data) < 2:
        return
    columns, wanted = data.reshape(len(data), -1), targets.reshape(len(targets), -1)
    if not (wanted != wanted[0]).any():
        return
    whole_data = columns.shape == wanted.shape and np.array_equal(columns, wanted)
    if whole_data or (wanted.shape[1] == 1 and (columns == wanted).all(axis=0).any()):
        raise ValueError(
            "targets are the data themselves, so that each window's target would be its own first moment; pass "
            "targets=data[n:], n the moments from a window's start to what it shall foretell"
        )
