"""Data in two parts: to learn from, and to be tested with."""

from __future__ import annotations

from typing import Any

import numpy as np

from minirnn import random
from minirnn.compat import spelling
from minirnn.utils.py_dataset import PyDataset

Size = int | float | None


class BatchSubset(PyDataset):
    """Some batches of another dataset, by their numbers. Its epochs are its own: the other one is not told of them."""

    def __init__(self, dataset: PyDataset, indices: list[int]) -> None:
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self._dataset, self._indices = dataset, indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Any:
        return self._dataset[self._indices[index]]


@spelling.names_nearest
def split_dataset(
    dataset: Any,
    left_size: Size = None,
    right_size: Size = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Return the first part of a dataset, and the last.

    >>> import numpy as np
    >>> x, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> (x_train, y_train), (x_test, y_test) = split_dataset((x, y), left_size=0.6)
    >>> print(y_train, y_test)
    [0 1 2] [3 4]

    Args:
        dataset: an array, a list or tuple of arrays of equal length, or a `PyDataset`, whose batches are divided.
        left_size, right_size: a share between 0 and 1, rounded, or a number of samples (of batches of a PyDataset);
            None for the rest. With both, what is between them is left out.
        shuffle: whether the samples are shuffled before. Never for windows of one series that overlap: the test
            would know what was learnt.
        seed: makes the shuffled order repeatable; another draw than Keras's.
        preferred_backend: taken since Keras has it; the parts are what the dataset is.

    Returns:
        Two parts of the dataset's own kind, not Keras's tf.data: arrays, lists or tuples of arrays, views if not
        shuffled; or PyDatasets, whose `on_epoch_end` does not reach the divided one, so that no batch changes sides.

    Better than Keras: shares that sum to 1 leave no sample out and never exceed the data (0.5 and 0.5 of five samples
    are 2 and 3), and Python's own random state is left alone.

    Raises:
        TypeError: another kind of dataset, a size that is no number.
        ValueError: arrays of different lengths, no size, a size out of range, a part without samples.
    """
    if isinstance(dataset, PyDataset):
        total = dataset.num_batches
        if total is None:
            raise ValueError("split_dataset needs a dataset that ends, got one without a number of batches")
        left, right = _indices(total, left_size, right_size, shuffle, seed)
        return tuple(BatchSubset(dataset, np.arange(total)[part].tolist()) for part in (left, right))  # type: ignore[return-value]
    left, right = _indices(_length(dataset), left_size, right_size, shuffle, seed)
    if isinstance(dataset, np.ndarray):
        return dataset[left], dataset[right]
    kind = list if isinstance(dataset, list) else tuple
    return kind(a[left] for a in dataset), kind(a[right] for a in dataset)


def _length(dataset: Any) -> int:
    arrays = [dataset] if isinstance(dataset, np.ndarray) else dataset
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"split_dataset takes arrays, or a PyDataset, got {type(dataset).__name__}")
    if not arrays:
        raise ValueError("split_dataset got no array, expected at least one")
    for array in arrays:
        if not isinstance(array, np.ndarray) or array.ndim == 0:
            raise TypeError(f"split_dataset takes NumPy arrays with samples, got {type(array).__name__} among them")
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(f"all arrays must hold equally many samples, got {lengths}")
    return lengths[0]


def _indices(total: int, left_size: Size, right_size: Size, shuffle: bool, seed: int | None) -> tuple[Any, Any]:
    """What indexes the two parts: slices, or arrays if shuffled."""
    left, right = _sizes(total, left_size, right_size)
    parts = slice(left), slice(total - right, None)
    if not shuffle:
        return parts
    order = random.generator(seed).permutation(total)
    return order[parts[0]], order[parts[1]]


def _is_share(size: Any) -> bool:
    return isinstance(size, (float, np.floating))


def _sizes(total: int, left_size: Any, right_size: Any) -> tuple[int, int]:
    if left_size is None and right_size is None:
        raise ValueError("split_dataset needs left_size or right_size, e.g. left_size=0.8")
    left = _samples(left_size, total, "left_size")
    right = _samples(right_size, total, "right_size")
    if left is None:
        left = total - (right or 0)
    if right is None or _is_share(left_size) and _is_share(right_size) and abs(left_size + right_size - 1) < 1e-9:
        right = total - left
    if left + right > total:
        raise ValueError(f"left_size={left_size} and right_size={right_size} are more than the {total} there are")
    if left < 1 or right < 1:
        raise ValueError(
            f"left_size={left_size} and right_size={right_size} of {total} leave one part empty; choose other sizes"
        )
    return left, right


def _samples(size: Any, total: int, name: str) -> int | None:
    """A size as a number of samples."""
    if size is None:
        return None
    share = _is_share(size)
    if isinstance(size, (bool, np.bool_)) or not (share or isinstance(size, (int, np.integer))):
        raise TypeError(f"{name} must be a share, a whole number or None, got {size!r:.60}")
    if not 0 < size < (1 if share else total):
        limits = "between 0 and 1 as a share" if share else f"from 1 to {total - 1} as a number"
        raise ValueError(f"{name} must lie {limits}, got {size}")
    return round(float(size) * total) if share else int(size)
