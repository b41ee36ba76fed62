"""The gates, in float64: `step` is the oracle's, `step_backward` is the slope of `step`, for every activation."""

from __future__ import annotations

import pytest

from minirnn.kernels.activations import ACTIVATIONS
from reference.gate_checks import (
    STEPS,
    check_every_activation,
    check_normalise,
    check_oracle,
    check_slopes,
    check_zoneout,
)
from reference.gate_runs import RUNS, WITH


@pytest.mark.parametrize("name", STEPS)
def test_a_step_and_its_gates_are_those_of_the_oracle(name):
    check_oracle(name)


def test_zoneout_keeps_what_the_oracles_does():
    check_zoneout()


@pytest.mark.parametrize("name", RUNS)
def test_step_backward_is_the_derivative_of_step(name):
    check_slopes(name)


def test_normalise_backward_is_the_derivative_with_mean_and_scale_of_all_units():
    check_normalise()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("cell", WITH)
def test_step_backward_holds_for_every_activation_in_every_place(cell, name):
    check_every_activation(cell, [name])
