"""What the kernels compute forward through time: the gates' own text in a NumPy loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recurrent_cases import CELLS, make, naive

from minirnn.kernels.vec import lanes

# Some thousand roundings of numbers around 1.
TOLERANCE = {"float32": 3e-6, "float64": 1e-14}
OPTIONS = {
    "last": {},
    "sequence": {"return_sequences": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "masked": {"return_sequences": True, "mask": True},
    "masked, last": {"mask": True},
    "masked, zero output": {"return_sequences": True, "mask": True, "zero_output_for_mask": True},
    "masked, zero output, last": {"mask": True, "zero_output_for_mask": True},
    "masked, backwards": {"return_sequences": True, "mask": True, "go_backwards": True},
    "no bias": {"use_bias": False},
}


def check_forward(case):
    found, expected = case.output(), naive(case)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype == case.layer.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE[case.layer.dtype])


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_last_states_are_those_of_the_gates(cell, options, dtype):
    check_forward(make(cell, batch=5, dtype=dtype, **options))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("size", ["batch", "time", "features", "units"])
def test_a_size_of_one_is_no_special_case(cell, size, dtype):
    check_forward(make(cell, dtype=dtype, return_sequences=True, **{size: 1}))


@pytest.mark.parametrize("cell", CELLS)
def test_units_may_fill_one_tile_or_spill_into_others(cell, dtype):
    for units in (lanes(dtype), lanes(dtype) + 1, 2 * lanes(dtype) + 3):
        check_forward(make(cell, batch=2, time=2, units=units, dtype=dtype, return_sequences=True))


@given(
    cell=st.sampled_from(sorted(CELLS)), batch=st.integers(1, 17), time=st.integers(1, 5), features=st.integers(1, 7),
    units=st.integers(1, 20), masked=st.booleans(), return_sequences=st.booleans(), go_backwards=st.booleans(),
    zero_output_for_mask=st.booleans(), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_shape_and_any_options(cell, batch, time, features, units, masked, seed, **options):
    mask = np.random.default_rng(seed).random((batch, time)) < 0.6 if masked else None
    check_forward(make(cell, batch, time, features, units, mask, seed=seed, **options))


@pytest.mark.parametrize("cell", CELLS)
def test_a_masked_step_changes_nothing_whatever_its_input(cell, dtype):
    case = make(cell, batch=5, dtype=dtype, return_sequences=True, mask=True)
    before = case.output()
    case.x[~case.mask] = 1e6
    for a, b in zip(case.output(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_an_all_true_mask_is_no_mask(cell, dtype):
    case = make(cell, dtype=dtype, return_sequences=True)
    before = case.output()
    case.mask = np.ones(case.x.shape[:2], bool)
    for a, b in zip(case.output(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_row_does_not_depend_on_its_neighbours(cell, dtype):
    case = make(cell, batch=13, dtype=dtype)
    whole = case.output()
    for row in (0, 5, 12):
        states = [s[row : row + 1] for s in case.states]
        for a, b in zip(case.layer(case.x[row : row + 1], initial_state=states), whole, strict=True):
            np.testing.assert_allclose(a[0], b[row], rtol=0, atol=TOLERANCE[dtype])
