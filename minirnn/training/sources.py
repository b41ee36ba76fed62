"""Where batches come from: arrays in memory, or anything that gives batches one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from minirnn import random
from minirnn.training.batches import batches
from minirnn.utils.notices import warn_caller

Batch = tuple[list[Any], list[Any], list[NDArray[Any]]]  # inputs, targets, sample weights


class Source:
    """Batches, epoch by epoch. `steps` is how many an epoch has, None if that is not known before its end.

    With `steps_per_epoch` an epoch is that many batches, and the next one goes on where it stopped.
    """

    def __init__(self, length: int | None, steps_per_epoch: int | None) -> None:
        self.length, self.steps_per_epoch = length, steps_per_epoch
        self.steps = steps_per_epoch or length
        self._going: Iterator[Batch] | None = None
        self._seen = 0

    def batches(self) -> Iterator[Batch]:
        """All batches, from the first."""
        raise NotImplementedError

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch; a warning, and fewer of them, if the data ends before `steps_per_epoch`."""
        if self.steps_per_epoch is None:
            yield from self.batches()
            return
        if self._going is None:
            self._going, self._seen = self.batches(), 0
        for step in range(self.steps_per_epoch):
            batch = next(self._going, None)
            if batch is None:
                self._going = None
                warn_caller(
                    f"the data ended after {step} of {self.steps_per_epoch} steps of the epoch; give more of it, or "
                    "fewer steps_per_epoch"
                )
                return
            self._seen += 1
            yield batch
        if self._seen == self.length:
            self._going = None

    def merged(self, count: int) -> Source:
        """The same data in order, `count` batches in one."""
        raise NotImplementedError

    def restart(self) -> None:
        """Let the next epoch begin with the first batch again; a generator, which is read once, goes on."""
        self._going = None


class Arrays(Source):
    """Rows of arrays, shuffled anew for each epoch or in their order."""

    def __init__(
        self,
        xs: list[Any],
        ys: list[Any],
        weights: list[NDArray[Any]],
        batch_size: int,
        shuffle: bool = False,
        steps_per_epoch: int | None = None,
    ) -> None:
        self.rows, self.batch_size, self.shuffle = len(xs[0]), batch_size, shuffle
        self.arrays = xs, ys, weights
        super().__init__(-(-self.rows // batch_size), steps_per_epoch)

    def batches(self) -> Iterator[Batch]:
        xs, ys, weights = self.arrays
        one = len(xs) == len(ys) == 1 and ys[0] is not None and not weights[0].size
        for rows in batches(self.rows, self.batch_size, self.shuffle):
            if one:
                yield [xs[0][rows]], [ys[0][rows]], weights
            else:
                yield (
                    [x[rows] for x in xs],
                    [None if y is None else y[rows] for y in ys],
                    [w[rows] if w.size else w for w in weights],
                )

    def merged(self, count: int) -> Arrays:
        xs, ys, weights = self.arrays
        return Arrays(xs, ys, weights, self.batch_size * count)


class Stream(Source):
    """Batches that a generator, a `PyDataset` or another iterable gives, each made clean by `clean`.

    A batch is (inputs,), (inputs, targets) or (inputs, targets, sample_weight), from anything but a generator also as
    a list, as PyTorch's DataLoader gives it. What has a length and is indexed by
    batch numbers is read anew for each epoch, in another order if `shuffle` is set, and told by `on_epoch_begin` and
    `on_epoch_end`; a generator is read once. Raises TypeError for what cannot be iterated over, ValueError if there is
    no batch.
    """

    def __init__(
        self, data: Any, clean: Callable[[Any], Batch], shuffle: bool = False, steps_per_epoch: int | None = None
    ) -> None:
        self.data, self._clean = data, clean
        self.shuffle = shuffle and not getattr(data, "keeps_order", False)
        self.indexed = hasattr(data, "__getitem__") and hasattr(data, "__len__")
        length = data.num_batches if hasattr(data, "num_batches") else len(data) if hasattr(data, "__len__") else None
        super().__init__(length, steps_per_epoch)
        self._generator = data if hasattr(data, "__next__") else None
        self.ended = False

    def clean(self, batch: Any) -> Batch:
        """The clean arrays of a batch as it was given."""
        return self._clean(tuple(batch) if isinstance(batch, list) and self._generator is None else batch)

    def first(self) -> Batch:
        """The first batch, which stays in the stream."""
        if self._generator is None:
            batch = self.data[0] if self.indexed and self.length else next(iter(self.data), None)
        else:
            batch = next(self._generator, None)
            self._generator = itertools.chain([batch], self._generator)
        if batch is None or self.length == 0:
            raise ValueError(f"x: got a {type(self.data).__name__} without any batch, expected at least one")
        return self.clean(batch)

    def batches(self) -> Iterator[Batch]:
        if self._generator is not None:
            for batch in self._generator:
                yield self.clean(batch)
            self.ended = True
            return
        self._tell("on_epoch_begin")
        if self.indexed:
            order = range(len(self.data))
            for number in random.generator().permutation(len(self.data)) if self.shuffle else order:
                yield self.clean(self.data[int(number)])
        else:
            for batch in self.data:
                yield self.clean(batch)
        self._tell("on_epoch_end")

    def _tell(self, hook: str) -> None:
        if hasattr(self.data, hook):
            getattr(self.data, hook)()


def is_stream(x: Any) -> bool:
    """Whether `x` gives batches rather than being rows of numbers."""
    if hasattr(x, "__array__") or isinstance(x, (list, tuple, dict, str, bytes)) or x is None:
        return False
    return hasattr(x, "__next__") or (hasattr(x, "__iter__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__")))


def unpack(batch: Any) -> tuple[Any, Any, Any]:
    """(inputs, targets, sample_weight) of what a stream gave; ValueError for more than three parts."""
    if not isinstance(batch, tuple):
        return batch, None, None
    if not 1 <= len(batch) <= 3:
        raise ValueError(f"a batch must be (inputs,), (inputs, targets) or with sample_weight, got {len(batch)} parts")
    return (*batch, None, None)[:3]  # type: ignore[return-value]
