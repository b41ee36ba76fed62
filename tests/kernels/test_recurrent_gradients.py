"""Backward through time against central differences of forward, in float64."""

from __future__ import annotations

import numpy as np
import pytest
from gradient_check import check_vjp
from hypothesis import given
from hypothesis import strategies as st
from recurrent_cases import CELLS, PAIRS, make

from minirnn.kernels.transposed import NEAR_TERMS
from minirnn.kernels.vec import lanes
from minirnn.kernels.weight_gradients import ALIKE, PACKED_COLUMNS

OPTIONS = {
    "last": {},
    "sequence": {"return_sequences": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "backwards, last": {"go_backwards": True},
    "masked": {"return_sequences": True, "mask": True},
    "masked, last": {"mask": True},
    "masked, backwards": {"return_sequences": True, "mask": True, "go_backwards": True},
    "masked, zero output": {"return_sequences": True, "mask": True, "zero_output_for_mask": True},
    "masked, zero output, last": {"mask": True, "zero_output_for_mask": True},
    "no bias": {"use_bias": False},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_input_weights_and_states(cell, options):
    check_vjp(make(cell, batch=5, **options))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("size", ["batch", "time", "features", "units"])
def test_gradients_where_a_size_is_one(cell, size):
    check_vjp(make(cell, return_sequences=True, **{size: 1}))


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_more_units_and_features_than_one_tile_holds(cell):
    W = lanes("float64")
    check_vjp(make(cell, batch=2, time=2, features=2 * W + 3, units=2 * W + 3, return_sequences=True))


@pytest.mark.parametrize("registers", [3, 4, 5, 7])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_tiles_of_three_and_four_columns(cell, registers):
    size = registers * lanes("float64") - 1
    check_vjp(make(cell, batch=5, time=2, features=size, units=size))


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_sum_over_more_rows_than_one_block(cell):
    check_vjp(make(cell, batch=50, time=6, return_sequences=True))


@pytest.mark.needs_jit  # a million multiplications a step
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_rows_that_are_copied_in_pieces_and_of_sums_in_blocks(cell, go_backwards):
    case = make(cell, time=3, features=2 * PACKED_COLUMNS + 5, units=NEAR_TERMS + 3, go_backwards=go_backwards)
    case.layer.set_weights([0.1 * w for w in case.layer.get_weights()])  # no gate saturates
    check_vjp(case)


@pytest.mark.needs_jit
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_sums_in_blocks_of_which_the_last_is_short_to_one_tile(cell):
    check_vjp(make(cell, batch=5, features=lanes("float64"), units=40 * lanes("float64")))


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_short_rows_that_stand_a_power_of_two_apart(cell):
    check_vjp(make(cell, time=ALIKE // 8, features=8, return_sequences=True))


@pytest.mark.parametrize(("cell", "activation", "recurrent_activation"), PAIRS)
def test_gradients_with_every_activation(cell, activation, recurrent_activation):
    options = {"recurrent_activation": recurrent_activation} if recurrent_activation else {}
    case = make(cell, time=3, activation=activation, return_sequences=True, mask=True, **options)
    # Small weights: exponential and the like grow fast, and kinks stay away from the points of the difference.
    case.layer.set_weights([0.5 * w for w in case.layer.get_weights()])
    check_vjp(case)


@given(
    cell=st.sampled_from(sorted(CELLS)), batch=st.integers(1, 17), time=st.integers(1, 5), features=st.integers(1, 7),
    units=st.integers(1, 7), masked=st.booleans(), return_sequences=st.booleans(), go_backwards=st.booleans(),
    zero_output_for_mask=st.booleans(), use_bias=st.booleans(), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_gradients_of_any_shape_and_any_options(cell, batch, time, features, units, masked, seed, **options):
    mask = np.random.default_rng(seed).random((batch, time)) < 0.6 if masked else None
    check_vjp(make(cell, batch, time, features, units, mask, seed=seed, **options))


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_last_states_alone(cell):
    case = make(cell)
    case.dy[...] = 0
    check_vjp(case)
    without = case.layer.vjp(case.x, None, None, case.states, case.d_states)
    for a, b in zip(case.vjp()[1], without[1], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_an_all_masked_row_gets_no_gradient_but_that_of_its_states(cell):
    case = make(cell, batch=5, return_sequences=True, mask=True, zero_output_for_mask=True)
    dx, _, d_states = case.vjp()
    np.testing.assert_array_equal(dx[1], 0)
    for found, d_state in zip(d_states, case.d_states, strict=True):
        np.testing.assert_array_equal(found[1], d_state[1])


@pytest.mark.parametrize("cell", CELLS)
def test_float32_gradients_are_the_float64_ones_rounded(cell):
    exact = make(cell, batch=5, return_sequences=True, mask=True)
    single = make(cell, batch=5, return_sequences=True, mask=True, dtype="float32")
    for a, b in zip(flat(single.vjp()), flat(exact.vjp()), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("cell", CELLS)
def test_a_tape_used_again_gives_the_same_gradients(cell):
    case = make(cell, return_sequences=True)
    tape = case.layer.new_tape(case.x.shape, True)
    results = []
    for _ in range(2):
        case.layer.forward(case.x, None, tape, True)
        case.layer.backward(case.dy, tape, True)
        results.append([tape.dx.copy(), *(w.gradient_numpy() for w in case.layer.weights)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def flat(gradients):
    dx, d_weights, d_states = gradients
    return [dx, *d_weights, *d_states]
