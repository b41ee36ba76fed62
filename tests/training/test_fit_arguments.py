"""The plain arguments of fit, and how rows become batches."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import boundary
from minirnn.training import batches
from minirnn.utils import set_random_seed


def test_good_arguments_pass():
    assert boundary.check_batch_size(None) == 32 and boundary.check_batch_size(np.int64(7)) == 7
    boundary.check_epochs(1)
    boundary.check_epochs(0)
    boundary.check_epochs(np.int32(5), 5)
    assert [boundary.check_verbose(v) for v in ("auto", 0, 1, 2, 3, True, False)] == [1, 0, 1, 2, 3, 1, 0]


@pytest.mark.parametrize(
    ("check", "error", "words"),
    [
        (lambda: boundary.check_batch_size(0), ValueError, "batch_size must be at least 1, got 0"),
        (lambda: boundary.check_batch_size(-1), ValueError, "got -1"),
        (lambda: boundary.check_batch_size(3.7), TypeError, "batch_size must be a whole number of at least 1, got 3.7"),
        (lambda: boundary.check_batch_size(True), TypeError, "got True"),
        (lambda: boundary.check_batch_size("8"), TypeError, "got '8'"),
        (lambda: boundary.check_epochs(-1), ValueError, "epochs must be at least 0, got -1"),
        (lambda: boundary.check_epochs(2.0), TypeError, "got 2.0"),
        (lambda: boundary.check_epochs(2, -1), ValueError, "initial_epoch must be at least 0"),
        (lambda: boundary.check_epochs(2, 3), ValueError, "initial_epoch must not exceed epochs"),
        (lambda: boundary.check_verbose(-1), ValueError, "verbose must be at least 0"),
        (lambda: boundary.check_verbose("quiet"), ValueError, "verbose must be 'auto', 0, 1, 2 or more, got 'quiet'"),
        (lambda: boundary.check_verbose(None), TypeError, "got None"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(check, error, words):
    with pytest.raises(error) as caught:
        check()
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("samples", [2, 3, 7, 10, 100])
@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
def test_the_split_is_that_of_keras(keras, samples, share):
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split

    x, y = np.arange(samples * 2.0).reshape(samples, 2), np.arange(samples)
    try:
        theirs = train_validation_split((x, y), share)
    except ValueError:
        with pytest.raises(ValueError, match="leaves one part empty"):
            batches.train_validation_split(([x], [y]), share)
        return
    ours = batches.train_validation_split(([x], [y]), share)
    for our_part, their_part in zip(ours, theirs, strict=True):
        for (a,), b in zip(our_part, their_part, strict=True):
            np.testing.assert_array_equal(a, np.asarray(b))
            assert np.shares_memory(a, x) or np.shares_memory(a, y)


def test_absent_weights_stay_absent_in_both_parts():
    absent = [None, np.zeros(0)]
    (_, train), (_, held_out) = batches.train_validation_split(([np.zeros((4, 1))], absent), 0.5)
    for none, empty in (train, held_out):
        assert none is None and empty.size == 0


@pytest.mark.parametrize("share", [-0.5, 0, 1, 2, float("nan"), True, "0.2", None])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(ValueError, match="validation_split must lie between 0 and 1"):
        batches.train_validation_split(([np.zeros((4, 1))],), share)


@pytest.mark.parametrize(("samples", "size"), [(1, 1), (6, 1), (6, 4), (6, 6), (6, 32), (7, 3)])
def test_batches_hold_every_row_once(samples, size):
    rows = np.arange(samples)
    in_order = list(batches.batches(samples, size, False))
    assert all(isinstance(index, slice) for index in in_order)
    np.testing.assert_array_equal(np.concatenate([rows[i] for i in in_order]), rows)
    shuffled = [rows[i] for i in batches.batches(samples, size, True)]
    assert [len(b) for b in shuffled] == [len(rows[i]) for i in in_order]
    assert all(len(b) == size for b in shuffled[:-1])
    np.testing.assert_array_equal(np.sort(np.concatenate(shuffled)), rows)


def test_every_epoch_has_its_own_order_and_a_seed_repeats_it():
    def orders():
        return [np.concatenate(list(batches.batches(50, 8, True))).tolist() for _ in range(2)]

    set_random_seed(1)
    first = orders()
    set_random_seed(1)
    assert orders() == first and first[0] != first[1] != list(range(50))
    rng = np.random.default_rng(3)
    expected = np.random.default_rng(3).permutation(50)
    np.testing.assert_array_equal(np.concatenate(list(batches.batches(50, 8, True, rng))), expected)


@pytest.mark.parametrize("options", [{"epochs": 0}, {"epochs": 3, "initial_epoch": 3}], ids=str)
def test_no_epochs_change_nothing_and_give_an_empty_history_as_in_keras(keras, options):
    for library in (minirnn, keras):
        model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
        model.compile("sgd", "mse")
        before = model.get_weights()
        history = model.fit(np.ones((4, 3)), np.ones((4, 1)), **options)
        assert (history.history, history.epoch) == ({}, [])
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
