"""Dropout in the LSTM's siblings, its draws frozen: the oracle's numbers, and gradients that are slopes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from gradient_check import STEP, check_vjp
from recurrent_cases import RATES, SIBLINGS, every_rate, make_dropping
from test_lstm_siblings import assert_same, drawn, found_in, options_of

from minirnn import layers
from minirnn.kernels.vec import lanes
from reference import oracle

OPTIONS = {
    "last": {},
    "sequence": {"return_sequences": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "masked": {"return_sequences": True, "mask": True},
    "masked, backwards": {"return_sequences": True, "mask": True, "go_backwards": True},
    "masked, zero output": {"return_sequences": True, "mask": True, "zero_output_for_mask": True},
    "masked, last": {"mask": True},
    "one step": {"time": 1},
    "one row": {"batch": 1, "return_sequences": True},
    "one unit": {"units": 1, "return_sequences": True},
    "no bias": {"use_bias": False},
}
every_cell = pytest.mark.parametrize("cell", SIBLINGS)
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


class FrozenChance:
    """What zoneout draws, the same at each call; those of c and of h, of one shape, come in turn."""

    def __init__(self, seed):
        self.seed, self.calls = seed, 0
        self.bit_generator = SimpleNamespace(state=None)  # which no draw changes

    def random(self, shape, dtype):
        self.calls += 1
        return np.random.default_rng([self.seed, self.calls % 2, *shape]).random(shape, dtype)


def frozen(cell, **options):
    case = make_dropping(cell, **{"batch": 5, **options})
    if cell == "ZoneoutLSTM":
        case.layer._chance = FrozenChance(3)
    return case


def truth(case):
    """[y, last states .., dx, gradients of the weights .., and of the initial states ..] of the oracle.

    It knows no dropout, but rows of U: for one sample, h_prev times its mask, times U, is h_prev times (mask times U).
    """
    layer, (of_x, of_h) = case.layer, case.dropped()
    _, kept = drawn(case) if isinstance(layer, layers.ZoneoutLSTM) else (None, None)
    weights, found = layer.get_weights(), []
    for n in range(len(case.x)):
        sample = slice(n, n + 1)
        masked = [weights[0], of_h[n][:, None] * weights[1], *weights[2:]]
        tape = oracle.forward(
            type(layer).__name__, case.x[sample] * of_x[n], masked, [s[sample] for s in case.states],
            None if case.mask is None else case.mask[sample], options_of(layer),
            None if kept is None else [share[sample] for share in kept],
        )  # fmt: skip
        dy = {"d_sequence" if layer.return_sequences else "d_output": case.dy[sample]}
        back = oracle.backward(tape, **dy, d_states=[d[sample] for d in case.d_states])
        back.weights[1] *= of_h[n][:, None]
        y = tape.sequence if layer.return_sequences else tape.sequence[:, -1]
        found.append(([y, *tape.states, back.dx * of_x[n]], back.weights, back.initial_states))
    rows, d_weights, d_states = zip(*found, strict=True)
    joined = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    return [*joined, *map(sum, zip(*d_weights, strict=True)), *map(np.concatenate, zip(*d_states, strict=True))]


@every_option
@every_rate
@every_cell
def test_outputs_states_and_gradients_are_the_oracles(cell, rates, options):
    case = frozen(cell, **options, **rates)
    assert_same(found_in(case), truth(case), "float64")


@every_option
@every_rate
@every_cell
def test_gradients_of_input_weights_and_states_are_slopes(cell, rates, options):
    # With features dropped a row may be nearly level, and its normalization too steep for longer steps.
    check_vjp(frozen(cell, **options, **rates), step=2e-5 if cell == "LayerNormLSTM" else STEP)


@every_cell
def test_more_units_and_features_than_one_tile_holds(cell):
    W = lanes("float64")
    case = frozen(cell, batch=3, time=3, features=2 * W + 3, units=2 * W + 3, **RATES["both"])
    assert_same(found_in(case), truth(case), "float64")
    check_vjp(case)


@every_cell
def test_something_is_dropped_and_in_training_only(cell):
    plain, rated = (frozen(cell, return_sequences=True, **rates) for rates in ({}, RATES["both"]))
    assert np.abs(rated.output()[0] - plain.output()[0]).max() > 1e-3
    for case in (plain, rated):
        case.training = False
    np.testing.assert_array_equal(rated.output()[0], plain.output()[0])


def test_zoneout_draws_anew_for_each_step_of_a_call_in_training():
    """h stays where it is kept: for half of the units at each step, and not the same ones two steps later."""
    layer = layers.ZoneoutLSTM(200, zoneout=(0.0, 0.5), return_sequences=True, seed=1, dtype="float64")
    y = layer(np.ones((1, 9, 1)), training=True)[0]
    stays = np.abs(np.diff(y, axis=0)) == 0
    assert all(0.3 < share < 0.7 for share in stays.mean(axis=1))
    alike = (stays[2:] == stays[:-2]).mean()
    assert 0.4 < alike < 0.6
