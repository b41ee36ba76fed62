"""The oracle's activations are Keras's, and their derivatives are the slopes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference import oracle
from reference.activations import NAMES, activate, activate_backward

# Away from the kinks at 0, +-0.5, +-1, +-3 and 6, where a slope from one side is as good as the other.
POINTS = np.array([-30.0, -7.3, -3.4, -2.6, -1.2, -0.7, -0.3, -1e-3, 2e-3, 0.4, 0.6, 0.9, 1.3, 2.7, 3.2, 5.7, 6.4, 9.1])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("gelu", "leaky_relu")])
def test_each_is_the_activation_that_keras_has_by_that_name(keras, name):
    expected = np.asarray(keras.activations.get(name)(POINTS[None]))[0]
    np.testing.assert_allclose(activate(name, POINTS), expected, rtol=1e-12, atol=1e-12)


def test_leaky_relu_has_the_slope_0_2_which_tensorflow_keeps_in_float32(keras):
    expected = np.asarray(keras.activations.leaky_relu(POINTS))
    np.testing.assert_allclose(activate("leaky_relu", POINTS), np.where(POINTS > 0, POINTS, 0.2 * POINTS), rtol=1e-15)
    np.testing.assert_array_equal(expected, np.where(POINTS > 0, POINTS, float(np.float32(0.2)) * POINTS))


def test_gelu_has_the_root_of_one_half_which_tensorflow_keeps_in_float32(keras):
    rounded = float(np.float32(math.sqrt(0.5))) / math.sqrt(0.5)
    expected = np.asarray(keras.activations.gelu(POINTS))
    np.testing.assert_allclose(activate("gelu", POINTS * rounded) / rounded, expected, rtol=1e-12, atol=1e-15)


def test_keras_has_no_other_that_takes_a_vector_of_any_length(keras):
    from keras.src.activations import ALL_OBJECTS_DICT

    assert set(ALL_OBJECTS_DICT) - set(NAMES) == {"glu", "threshold"}


@pytest.mark.parametrize("name", NAMES)
def test_each_derivative_is_the_slope(name):
    rng, step = np.random.default_rng(0), 1e-6
    points, dy = POINTS[POINTS < 9] if name == "exponential" else POINTS, rng.normal(size=POINTS.size)
    dy = dy[: points.size]
    dx = activate_backward(name, points, dy)
    for index in range(points.size):
        move = step * (np.arange(points.size) == index)
        slope = dy @ (activate(name, points + move) - activate(name, points - move)) / (2 * step)
        assert dx[index] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_an_unknown_name_is_refused_in_one_line():
    with pytest.raises(ValueError, match="activation='tahn' is not known") as caught:
        activate("tahn", POINTS)
    assert "\n" not in str(caught.value)


def test_none_is_linear():
    np.testing.assert_array_equal(activate(None, POINTS), POINTS)
    options = oracle.Options(activation=None, recurrent_activation=None)
    tape = oracle.forward("SimpleRNN", np.ones((1, 1, 2)), [np.ones((2, 1)), np.ones((1, 1))], options=options)
    np.testing.assert_array_equal(tape.output, [[2.0]])
