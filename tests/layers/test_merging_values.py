"""Merging layers compute what Keras on TensorFlow computes: values, gradients, masks, for any shapes that fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirnn import layers

ELEMENTWISE = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
MASKED = [(name, {}) for name in ELEMENTWISE] + [("Concatenate", {}), ("Concatenate", {"axis": 1})]
MASKED += [("Dot", {"axes": 2})]
every_masked = pytest.mark.parametrize("name, options", MASKED, ids=str)


@st.composite
def stretching(draw, most):
    """Shapes (batch, ..) of one to `most` inputs that can be stretched to one, the batch equal in all.

    The batch is longer than the other axes: Keras on TensorFlow takes (n, 1, 1) for a bias of the last axis in an
    addition to (n, .., n), and adds the numbers of one sample to another's.
    """
    full = draw(st.lists(st.integers(1, 4), min_size=0, max_size=3))
    batch = draw(st.integers(5, 6))
    shapes = []
    for _ in range(draw(st.integers(2 if most == 2 else 1, most))):
        own = full[draw(st.integers(0, len(full))) :]
        shapes.append((batch, *(1 if draw(st.booleans()) and draw(st.booleans()) else n for n in own)))
    return shapes


@st.composite
def side_by_side(draw):
    """(axis, shapes) of inputs that differ along the axis only."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    lengths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    at = axis % len(shape)
    return axis, [(*shape[:at], n, *shape[at + 1 :]) for n in lengths]


@st.composite
def dotted(draw):
    """(axes, shapes) of two inputs with an axis of equal length, which is not the batch."""
    batch, length = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    axes, shapes = [], []
    for _ in range(2):
        rest = draw(st.lists(st.integers(1, 3), min_size=0, max_size=2))
        at = draw(st.integers(0, len(rest)))
        shapes.append((batch, *rest[:at], length, *rest[at:]))
        axes.append(at + 1 - (len(rest) + 2) * draw(st.booleans()))
    return (axes[0] if axes[0] == axes[1] and draw(st.booleans()) else tuple(axes)), shapes


def numbers(shapes, seed=0):
    """Normal numbers, rounded to halves so that equal ones meet."""
    rng = np.random.default_rng(seed)
    return [np.round(rng.normal(size=shape) * 2) / 2 for shape in shapes]


def in_keras(layer, xs, dy_seed=1, masks=None):
    """(output, its mask, upstream gradient, gradients of the inputs) of a Keras layer."""
    import tensorflow as tf
    from keras.src import backend

    xs = [tf.constant(x) for x in xs]
    for x, mask in zip(xs, masks or [None] * len(xs), strict=True):
        if mask is not None:
            backend.set_keras_mask(x, tf.constant(mask))
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = layer(xs)
    dy = np.random.default_rng(dy_seed).normal(size=y.shape)
    mask = backend.get_keras_mask(y)
    dxs = tape.gradient(y, xs, output_gradients=tf.constant(dy))
    dxs = [np.zeros(x.shape) if dx is None else dx.numpy() for x, dx in zip(xs, dxs, strict=True)]
    return y.numpy(), None if mask is None else mask.numpy(), dy, dxs


def check(keras, name, options, xs, masks=None):
    ours = getattr(layers, name)(dtype="float64", **options)
    theirs = getattr(keras.layers, name)(dtype="float64", **options)
    y, mask, dy, dxs = in_keras(theirs, xs, masks=masks)
    given = {} if masks is None else {"mask": masks}
    result = ours(xs, **given)
    assert result.dtype == "float64" and result.flags.c_contiguous
    assert ours.compute_output_shape([x.shape for x in xs]) == result.shape == y.shape
    np.testing.assert_allclose(result, y, rtol=1e-12, atol=1e-12)
    found, weights = ours.vjp(xs, dy, **given)
    assert weights == [] and len(found) == len(xs)
    for dx, expected in zip(found, dxs, strict=True):
        assert dx.flags.c_contiguous
        np.testing.assert_allclose(dx, expected, rtol=1e-10, atol=1e-10)
    if masks is not None:
        own = ours.compute_mask(xs, masks)
        assert (own is None) == (mask is None)
        np.testing.assert_array_equal(own, mask)


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(data=st.data())
def test_elementwise_merges_of_any_shapes_are_those_of_keras(keras, name, data):
    shapes = data.draw(stretching(2 if name == "Subtract" else 4))
    check(keras, name, {}, numbers(shapes))


@given(case=side_by_side())
def test_concatenations_along_any_axis_are_those_of_keras(keras, case):
    axis, shapes = case
    check(keras, "Concatenate", {"axis": axis}, numbers(shapes))


@pytest.mark.parametrize("normalize", [False, True])
@given(case=dotted())
def test_dot_products_along_any_axes_are_those_of_keras(keras, normalize, case):
    axes, shapes = case
    xs = [x + 0.1 for x in numbers(shapes)]
    check(keras, "Dot", {"axes": axes, "normalize": normalize}, xs)


@pytest.mark.parametrize(
    "axes, shapes",
    [(1, [(3, 4), (3, 4)]), (-1, [(3, 2, 4), (3, 5, 4)]), ((1, 2), [(2, 3, 5), (2, 10, 3)]), (1, [(3, 4), (3, 4, 2)])],
)
def test_dot_products_of_the_common_shapes_are_those_of_keras(keras, axes, shapes):
    check(keras, "Dot", {"axes": axes}, numbers(shapes))


