"""Weights of any shape and dtype in a plain layout: whole registers, shared memory, numbers that they can hold."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn.kernels.vec import VECTOR_BYTES, lanes
from minirnn.layers.weight import PlainLayout, Weight, assign_all
from minirnn.training.arena import Arena

SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 4), (64,)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_a_weight_comes_back_as_it_was_and_fills_whole_registers(shape, dtype):
    weight = Weight("table", shape, PlainLayout(dtype), "owner")
    value = np.arange(1, 1 + np.prod(shape), dtype=dtype).reshape(shape)
    weight.assign(value)
    assert weight.numpy().dtype == dtype == weight.dtype
    np.testing.assert_array_equal(weight.numpy(), value)
    assert weight.packed.size % lanes(dtype) == 0 and weight.packed.size - value.size < lanes(dtype)
    assert not weight.packed[value.size :].any() and weight.packed.ctypes.data % VECTOR_BYTES == 0


def test_a_view_is_the_weight_itself_and_numpy_is_not():
    weight = Weight("table", (3, 5), PlainLayout("float32"), "owner")
    weight.layout.view(weight.packed, weight.shape)[1, 2] = 4.0
    copy = weight.numpy()
    copy[...] = 0.0
    assert weight.numpy()[1, 2] == 4.0 and weight.numpy().sum() == 4.0


def test_weights_in_an_arena_begin_on_registers_and_keep_their_values():
    weights = [Weight(f"w{i}", shape, PlainLayout("float32"), "owner") for i, shape in enumerate(SHAPES)]
    for i, weight in enumerate(weights):
        weight.assign(np.full(weight.shape, i + 1.0))
    Arena(weights).select(set(weights))
    for i, weight in enumerate(weights):
        assert weight.packed.ctypes.data % VECTOR_BYTES == 0
        np.testing.assert_array_equal(weight.numpy(), np.full(weight.shape, i + 1.0))


@pytest.mark.parametrize(
    "dtype, value, error, message",
    [
        ("int64", [1.0, 2.5], ValueError, "owner/w: got 2.5 at \\(1,\\), expected whole numbers"),
        ("int64", [1.0, np.nan], ValueError, "got nan at \\(1,\\), expected whole numbers"),
        ("float32", [1.0, 1e300], ValueError, "got inf at \\(1,\\), expected finite numbers"),
        ("float32", [np.nan, 1.0], ValueError, "got nan at \\(0,\\), expected finite numbers"),
        ("float32", [1.0, -0.5], ValueError, "got -0.5 at \\(1,\\), expected at least 0"),
        ("float32", [1.0], ValueError, "got shape \\(1,\\), expected \\(2,\\)"),
        ("float32", ["a", "b"], TypeError, "expected real numbers"),
    ],
)
def test_values_that_it_cannot_hold_are_refused_and_nothing_changes(dtype, value, error, message):
    weight = Weight("w", (2,), PlainLayout(dtype), "owner")
    weight.least = 0.0
    weight.assign([3, 4])
    with pytest.raises(error, match=message) as caught:
        assign_all([weight], [value], "owner")
    assert "\n" not in str(caught.value)
    np.testing.assert_array_equal(weight.numpy(), [3, 4])
