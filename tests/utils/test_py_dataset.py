"""PyDataset: what a subclass must give, and what it gets."""

from __future__ import annotations

import itertools

import pytest

from minirnn import utils
from minirnn.utils import PyDataset


class Rows(PyDataset):
    def __init__(self, x, **arguments):
        super().__init__(**arguments)
        self.x = x

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index]


def test_the_old_name_is_the_same_class():
    assert utils.Sequence is PyDataset


@pytest.mark.parametrize("arguments", [{}, {"workers": 4, "use_multiprocessing": True, "max_queue_size": 3}])
def test_settings_are_those_of_keras(keras, arguments):
    ours, theirs = PyDataset(**arguments), keras.utils.PyDataset(**arguments)
    for name in ("workers", "use_multiprocessing", "max_queue_size"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_a_dataset_is_passed_over_again_and_again():
    dataset = Rows([1, 2, 3])
    assert list(dataset) == list(dataset) == [1, 2, 3] and dataset.num_batches == 3
    assert dataset.on_epoch_begin() is None and dataset.on_epoch_end() is None


def test_a_subclass_that_forgets_its_base_has_the_settings_all_the_same():
    class Forgetful(Rows):
        def __init__(self):
            self.x = [1]

    dataset = Forgetful()
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (1, False, 10)


def test_without_a_number_of_batches_a_pass_never_ends():
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return index

    assert list(itertools.islice(Endless(), 5)) == [0, 1, 2, 3, 4]


def test_what_a_subclass_lacks_is_named():
    with pytest.raises(NotImplementedError, match="PyDataset needs a method __getitem__"):
        PyDataset()[0]
    with pytest.raises(NotImplementedError, match="__len__"):
        list(PyDataset())


@pytest.mark.parametrize("arguments, error", [
    ({"workers": -1}, ValueError), ({"workers": 1.5}, TypeError), ({"max_queue_size": 0}, ValueError),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(arguments, error):
    with pytest.raises(error, match=next(iter(arguments))):
        PyDataset(**arguments)