@every_masked
@given(data=st.data())
def test_masked_steps_count_as_they_do_in_keras(keras, name, options, data):
    several = 2 if name in ("Subtract", "Dot") else data.draw(st.integers(1, 3))
    flags = st.lists(st.booleans(), min_size=6, max_size=6).map(lambda m: np.array(m).reshape(2, 3))
    masks = [data.draw(st.none() | flags) for _ in range(several)]
    check(keras, name, options, numbers([(2, 3, 4)] * several), masks)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_masked_input_may_be_stretched(keras, name):
    xs = numbers([(2, 1, 4), (2, 3, 4)])
    masks = [np.array([[True], [False]]), np.array([[True, False, True], [False, False, True]])]
    check(keras, name, {}, xs, masks)
    check(keras, name, {}, xs[::-1], masks[::-1])
    check(keras, name, {}, numbers([(2, 4), (2, 3, 4)]), [None, masks[1]])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_mask_of_an_input_of_fewer_axes_does_not_touch_the_numbers(keras, name):
    check(keras, name, {}, numbers([(2, 3, 4), (2, 5, 3, 4)]), [np.array([[True, False, True]] * 2), None])


@pytest.mark.parametrize("name", ["Maximum", "Minimum"])
def test_the_first_of_equal_inputs_gets_the_whole_gradient(keras, name):
    xs = [np.full((1, 2), 3.0)] * 3
    check(keras, name, {}, xs)
    dxs, _ = getattr(layers, name)(dtype="float64").vjp(xs, np.ones((1, 2)))
    assert [dx[0, 0] for dx in dxs] == [1, 0, 0]


def test_the_cosine_of_a_vector_of_zeros_is_zero_and_its_gradient_finite(keras):
    xs = [np.array([[0.0, 0.0, 0.0], [1e-9, 0.0, 1e-9], [3.0, 4.0, 0.0]]), np.array([[1.0, -2.0, 0.5]] * 3)]
    check(keras, "Dot", {"axes": 1, "normalize": True}, xs)
    assert layers.dot(xs, 1, normalize=True)[0, 0] == 0.0


GRADIENTS = [
    ("Add", {}, [(2, 3), (2, 4, 3), (2, 1, 3)]),
    ("Subtract", {}, [(2, 4, 3), (2, 3)]),
    ("Multiply", {}, [(2, 4, 3), (2, 1, 3), (2, 4, 1)]),
    ("Average", {}, [(2, 3), (2, 3), (2, 1)]),
    ("Maximum", {}, [(2, 4, 3), (2, 3), (2, 4, 1)]),
    ("Minimum", {}, [(2, 4, 3), (2, 3), (2, 4, 1)]),
    ("Concatenate", {"axis": 1}, [(2, 4, 3), (2, 1, 3)]),
    ("Dot", {"axes": (2, 1)}, [(2, 4, 3), (2, 3, 5)]),
    ("Dot", {"axes": -1, "normalize": True}, [(2, 3), (2, 4, 3)]),
]


@pytest.mark.parametrize("name, options, shapes", GRADIENTS, ids=lambda v: v if isinstance(v, str) else None)
def test_gradients_are_those_of_central_differences(name, options, shapes):
    rng = np.random.default_rng(3)
    layer = getattr(layers, name)(dtype="float64", **options)
    xs = [rng.normal(size=shape) for shape in shapes]
    dy, directions = rng.normal(size=layer(xs).shape), [rng.normal(size=shape) for shape in shapes]
    dxs, _ = layer.vjp(xs, dy)
    for number, direction in enumerate(directions):
        ends = []
        for step in (1e-6, -1e-6):
            moved = [x + step * direction if k == number else x for k, x in enumerate(xs)]
            ends.append((layer(moved) * dy).sum())
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx((dxs[number] * direction).sum(), rel=1e-7, abs=1e-8)


def test_one_layer_takes_inputs_of_other_shapes_at_each_call(dtype):
    layer = layers.Add(dtype=dtype)
    for shape in ((2, 3), (4, 5, 6), (1, 2)):
        one = np.ones(shape)
        first, second = layer([one, one]), layer([one, 2 * one])
        assert first.dtype == dtype and first is not second
        np.testing.assert_array_equal(first, 2 * one)
        np.testing.assert_array_equal(second, 3 * one)


def test_gradients_for_the_caller_are_arrays_of_their_own():
    dy = np.ones((2, 3), "float32")
    (da, db), _ = layers.Add().vjp([dy, dy], dy)
    da += 1
    assert db.max() == dy.max() == 1


@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate", "Dot"])
def test_the_function_is_a_new_layer_called_at_once(name):
    xs = numbers([(3, 4), (3, 4)])
    options = {"axes": 1} if name == "Dot" else {}
    function, layer = getattr(layers, name.lower()), getattr(layers, name)
    np.testing.assert_array_equal(function(xs, **options), layer(**options)(xs))
    np.testing.assert_array_equal(function(tuple(xs), **options), layer(**options)(xs))


def test_integers_lists_and_foreign_arrays_are_taken():
    result = layers.add([np.arange(6).reshape(2, 3), [[1, 2, 3], [4, 5, 6]], np.ones((2, 3), ">f8")[:, ::-1]])
    assert result.dtype == "float32"
    np.testing.assert_array_equal(result, [[2, 4, 6], [8, 10, 12]])
