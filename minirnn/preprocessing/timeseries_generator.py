"""`TimeseriesGenerator`: Keras 2's windows over a series, batch by batch."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import random
from minirnn.boundary import whole
from minirnn.compat import spelling
from minirnn.utils.py_dataset import PyDataset


class TimeseriesGenerator(PyDataset):
    """Batches (windows, targets) of a series: a window is the steps before a target.

    The target of row r is `targets[r]`, its window `data[r - length : r : sampling_rate]`. Rows run from
    `start_index + length` to `end_index`, both included, in steps of `stride`. `shuffle=True` draws the rows of each
    batch at random instead, the same row perhaps twice, from minirnn's own sequence of seeds. `reverse=True` turns
    each window around. `utils.sliding_windows` and `utils.timeseries_dataset_from_array` are the newer ways.

    >>> series = TimeseriesGenerator(range(10), range(10), length=3, batch_size=2)
    >>> len(series)
    4
    >>> series[0]
    (array([[0, 1, 2],
           [1, 2, 3]]), array([3, 4]))

    Args:
        data: list or array (steps, ..).
        targets: list or array (steps, ..), as long as data.
        length: steps that a window spans.
        sampling_rate: every how many of them are taken.
        stride: from one window to the next.
        start_index, end_index: first and last step of data that are used, by default all.
        shuffle, reverse: see above.
        batch_size: windows in a batch; the last batch has what is left.
        workers, use_multiprocessing, max_queue_size: see `PyDataset`.

    Better than Keras: a batch number that there is not is an IndexError (Keras gives an empty batch), rows after the
    end of data are found when it is made.

    Raises:
        TypeError: a count or an index that is no whole number.
        ValueError: data and targets of different lengths, a count below 1, no window between start and end.
    """

    @spelling.names_nearest
    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data, self.targets = np.asarray(data), np.asarray(targets)
        if self.data.ndim == 0 or len(self.data) != len(np.atleast_1d(self.targets)):
            raise ValueError(
                f"data and targets must be of one length, got shapes {self.data.shape} and {self.targets.shape}"
            )
        self.length, self.sampling_rate = whole(length, "length"), whole(sampling_rate, "sampling_rate")
        self.stride, self.batch_size = whole(stride, "stride"), whole(batch_size, "batch_size")
        last = len(self.data) - 1
        # As in Keras, the attribute is the first row that has a whole window before it.
        self.start_index = whole(start_index, "start_index", 0) + self.length
        self.end_index = last if end_index is None else whole(end_index, "end_index", 0)
        self.shuffle, self.reverse = bool(shuffle), bool(reverse)
        if self.end_index > last:
            raise ValueError(f"end_index must be at most {last}, the last step of data, got {end_index}")
        if self.start_index > self.end_index:
            raise ValueError(
                f"no window: start_index + length is {self.start_index}, which lies after the end_index "
                f"{self.end_index}; take a shorter length, or more data"
            )

    def __len__(self) -> int:
        rows = (self.end_index - self.start_index) // self.stride + 1
        return -(-rows // self.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Batch `index`: windows (batch, steps, ..) and targets (batch, ..)."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"got the batch number {index}, expected one below {count}")
        rows = self._rows(index % count)
        offsets = np.arange(-self.length, 0, self.sampling_rate)
        if self.reverse:
            offsets = offsets[::-1]
        return self.data[rows[:, None] + offsets], self.targets[rows]

    def _rows(self, index: int) -> NDArray[np.int64]:
        if self.shuffle:
            return random.generator().integers(self.start_index, self.end_index + 1, self.batch_size)
        span = self.batch_size * self.stride
        first = self.start_index + index * span
        return np.arange(first, min(first + span, self.end_index + 1), self.stride)

    def get_config(self) -> dict[str, Any]:
        """The arguments, data and targets as JSON. Unlike Keras's, `start_index` is the one that was given."""
        return {
            "data": json.dumps(self.data.tolist()),
            "targets": json.dumps(self.targets.tolist()),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index - self.length,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **options: Any) -> str:
        """The configuration as JSON, options as of `json.dumps`; `timeseries_generator_from_json` reads it."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **options)


def timeseries_generator_from_json(json_string: str) -> TimeseriesGenerator:
    """The generator that `to_json` wrote. Raises ValueError for another text."""
    try:
        config = dict(json.loads(json_string)["config"])
        data, targets = json.loads(config.pop("data")), json.loads(config.pop("targets"))
    except (TypeError, ValueError, KeyError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"timeseries_generator_from_json needs what to_json gave: {reason:.100}") from None
    return TimeseriesGenerator(data, targets, **config)
