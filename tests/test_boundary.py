"""The boundary of arrays: everything numeric becomes clean, everything else is refused in one line."""

from __future__ import annotations

import timeit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from minirnn import boundary, targets


def is_clean(array, dtype):
    return type(array) is np.ndarray and array.dtype == np.dtype(dtype) and array.flags.carray and array.dtype.isnative


def unaligned(values):
    raw = np.zeros(values.nbytes + 1, np.uint8)
    view = raw[1:].view(values.dtype).reshape(values.shape)
    view[...] = values
    assert not view.flags.aligned
    return view


def read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


class Tensor:
    """Something with `__array__`, as tensors of other packages have."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


X = np.arange(24).reshape(4, 3, 2)
FORMS = {
    "lists": X.tolist(),
    "tuples of arrays": tuple(X),
    "int8": X.astype("int8"),
    "uint64": X.astype("uint64"),
    "float16": X.astype("float16"),
    "float32": X.astype("float32"),
    "float64": X.astype("float64"),
    "longdouble": X.astype("longdouble"),
    "big-endian": X.astype(">f4"),
    "Fortran order": np.asfortranarray(X, dtype="float32"),
    "strided": np.repeat(X, 2, axis=1).astype("float32")[:, ::2],
    "reversed": X[::-1].astype("float32").copy()[::-1],
    "read-only": read_only(X.astype("float32")),
    "unaligned": unaligned(X.astype("float32")),
    "subclass": X.astype("float32").view(np.recarray),
    "tensor": Tensor(X),
    "unmasked": np.ma.array(X.astype("float32")),
}


# as_input


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_numbers_becomes_a_clean_array(form, dtype):
    clean = boundary.as_input(FORMS[form], "x", dtype)
    assert is_clean(clean, dtype)
    np.testing.assert_array_equal(clean, X)


def test_booleans_are_zeros_and_ones():
    np.testing.assert_array_equal(boundary.as_input([[True, False]]), np.float32([[1, 0]]))


def test_the_caller_s_array_is_never_changed():
    given_array = X.astype("float64")
    boundary.as_input(given_array, "x", "float32")[...] = -1
    np.testing.assert_array_equal(given_array, X)


def test_a_clean_array_is_not_copied(dtype):
    clean = X.astype(dtype)
    assert boundary.as_input(clean, "x", dtype) is clean
    assert boundary.as_input(clean, "x", np.dtype(dtype), (None, None, 2)) is clean


def test_a_clean_array_passes_within_a_microsecond_and_a_half():
    x = np.zeros((1, 1, 8), np.float32)
    seconds = min(timeit.repeat(lambda: boundary.as_input(x, "x", "float32"), number=2000, repeat=20)) / 2000
    # Twice as much is allowed, as this machine may be busy; a copy or a second pass would cost more than that.
    assert seconds < 3e-6


@given(
    arrays.arrays(
        st.sampled_from(["float32", "float64", ">f8", "float16"]),
        arrays.array_shapes(min_dims=1, max_dims=4, max_side=4),
        elements=st.floats(-60000, 60000, width=16),
    )
)
def test_values_pass_unchanged(values):
    clean = boundary.as_input(values, "x", "float64")
    assert is_clean(clean, "float64")
    np.testing.assert_array_equal(clean, values)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["float32", "float64", "float16"])
@pytest.mark.parametrize("where", [(0, 0, 0), (1, 2, 0), (3, 2, 1)])
def test_the_first_number_that_is_none_is_named(wrong, kind, where):
    x = X.astype(kind)
    x[where] = wrong
    x[-1, -1, -1] = np.nan if where != (3, 2, 1) else wrong
    with pytest.raises(ValueError) as caught:
        boundary.as_input(x, "x", "float32")
    assert f"got {wrong} at index [{', '.join(map(str, where))}]" in str(caught.value)


@pytest.mark.parametrize("wrong", [np.nan, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_wrong_in_a_large_array_is_found_by_whoever_looks_there(wrong, dtype):
    x = np.ones((5, boundary.WORTH_SHARING // 4 + 1), dtype)
    assert boundary.as_input(x, "x", dtype) is x
    for where in ((0, 0), (2, 7), (4, x.shape[1] - 1)):
        x[where] = wrong
        with pytest.raises(ValueError, match=rf"got {wrong} at index \[{where[0]}, {where[1]}\]"):
            boundary.as_input(x, "x", dtype)
        x[where] = 1


def test_large_finite_numbers_are_no_infinity():
    # Their squares overflow, which is what the quick check looks at.
    huge = np.float32([[1e30, -3e38], [2.0, 3.4e38]])
    assert boundary.as_input(huge) is huge
    assert boundary.as_input(np.full((2, 2), 1e300), "x", "float64").max() == 1e300


def test_opposite_infinities_do_not_cancel():
    with pytest.raises(ValueError, match="got inf"):
        boundary.as_input(np.float32([[np.inf, -np.inf]]))


def test_a_number_too_large_for_float32_is_named():
    with pytest.raises(ValueError, match=r"got 1e\+39 at index \[1, 0\], too large for float32"):
        boundary.as_input([[1.0, 2.0], [1e39, 3.0]])


BAD_INPUTS = {
    "None": (None, TypeError, "got None"),
    "ragged": ([[1.0], [1.0, 2.0]], ValueError, "rows of different lengths"),
    "text": ([["a"]], TypeError, "dtype <U1"),
    "numbers as text": (np.array([["1"]]), TypeError, "expected numbers"),
    "objects": (np.array([[None, 1.0]]), TypeError, "dtype object"),
    "dict": ({"x": 1}, TypeError, "got dict"),
    "generator": ((i for i in range(3)), TypeError, "got generator"),
    "complex": (np.ones((2, 2), complex), TypeError, "complex numbers"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), TypeError, "datetime64"),
    "records": (np.zeros(2, [("a", "f4")]), TypeError, "expected numbers"),
    "a number": (3.0, ValueError, "single number 3.0"),
    "no samples": (np.zeros((0, 3, 2)), ValueError, "(0, 3, 2), expected at least one sample and step"),
    "no steps": (np.zeros((4, 0, 2)), ValueError, "(4, 0, 2), expected at least one sample and step"),
    "empty list": ([], ValueError, "empty array of shape (0,)"),
    "masked": (np.ma.masked_equal([[1, 2]], 1), ValueError, "masked values"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_what_is_no_input_is_refused_in_one_line(case):
    value, error, words = BAD_INPUTS[case]
    with pytest.raises(error) as caught:
        boundary.as_input(value, "x", "float32")
    message = str(caught.value)
    assert message.startswith("x: got") and words in message and "\n" not in message and len(message) < 200


def test_a_tensor_that_gives_no_array_is_refused_in_one_line():
    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("it requires a gradient\nand more")

    with pytest.raises(TypeError, match="x: got Broken, which gives no array: it requires a gradient$"):
        boundary.as_input(Broken())


@pytest.mark.parametrize(
    ("shape", "expected", "words"),
    [
        ((8, 3), (None, 3, 1), "expected (batch, 3, 1); add the features axis, x[..., None]"),
        ((3, 2), (None, 3, 2), "expected (batch, 3, 2); add the batch axis, x[None]"),
        ((8, 3, 2), (None, None, 5), "got shape (8, 3, 2), expected (batch, time, 5)"),
        ((8, 3, 2), (4, 3, 2), "expected (4, 3, 2)"),
        ((8,), (None, None, 1), "got shape (8,), expected (batch, time, 1)"),
        ((8, 3, 2, 2), (None, 2), "expected (batch, 2)"),
        ((2, 2, 2, 2), (None, None, None, 3), "expected (any, any, any, 3)"),
    ],
)
def test_another_shape_than_expected_is_refused_with_a_way_out(shape, expected, words):
    with pytest.raises(ValueError) as caught:
        boundary.as_input(np.zeros(shape), "x", "float32", expected)
    assert words in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 200


# as_target


@pytest.mark.parametrize(
    ("shape", "output"),
    [((4,), (4, 1)), ((4, 1), (4, 1)), ((4, 3), (4, 3)), ((4, 1, 1), (4, 1)), ((4, 5), (4, 5, 1)), ((4, 3), (None, 3)),
     ((4, 5, 3, 1), (4, 5, 3)), ((4, 5, 3), (None, None, 3))],
)  # fmt: skip
def test_targets_get_the_shape_of_the_outputs(shape, output, dtype):
    y = np.arange(np.prod(shape)).reshape(shape)
    clean = targets.as_target(y, output, dtype)
    assert is_clean(clean, dtype)
    assert len(clean.shape) == len(output) and clean.ravel().tolist() == y.ravel().tolist()


@pytest.mark.parametrize(
    ("shape", "output"),
    [((8, 7), (8, 1)), ((8, 1), (8, 7)), ((8,), (8, 3)), ((1, 1), (8, 1)), ((8, 4, 1), (8, 3, 1)), ((8, 1), (8, 4, 1))],
)
def test_targets_that_would_be_stretched_are_refused(shape, output):
    with pytest.raises(ValueError) as caught:
        targets.as_target(np.zeros(shape), output)
    message = str(caught.value)
    assert message.startswith(f"y: got shape {shape}, expected {output}") and "\n" not in message


@pytest.mark.parametrize("value", [None, [["a"]], [[1j]], [[1], [1, 2]], [[np.nan]], [[np.inf]], np.zeros((0, 1))])
def test_targets_are_checked_like_inputs(value):
    with pytest.raises((TypeError, ValueError)) as caught:
        targets.as_target(value, (None, 1))
    assert str(caught.value).startswith("y: got") and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64", "uint64", "float32", ">i4"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_class_numbers_become_a_column_of_int64(kind, shape):
    labels = targets.as_target(np.array([0, 1, 2, 1]).astype(kind).reshape(shape), (4, 3), sparse=True)
    assert is_clean(labels, "int64") and labels.shape == (4, 1) and labels.ravel().tolist() == [0, 1, 2, 1]


def test_class_numbers_of_steps_and_booleans_are_taken():
    assert targets.as_target([[0, 2], [1, 1]], (2, 2, 3), sparse=True).shape == (2, 2, 1)
    assert targets.as_target([True, False], (2, 2), sparse=True).ravel().tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 3], "the label 3 at index [1, 0], expected whole numbers from 0 to 2"),
        ([-1, 0], "the label -1 at index [0, 0]"),
        ([0.5, 0], "the label 0.5 at index [0, 0]"),
        ([np.nan, 0], "got nan at index [0, 0]"),
        (np.array([0, 2**64 - 1], "uint64"), "the label 18446744073709551615"),
        ([[0, 1], [1, 0]], "got shape (2, 2), expected (2, 1) as class numbers have"),
        ([], "expected (2, 1)"),
    ],
)
def test_wrong_class_numbers_are_refused(labels, words):
    with pytest.raises(ValueError) as caught:
        targets.as_target(labels, (2, 3), sparse=True)
    assert words in str(caught.value) and "\n" not in str(caught.value)


# as_sample_weight, as_mask, check_lengths


@pytest.mark.parametrize(("weights", "shape"), [((4,), (4,)), ((4, 1), (4,)), ((4,), (4, 3)), ((4, 3), (4, 3))])
def test_weights_of_samples_or_steps_are_taken(weights, shape):
    clean = targets.as_sample_weight(np.ones(weights, "int8"), shape)
    assert is_clean(clean, "float64") and clean.shape in (shape, shape[:1])


@pytest.mark.parametrize(
    ("weights", "shape", "words"),
    [
        ([1, -2], (2,), "got -2.0 at index [1], expected weights of at least 0"),
        ([1, np.nan], (2,), "got nan at index [1]"),
        ([1, 1, 1], (2,), "got shape (3,), expected (2,), one weight"),
        (np.ones((2, 3)), (2, 4), "expected (2,) or (2, 4)"),
        (1.0, (2,), "single number"),
    ],
)
def test_wrong_weights_are_refused(weights, shape, words):
    with pytest.raises(ValueError) as caught:
        targets.as_sample_weight(weights, shape)
    assert str(caught.value).startswith("sample_weight: got") and words in str(caught.value)


@pytest.mark.parametrize("mask", [[[True, False]], np.array([[True, False]]), np.array([[True], [False]]).T])
def test_a_mask_becomes_a_clean_boolean_array(mask):
    clean = boundary.as_mask(mask, (1, 2))
    assert is_clean(clean, bool) and clean.tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("mask", "error", "words"),
    [
        (np.ones((1, 2)), TypeError, "dtype float64, expected bool; pass mask.astype(bool)"),
        ([[1, 0]], TypeError, "expected True and False"),
        ([[True]], ValueError, "got a mask of shape (1, 1), expected (1, 2) (batch, time)"),
        (None, TypeError, "got None"),
    ],
)
def test_a_wrong_mask_is_refused(mask, error, words):
    with pytest.raises(error) as caught:
        boundary.as_mask(mask, (1, 2))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_lengths_must_agree():
    assert boundary.check_lengths(x=[1, 2], y=[3, 4], sample_weight=None) == 2
    with pytest.raises(ValueError, match="x has 2, y has 1; drop"):
        boundary.check_lengths(x=[1, 2], y=[1], sample_weight=None)


def test_numbers_pass_in_their_own_dtype_and_as_they_are():
    for array in (np.arange(3), np.array([1.0, np.nan]), np.zeros((0, 2), "float16")):
        assert boundary.as_numbers(array) is array
    with pytest.raises(TypeError, match="series: got list"):
        boundary.as_numbers(["a"], "series")


def test_labels_keep_their_shape_and_are_whole_and_in_range():
    labels = targets.as_labels([[0.0, 2.0]], 3)
    assert labels.dtype == np.int64 and labels.tolist() == [[0, 2]]
    for bad in ([-1], [3], [0.5]):
        with pytest.raises(ValueError, match="y: got the label"):
            targets.as_labels(bad, 3)


# number


def test_a_number_keeps_its_kind():
    assert [(type(n), n) for n in (boundary.number(2, "n"), boundary.number(np.float32(0.5), "n"))] == [
        (int, 2),
        (float, 0.5),
    ]


@pytest.mark.parametrize(
    "value, limits, error, words",
    [
        (True, (), TypeError, "n must be a number, got True"),
        ("1", (), TypeError, "n must be a number, got '1'"),
        (None, (), TypeError, "n must be a number, got None"),
        (np.inf, (), ValueError, "n must be a finite number, got inf"),
        (np.nan, (0,), ValueError, "n must be a finite number of at least 0, got nan"),
        (-1, (0,), ValueError, "n must be a finite number of at least 0, got -1"),
        (2, (0, 1), ValueError, "n must be a finite number of at least 0 and at most 1, got 2"),
    ],
)
def test_a_number_out_of_its_range_is_refused(value, limits, error, words):
    with pytest.raises(error, match=words):
        boundary.number(value, "n", *limits)
