"""PyDataset: batches that are made when they are asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from minirnn.boundary import whole
from minirnn.compat import spelling


class PyDataset:
    """Base class of data that come in batches: subclasses give `dataset[i]`, the whole batch i, and `len(dataset)`.

    A batch is x, (x, y) or (x, y, sample_weight), arrays with the batch first. `on_epoch_begin` and `on_epoch_end` are
    called around each pass of training. A dataset without end overrides `num_batches` to be None.

    `workers`, `use_multiprocessing` and `max_queue_size` are Keras's and kept; a loop decides what it makes of them.
    Unlike Keras's, a subclass need not call `super().__init__()` for them to be there.

    Raises TypeError or ValueError unless `workers` is a whole number of at least 0, `max_queue_size` of at least 1.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 2
    ...
    ...     def __getitem__(self, index):
    ...         return [[index]], [[index**2]]
    >>> list(Squares())
    [([[0]], [[0]]), ([[1]], [[1]])]
    """

    workers, use_multiprocessing, max_queue_size = 1, False, 10

    @spelling.names_nearest
    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = whole(workers, "workers", 0)
        self.use_multiprocessing = bool(use_multiprocessing)
        self.max_queue_size = whole(max_queue_size, "max_queue_size")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(index) that gives a whole batch")

    @property
    def num_batches(self) -> int | None:
        """How many batches a pass has; None if it never ends. NotImplementedError if the subclass does not say."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(f"{type(self).__name__} needs a method __len__ that gives its number of batches")
        return len(self)

    def __iter__(self) -> Iterator[Any]:
        """One pass over all batches, from the first."""
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Called before each pass of training."""

    def on_epoch_end(self) -> None:
        """Called after each pass of training; the place to shuffle."""


Sequence = PyDataset
