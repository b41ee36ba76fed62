"""split_dataset: Keras's parts, in the dataset's own kind."""

from __future__ import annotations

import random

import numpy as np
import pytest

from minirnn.utils import PyDataset, split_dataset, timeseries_dataset_from_array

X = np.arange(22).reshape(11, 2)
Y = np.arange(11.0)


@pytest.mark.parametrize(
    "sizes",
    [{"left_size": 0.8}, {"right_size": 0.3}, {"left_size": 4}, {"right_size": 4}, {"left_size": 0.25},
     {"left_size": 3, "right_size": 5}, {"left_size": 0.5, "right_size": 0.2}, {"left_size": 2, "right_size": 0.5}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("dataset", [X, (X, Y), [X, Y]], ids=["array", "tuple", "list"])
def test_parts_are_those_of_keras(keras, dataset, sizes):
    theirs = [list(part.batch(100))[0] for part in keras.utils.split_dataset(dataset, **sizes)]
    for ours, expected in zip(split_dataset(dataset, **sizes), theirs, strict=True):
        assert type(ours) is type(dataset)
        for array, other in zip(*[[a] if len(a) > 2 else a for a in (ours, expected)], strict=True):
            np.testing.assert_array_equal(array, other)


def test_parts_in_order_are_views():
    left, right = split_dataset((X, Y), left_size=0.5)
    assert all(np.shares_memory(a, b) for part in (left, right) for a, b in zip(part, (X, Y), strict=True))


def test_shuffled_parts_hold_each_sample_once_and_keep_its_pieces_together():
    (x_left, y_left), (x_right, y_right) = split_dataset((X, Y), left_size=7, shuffle=True, seed=5)
    assert sorted([*y_left, *y_right]) == list(Y) and list(y_left) != sorted(y_left)
    np.testing.assert_array_equal(x_left[:, 0], 2 * y_left)
    np.testing.assert_array_equal(x_right[:, 0], 2 * y_right)
    again = split_dataset(Y, left_size=7, shuffle=True, seed=5)[0]
    other = split_dataset(Y, left_size=7, shuffle=True, seed=6)[0]
    assert list(again) == list(y_left) != list(other)


def test_shuffling_leaves_the_random_state_of_python_alone():
    random.seed(1)
    expected = random.random()
    random.seed(1)
    split_dataset(Y, left_size=0.5, shuffle=True, seed=3)
    assert random.random() == expected


@pytest.mark.parametrize("total", [5, 7, 11])
def test_shares_that_sum_to_one_leave_no_sample_out(total):
    left, right = split_dataset(np.arange(total), 0.5, 0.5)
    assert [*left, *right] == list(range(total))


def test_shares_of_numpy_are_shares():
    assert len(split_dataset(Y, np.float32(0.5))[0]) == len(split_dataset(Y, np.int64(6))[0]) == 6


class Batches(PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return np.full((2, 1), index), np.full(2, 10 * index)


def test_batches_of_a_dataset_are_divided_and_made_when_asked_for():
    left, right = split_dataset(Batches(workers=3), left_size=0.6)
    assert [int(x[0, 0]) for x, _ in left] == [0, 1, 2] and [int(y[0]) for _, y in right] == [30, 40]
    assert isinstance(left, PyDataset) and (len(left), len(right), left.workers) == (3, 2, 3)
    with pytest.raises(IndexError):
        left[3]


def test_shuffled_windows_stay_on_their_side_through_all_epochs():
    dataset = timeseries_dataset_from_array(np.arange(30), None, 4, batch_size=3, shuffle=True, seed=1)
    left, right = split_dataset(dataset, left_size=0.5, shuffle=True, seed=2)
    before = [{int(w[0]) for x in part for w in x} for part in (left, right)]
    left.on_epoch_begin()
    left.on_epoch_end()
    list(dataset)
    assert [{int(w[0]) for x in part for w in x} for part in (left, right)] == before
    assert not before[0] & before[1] and len(before[0] | before[1]) == 27


class Endless(Batches):
    num_batches = None


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({}, ValueError, "needs left_size or right_size"),
        ({"left_size": 0}, ValueError, "left_size"),
        ({"left_size": 11}, ValueError, "from 1 to 10"),
        ({"left_size": 1.0}, ValueError, "between 0 and 1"),
        ({"right_size": -0.5}, ValueError, "right_size"),
        ({"left_size": float("nan")}, ValueError, "left_size"),
        ({"left_size": "half"}, TypeError, "left_size"),
        ({"left_size": True}, TypeError, "left_size"),
        ({"left_size": 0.8, "right_size": 0.4}, ValueError, "more than the 11"),
        ({"left_size": 8, "right_size": 4}, ValueError, "more than the 11"),
        ({"left_size": 0.01}, ValueError, "one part empty"),
        ({"dataset": [], "left_size": 1}, ValueError, "no array"),
        ({"dataset": [[1, 2], [3, 4]], "left_size": 1}, TypeError, "got list among them"),
        ({"dataset": (X, Y[:5]), "left_size": 1}, ValueError, "\\[11, 5\\]"),
        ({"dataset": "abc", "left_size": 1}, TypeError, "got str"),
        ({"dataset": Endless(), "left_size": 1}, ValueError, "ends"),
    ],
)
def test_what_cannot_be_split_is_refused_in_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        split_dataset(**{"dataset": Y} | arguments)
    assert "\n" not in str(caught.value)
