"""Marking the steps that count, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn.kernels.masking import mark_steps


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 1), (2, 7, 4), (4, 3, 33)])
@pytest.mark.parametrize("value", [0.0, -1.5])
def test_steps_of_the_mask_value_alone_do_not_count(shape, value, dtype):
    rng = np.random.default_rng(4)
    x = rng.choice([value, value, 2.0], shape).astype(dtype)
    x[0, 0] = value
    counts, y = np.empty(shape[:2], bool), np.full(shape, np.nan, dtype)
    mark_steps(x, value, counts, y, 0, shape[0])
    expected = np.any(x != value, axis=-1)
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_array_equal(y, np.where(expected[..., None], x, 0))


def test_the_mask_can_be_had_alone_and_nan_counts(dtype):
    x = np.zeros((2, 2, 3), dtype)
    x[1, 0, 2] = np.nan
    counts = np.empty((2, 2), bool)
    mark_steps(x, 0.0, counts, np.empty((0, 0, 0), dtype), 0, 2)
    assert counts.tolist() == [[False, False], [True, False]]
