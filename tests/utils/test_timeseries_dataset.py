"""timeseries_dataset_from_array: Keras's windows and batches, and what Keras lets pass."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from minirnn.utils import PyDataset, timeseries_dataset_from_array

SERIES = np.random.default_rng(3).standard_normal((40, 2)).astype("float32")
COUNTING = np.arange(40)
TARGETS = np.arange(40.0) ** 2


def pairs(dataset):
    """Batches as lists of arrays."""
    return [tuple(map(np.asarray, batch)) if isinstance(batch, tuple) else (np.asarray(batch),) for batch in dataset]


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    for batch, other in zip(ours, theirs, strict=True):
        assert len(batch) == len(other)
        for array, expected in zip(batch, other, strict=True):
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)


OPTIONS = [
    {"sequence_length": length, "sequence_stride": stride, "sampling_rate": rate, "batch_size": size}
    for length, stride, rate, size in itertools.product([1, 5], [1, 3], [1, 4], [4, None])
] + [
    {"sequence_length": 4, "start_index": 5, "end_index": 23},
    {"sequence_length": 4, "end_index": 30, "batch_size": 7},
    {"sequence_length": 4, "start_index": 3, "end_index": 21, "sampling_rate": 2, "batch_size": 5},
    {"sequence_length": 40},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(map(str, options.values())))
@pytest.mark.parametrize("targets", [None, TARGETS[:25, None], TARGETS], ids=["none", "few", "all"])
def test_batches_are_those_of_keras(keras, targets, options):
    theirs = keras.utils.timeseries_dataset_from_array(SERIES, targets, **options)
    ours = timeseries_dataset_from_array(SERIES, targets, **options)
    assert_same(pairs(ours), pairs(theirs))
    assert len(ours) == int(theirs.cardinality()) == ours.num_batches


@pytest.mark.parametrize("targets", [None, TARGETS], ids=["none", "all"])
def test_a_start_alone_means_up_to_the_end_as_in_keras(keras, targets):
    options = {"sequence_length": 4, "start_index": 5, "batch_size": 9}
    theirs = keras.utils.timeseries_dataset_from_array(SERIES, targets, **options)
    assert_same(pairs(timeseries_dataset_from_array(SERIES, targets, **options)), pairs(theirs))


@pytest.mark.parametrize("data", [COUNTING, SERIES[:, 0], SERIES.reshape(10, 4, 2)], ids=["int", "flat", "deep"])
@pytest.mark.parametrize("targets", [np.arange(60), TARGETS.astype("float16")], ids=["more than the data", "half"])
def test_data_and_targets_keep_their_dtypes_and_shapes_as_in_keras(keras, data, targets):
    theirs = keras.utils.timeseries_dataset_from_array(data, targets, 4, batch_size=8)
    assert_same(pairs(timeseries_dataset_from_array(data, targets, 4, batch_size=8)), pairs(theirs))


def test_lists_and_big_endian_numbers_are_data_too():
    expected = pairs(timeseries_dataset_from_array(COUNTING, TARGETS, 4))
    assert_same(pairs(timeseries_dataset_from_array(COUNTING.tolist(), TARGETS.tolist(), 4)), expected)
    swapped = timeseries_dataset_from_array(COUNTING.astype(">i8"), TARGETS, 4)
    np.testing.assert_array_equal(swapped[0][0], expected[0][0])


def test_it_is_a_dataset_whose_batches_are_had_by_number():
    dataset = timeseries_dataset_from_array(COUNTING, TARGETS, 4, batch_size=10)
    assert isinstance(dataset, PyDataset) and len(dataset) == 4
    np.testing.assert_array_equal(dataset[3][0], dataset[-1][0])
    assert dataset[3][0].shape == (7, 4) and dataset[3][1].shape == (7,)
    with pytest.raises(IndexError):
        dataset[4]


def test_passes_in_order_are_equal():
    dataset = timeseries_dataset_from_array(COUNTING, TARGETS, 4, batch_size=10)
    assert_same(pairs(dataset), pairs(dataset))


def starts(dataset):
    return [int(window[0]) for x, _ in dataset for window in x]


@pytest.fixture
def shuffled():
    return lambda seed=1: timeseries_dataset_from_array(COUNTING, TARGETS, 4, batch_size=10, shuffle=True, seed=seed)


def test_shuffled_passes_hold_each_window_once_with_its_target_and_differ(shuffled):
    dataset = shuffled()
    first, second = starts(dataset), starts(dataset)
    assert sorted(first) == sorted(second) == list(range(37))
    assert first != second and first != sorted(first)
    for x, y in dataset:
        np.testing.assert_array_equal(TARGETS[x[:, 0]], y)


def test_shuffled_samples_hold_the_windows_of_keras(keras):
    options = {"sequence_length": 4, "shuffle": True, "seed": 2, "batch_size": 8}
    ours = timeseries_dataset_from_array(COUNTING, TARGETS, **options)
    theirs = keras.utils.timeseries_dataset_from_array(COUNTING, TARGETS, **options)
    assert sorted(starts(ours)) == sorted(starts(pairs(theirs)))


def test_a_seed_repeats_the_order_of_every_pass(shuffled):
    one, same, other = shuffled(), shuffled(), shuffled(2)
    assert [starts(one) for _ in range(3)] == [starts(same) for _ in range(3)]
    assert starts(one) != starts(other)


def test_by_number_the_order_holds_for_an_epoch_and_changes_with_its_end(shuffled):
    dataset = shuffled()
    order = starts(dataset[i] for i in range(len(dataset)))
    starts(dataset)
    assert starts(dataset[i] for i in range(len(dataset))) == order
    dataset.on_epoch_begin()
    dataset.on_epoch_end()
    again = starts(dataset[i] for i in range(len(dataset)))
    assert again != order and sorted(again) == sorted(order)


def test_a_pass_that_was_begun_goes_through_all_windows_whatever_happens_beside_it(shuffled):
    dataset = shuffled()
    passes = zip(dataset, dataset, strict=True)
    seen = [next(passes)]
    dataset.on_epoch_end()
    seen += passes
    for side in zip(*seen, strict=True):
        assert sorted(starts(side)) == list(range(37))


def test_end_index_may_be_the_length_of_the_data():
    whole = timeseries_dataset_from_array(COUNTING, TARGETS, 4)
    assert_same(pairs(timeseries_dataset_from_array(COUNTING, TARGETS, 4, end_index=40)), pairs(whole))


def test_targets_that_end_before_the_data_go_with_start_index():
    (x, y), *more = pairs(timeseries_dataset_from_array(COUNTING, COUNTING[4:], 4, start_index=20))
    assert not more
    np.testing.assert_array_equal(x[:, -1] + 1, y)
    assert y[-1] == 39


@pytest.mark.parametrize(
    "data, targets",
    [
        (SERIES, SERIES),
        (SERIES, SERIES.copy()),
        (SERIES, SERIES[:, 1]),
        (SERIES, SERIES[:, :1].astype("float64")),
        (COUNTING, COUNTING[:, None]),
    ],
    ids=["itself", "copy", "column", "column as matrix", "other shape"],
)
def test_targets_that_are_the_data_are_a_leak(data, targets):
    with pytest.raises(ValueError, match="own first moment"):
        timeseries_dataset_from_array(data, targets, 4)


def test_constant_targets_tell_nothing_and_pass():
    zeros = np.zeros((10, 1))
    assert len(timeseries_dataset_from_array(zeros, zeros, 4)) == 1


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"sequence_length": 41}, ValueError, "too short: a window spans 41 moments, got 40"),
        ({"sequence_length": 11, "sampling_rate": 4}, ValueError, "spans 41"),
        ({"sequence_length": 5, "start_index": 38}, ValueError, "got 2"),
        ({"sequence_length": 0}, ValueError, "sequence_length"),
        ({"sequence_length": 4.0}, TypeError, "sequence_length"),
        ({"sequence_length": 4, "sequence_stride": 0}, ValueError, "sequence_stride"),
        ({"sequence_length": 4, "sequence_stride": 40}, ValueError, "sequence_stride"),
        ({"sequence_length": 4, "sampling_rate": -1}, ValueError, "sampling_rate"),
        ({"sequence_length": 4, "batch_size": 0}, ValueError, "batch_size"),
        ({"sequence_length": 4, "start_index": 40}, ValueError, "start_index"),
        ({"sequence_length": 4, "start_index": -1}, ValueError, "start_index"),
        ({"sequence_length": 4, "end_index": 0}, ValueError, "end_index"),
        ({"sequence_length": 4, "end_index": 41}, ValueError, "end_index"),
        ({"sequence_length": 4, "start_index": 9, "end_index": 9}, ValueError, "below end_index"),
        ({"sequence_length": 4, "targets": []}, ValueError, "targets"),
        ({"sequence_length": 4, "targets": TARGETS[:5], "start_index": 5}, ValueError, "targets"),
        ({"sequence_length": 4, "targets": ["a"] * 40}, TypeError, "targets"),
        ({"sequence_length": 4, "data": None}, TypeError, "data"),
        ({"sequence_length": 4, "data": [[1], [2, 3]]}, ValueError, "data"),
        ({"sequence_length": 4, "shuffle": True, "seed": "x"}, TypeError, "seed"),
    ],
)
def test_what_gives_no_windows_is_refused_in_one_line(options, error, message):
    with pytest.raises(error, match=message) as caught:
        timeseries_dataset_from_array(**{"data": COUNTING, "targets": TARGETS} | options)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
