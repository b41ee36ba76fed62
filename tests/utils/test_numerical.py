"""to_categorical and normalize: Keras's results, and one line where Keras's are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn.utils import normalize, to_categorical


@pytest.mark.parametrize("classes", [None, 4, 7])
@pytest.mark.parametrize(
    "labels",
    [[0, 1, 3], np.array([[3], [0]]), np.array([[0, 2], [3, 1]]), np.zeros((2, 1, 1), "uint8"), [[1.0, 2.0]], 2,
     np.array([True, False]), np.int64(3)],
    ids=lambda labels: repr(labels).replace("\n", ""),
)  # fmt: skip
def test_rows_of_classes_are_those_of_keras(keras, labels, classes):
    ours, theirs = to_categorical(labels, classes), keras.utils.to_categorical(labels, classes)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "labels, classes, error, message",
    [
        ([0, -1], None, ValueError, "got the label -1 at index \\[1\\]"),
        ([0, 1.5], None, ValueError, "label 1.5"),
        ([0, 3], 3, ValueError, "from 0 to 2"),
        ([0.0, np.nan], None, ValueError, "nan"),
        ([], None, ValueError, "empty"),
        ([0], 0, ValueError, "num_classes"),
        ([0], 2.0, TypeError, "num_classes"),
        (["a"], None, TypeError, "x: "),
        (None, None, TypeError, "x: got None"),
    ],
)
def test_what_is_no_class_is_refused_in_one_line(labels, classes, error, message):
    with pytest.raises(error, match=message) as caught:
        to_categorical(labels, classes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("order", [1, 2, 3, 1.5, np.inf])
@pytest.mark.parametrize("axis", [-1, 1, 2, -2])
def test_vectors_are_divided_by_the_norm_of_keras(keras, axis, order):
    x = np.random.default_rng(1).standard_normal((3, 4, 5)).astype("float32")
    x[1] = 0.0
    if axis in (-1, 2):
        theirs = keras.utils.normalize(x, axis, order)
    else:
        theirs = np.moveaxis(keras.utils.normalize(np.moveaxis(x, axis, -1).copy(), -1, order), -1, axis)
    ours = normalize(x, axis, order)
    assert ours.dtype == theirs.dtype == "float32"
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_whole_numbers_and_booleans_give_float64():
    for x in ([[3, 4]], np.array([[True, True]])):
        assert normalize(x).dtype == "float64"
    np.testing.assert_allclose(normalize([[3, 4]]), [[0.6, 0.8]])


def test_the_first_axis_is_an_axis_like_any_other():
    np.testing.assert_allclose(np.linalg.norm(normalize([[1.0, 2.0], [3.0, 4.0]], axis=0), axis=0), [1.0, 1.0])


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"axis": 2}, ValueError, "axis"),
        ({"axis": -3}, ValueError, "axis"),
        ({"axis": None}, TypeError, "axis"),
        ({"order": 0}, ValueError, "order"),
        ({"order": "l2"}, ValueError, "order"),
        ({"order": float("nan")}, ValueError, "order"),
        ({"x": ["a"]}, TypeError, "x: "),
        ({"x": 3.0}, ValueError, "single number"),
    ],
)
def test_what_has_no_norm_is_refused_in_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        normalize(**{"x": np.ones((2, 2))} | arguments)
    assert "\n" not in str(caught.value)
