"""pad_sequences: Keras's result for every argument, and one line where Keras loses numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from minirnn.preprocessing.sequence import pad_sequences as old_address
from minirnn.utils import pad_sequences

RAGGED = [[1], [2, 3], [], [4, 5, 6, 7]]
STEPS = [np.arange(2 * n, dtype="float64").reshape(n, 2) / 4 for n in (1, 3, 2)]


@pytest.mark.parametrize("padding, truncating", list(itertools.product(["pre", "post"], repeat=2)))
@pytest.mark.parametrize("maxlen", [None, 1, 3, 6])
@pytest.mark.parametrize("value, dtype", [(0.0, "int32"), (-1, "int64"), (0.5, "float32"), (np.nan, "float64")])
def test_results_are_those_of_keras(keras, padding, truncating, maxlen, value, dtype):
    options = {"maxlen": maxlen, "dtype": dtype, "padding": padding, "truncating": truncating, "value": value}
    for sequences in (RAGGED, tuple(RAGGED), [np.array(s, int) for s in RAGGED], STEPS):
        if sequences is STEPS and "int" in dtype:
            continue
        ours, theirs = pad_sequences(sequences, **options), keras.utils.pad_sequences(sequences, **options)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype, value", [(object, "pad"), (object, 0), ("U3", "pad")])
def test_words_are_those_of_keras(keras, dtype, value):
    words = [["a", "b"], ["abc"]]
    ours, theirs = (f(words, dtype=dtype, value=value) for f in (pad_sequences, keras.utils.pad_sequences))
    assert ours.dtype == theirs.dtype and ours.tolist() == theirs.tolist()


def test_sequences_that_are_all_empty_give_no_steps_as_in_keras(keras):
    assert pad_sequences([[], []]).shape == keras.utils.pad_sequences([[], []]).shape == (2, 0)


def test_the_old_address_leads_to_the_same_function():
    assert old_address is pad_sequences


@pytest.mark.parametrize("sequences", [[[0.5, 1.0]], [[1], [np.nan]], [[300]], [np.array([2.5])], [[-1]], [[2**70]]])
def test_numbers_that_the_dtype_cannot_hold_are_refused(sequences):
    with pytest.raises(ValueError, match="pass (dtype='float32'|another dtype)") as caught:
        pad_sequences(sequences, dtype="uint8")
    assert "sequence " in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"padding": "before"}, ValueError, "padding must be 'pre' or 'post', got 'before'"),
        ({"truncating": "head"}, ValueError, "truncating"),
        ({"maxlen": 0}, ValueError, "maxlen"),
        ({"maxlen": 2.0}, TypeError, "maxlen"),
        ({"value": 0.5}, ValueError, "value holds 0.5"),
        ({"value": "pad"}, ValueError, "dtype=object"),
        ({"sequences": []}, ValueError, "at least one sequence"),
        ({"sequences": 3}, ValueError, "at least one sequence"),
        ({"sequences": [[1], 2]}, ValueError, "sequence 1 is 2"),
        ({"sequences": [["a"]]}, ValueError, "sequence 0 does not fit dtype int32"),
        ({"sequences": [[[1], [2, 3]]]}, ValueError, "sequence 0"),
        ({"sequences": [[[1, 2]], [[1, 2, 3]]]}, ValueError, "sequence 1 has steps of shape \\(3,\\)"),
    ],
)
def test_what_cannot_be_padded_is_refused_in_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        pad_sequences(**{"sequences": RAGGED} | arguments)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
