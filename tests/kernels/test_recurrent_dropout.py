"""Dropout in the kernels: forward against the gates' own text, backward against central differences, bits and threads.

What is dropped is frozen, so that a function remains whose gradient can be checked.
"""

from __future__ import annotations

import numpy as np
import pytest
from gradient_check import check_vjp
from hypothesis import given
from hypothesis import strategies as st
from recurrent_cases import CELLS, RATES, every_rate, make, make_dropping
from test_recurrent_forward import check_forward

from minirnn.kernels.vec import lanes

OPTIONS = {
    "last": {},
    "sequence": {"return_sequences": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "masked": {"return_sequences": True, "mask": True},
    "masked, zero output, last": {"mask": True, "zero_output_for_mask": True},
    "one step": {"time": 1},
    "one row": {"batch": 1, "return_sequences": True},
    "one unit": {"units": 1, "return_sequences": True},
    "no bias": {"use_bias": False},
}
every_cell = pytest.mark.parametrize("cell", CELLS)
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


@every_option
@every_rate
@every_cell
def test_outputs_and_last_states_are_those_of_the_gates(cell, rates, options):
    check_forward(make_dropping(cell, **{"batch": 5, **options}, **rates))


@every_option
@every_rate
@every_cell
def test_gradients_of_input_weights_and_states(cell, rates, options):
    check_vjp(make_dropping(cell, **{"batch": 5, **options}, **rates))


@every_cell
def test_more_units_and_features_than_one_tile_holds(cell):
    W = lanes("float64")
    sizes = dict(batch=3, time=3, features=2 * W + 3, units=4 * W + 3)
    case = make_dropping(cell, **sizes, **RATES["both"], return_sequences=True)
    check_forward(case)
    check_vjp(case)


@every_cell
def test_inputs_so_wide_that_their_product_comes_first(cell):
    case = make_dropping(cell, batch=2, time=3, features=64, **RATES["both"])
    plan = case.layer.new_tape(case.x.shape, True).forward_arguments[0]
    assert plan.key[-2:] == ("recurrent_dropout", "product_before")
    # Sums of 64 products, each as large as the one of the other cases.
    case.x /= 8
    check_forward(case)
    check_vjp(case)


@given(
    cell=st.sampled_from(sorted(CELLS)), batch=st.integers(1, 17), time=st.integers(1, 5), features=st.integers(1, 7),
    units=st.integers(1, 20), masked=st.booleans(), return_sequences=st.booleans(), go_backwards=st.booleans(),
    zero_output_for_mask=st.booleans(), dropout=st.floats(0, 0.9), recurrent_dropout=st.floats(0, 0.9),
    seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_shape_any_rates_and_any_options(cell, batch, time, features, units, masked, seed, **options):
    mask = np.random.default_rng(seed).random((batch, time)) < 0.6 if masked else None
    case = make_dropping(cell, seed, batch=batch, time=time, features=features, units=units, mask=mask, **options)
    # What is kept may be ten times as large: smaller weights keep the points of the difference in proportion.
    case.layer.set_weights([0.3 * w for w in case.layer.get_weights()])
    check_forward(case)
    check_vjp(case)


@every_rate
@every_cell
def test_float32_is_float64_rounded(cell, rates):
    exact, single = (
        make_dropping(cell, batch=5, return_sequences=True, mask=True, dtype=dtype, **rates)
        for dtype in ("float64", "float32")
    )
    for a, b in zip(results(single), results(exact), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * np.abs(b).max())


@every_cell
def test_where_nothing_is_dropped_the_bits_are_those_without_dropout(cell, dtype):
    plain = make(cell, batch=5, mask=True, return_sequences=True, dtype=dtype)
    rated = make_dropping(cell, batch=5, mask=True, return_sequences=True, dtype=dtype, **RATES["both"])
    tapes = []
    for case in (plain, rated):
        tape = case.layer.new_tape(case.x.shape, True)
        case.layer.forward(case.x, case.mask, tape, False, case.states)
        tapes.append(tape)
    assert len(tapes[1].drop) == 2
    np.testing.assert_array_equal(tapes[1].out, tapes[0].out)


@every_rate
@every_cell
def test_padded_units_keep_no_state_and_get_no_gradient(cell, rates):
    case = make_dropping(cell, units=1, time=3, return_sequences=True, mask=True, **rates)
    layer = case.layer
    tape = layer.new_tape(case.x.shape, True)
    layer.forward(case.x, case.mask, tape, True, case.states)
    layer.backward(case.dy, tape, True, case.d_states, to_initial=True)
    for array in [tape.h, tape.h_in, tape.c, tape.s, tape.dh, tape.dc, *(w.gradient for w in layer.weights)]:
        padding = array.reshape(-1, lanes(layer.dtype))[:, 1:]
        assert padding.size > 0 or array.size == 0
        np.testing.assert_array_equal(padding, 0)


@every_cell
def test_results_are_the_same_bits_for_every_number_of_threads(cell, dtype, same_bits):
    case = make_dropping(
        cell, batch=29, time=4, units=20, mask=True, return_sequences=True, dtype=dtype, **RATES["both"]
    )
    same_bits(lambda: results(case))


def results(case):
    dx, d_weights, d_states = case.vjp()
    return [*case.output(), dx, *d_weights, *d_states]
