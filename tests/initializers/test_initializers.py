"""Initializers draw from Keras's distributions, repeat by seed, and are found by Keras's names."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from minirnn import initializers, random
from minirnn.initializers import distributions
from minirnn.utils import set_random_seed

RANDOM = [
    "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "Orthogonal",
    "RandomUniform", "RandomNormal", "TruncatedNormal", "VarianceScaling",
]  # fmt: skip
FIXED = ["Zeros", "Ones", "Constant", "Identity"]
SHAPES = [(7, 5), (3, 40), (2, 3, 4)]


def quantiles(values):
    return np.quantile(np.asarray(values, np.float64), [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])


# Distributions


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", [(200, 300), (50, 40, 30)])
def test_the_distribution_is_that_of_keras(keras, name, shape):
    ours = getattr(initializers, name)(seed=1)(shape)
    theirs = np.asarray(getattr(keras.initializers, name)(seed=1)(shape))
    assert ours.dtype == theirs.dtype == np.float32
    spread = theirs.std()
    # 60,000 draws: a quantile is known to about a hundredth of the spread, the tails are less sharp.
    np.testing.assert_allclose(quantiles(ours)[1:-1], quantiles(theirs)[1:-1], atol=0.03 * spread)
    assert ours.std() == pytest.approx(spread, rel=0.02)
    if "Orthogonal" not in name and name != "RandomNormal":
        np.testing.assert_allclose(quantiles(ours)[[0, -1]], quantiles(theirs)[[0, -1]], rtol=0.01)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal", "normal"])
def test_variance_scaling_has_the_variance_that_it_promises(mode, distribution):
    values = initializers.VarianceScaling(3.0, mode, distribution, seed=5)((200, 500))
    fan = {"fan_in": 200, "fan_out": 500, "fan_avg": 350}[mode]
    assert values.var() == pytest.approx(3.0 / fan, rel=0.02)


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 4), (2, 2, 3, 4)])
def test_fans_are_those_of_keras(keras, shape):
    from keras.src.initializers.random_initializers import compute_fans

    assert initializers.compute_fans(shape) == compute_fans(shape)


def test_fans_follow_the_given_axes():
    assert initializers.compute_fans((2, 3, 4), input_axes=[0, 1], output_axes=[2]) == (6, 4)
    limit = np.abs(initializers.GlorotUniform(seed=0, input_axes=[0, 1], output_axes=[2])((20, 30, 40))).max()
    assert limit == pytest.approx(math.sqrt(6 / 640), rel=1e-3)


def test_truncated_normal_stays_within_two_standard_deviations():
    values = initializers.TruncatedNormal(mean=1.0, stddev=0.5, seed=3)((300, 300), "float64")
    assert 0 <= values.min() < 0.01 and 1.99 < values.max() <= 2
    assert values.std() == pytest.approx(0.5 * distributions.TRUNCATED_STDDEV, rel=0.01)


@pytest.mark.parametrize("shape", [(6, 6), (5, 20), (20, 5), (2, 3, 4), (1, 1), (1, 4)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal_rows_or_columns_are_orthonormal(shape, gain):
    q = initializers.Orthogonal(gain, seed=2)(shape, "float64").reshape(-1, shape[-1])
    product = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-14)


def test_orthogonal_is_uniform_over_the_orthogonal_matrices():
    # Without the correction of signs, the diagonal of a QR factor leans to one side.
    seeds = random.SeedGenerator(0)
    draws = np.stack([initializers.Orthogonal(seed=seeds)((3, 3)) for _ in range(2000)])
    assert np.abs(draws.mean(axis=0)).max() < 0.06
    np.testing.assert_allclose(draws.std(axis=0), math.sqrt(1 / 3), atol=0.03)


@pytest.mark.parametrize("name", FIXED)
def test_fixed_values_are_those_of_keras(keras, name, dtype):
    ours = getattr(initializers, name)()((4, 6), dtype)
    np.testing.assert_array_equal(ours, np.asarray(getattr(keras.initializers, name)()((4, 6), dtype)))
    assert ours.dtype == dtype


def test_gain_and_value_are_used():
    np.testing.assert_array_equal(initializers.Identity(3.0)((2, 3)), [[3, 0, 0], [0, 3, 0]])
    np.testing.assert_array_equal(initializers.Constant(-2.5)((2,)), [-2.5, -2.5])


# Seeds


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", SHAPES)
def test_one_seed_gives_one_draw(name, shape, dtype):
    make = getattr(initializers, name)
    first, again = make(seed=11), make(seed=11)
    a, b, c = first(shape, dtype), first(shape, dtype), again(shape, dtype)
    assert a.tobytes() == b.tobytes() == c.tobytes()
    assert a.tobytes() != make(seed=12)(shape, dtype).tobytes()
    assert a.shape == shape and a.dtype == dtype and a.flags.carray


@pytest.mark.parametrize("name", RANDOM)
def test_a_float32_draw_is_the_rounded_float64_draw(name):
    make = getattr(initializers, name)
    np.testing.assert_array_equal(make(seed=4)((6, 5)), make(seed=4)((6, 5), "float64").astype("float32"))


@pytest.mark.parametrize("name", RANDOM)
def test_set_random_seed_repeats_unseeded_draws(name):
    make = getattr(initializers, name)
    set_random_seed(7)
    first = [make()((4, 4)) for _ in range(2)]
    set_random_seed(7)
    again = [make()((4, 4)) for _ in range(2)]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_an_unseeded_initializer_repeats_itself_as_in_keras():
    make = initializers.GlorotUniform()
    np.testing.assert_array_equal(make((3, 3)), make((3, 3)))
    assert not np.array_equal(make((3, 3)), make.clone()((3, 3)))


def test_a_seed_generator_gives_another_draw_each_time():
    make = initializers.HeNormal(seed=random.SeedGenerator(5))
    assert not np.array_equal(make((3, 3)), make((3, 3)))


def test_the_number_of_blas_threads_does_not_change_a_bit():
    code = (
        "import hashlib; from minirnn.initializers import Orthogonal;"
        "print(hashlib.sha256(Orthogonal(seed=1)((64, 256)).tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(digests) == 1 and digests.pop().strip()


# Names and configurations


@pytest.mark.parametrize("name", RANDOM + FIXED)
def test_keras_and_minirnn_know_the_same_names(keras, name):
    for spelling in (name, keras.src.utils.naming.to_snake_case(name)):
        assert type(initializers.get(spelling)).__name__ == getattr(keras.initializers, spelling).__name__ == name
        assert getattr(initializers, spelling) is getattr(initializers, name)


@pytest.mark.parametrize("alias", ["normal", "uniform", "zero", "one", "OrthogonalInitializer", "IdentityInitializer"])
def test_older_names_are_known(keras, alias):
    assert type(initializers.get(alias)).__name__ == type(keras.initializers.get(alias)).__name__


@pytest.mark.parametrize("name", RANDOM + FIXED)
def test_a_configuration_makes_an_equal_initializer(name):
    options = {"seed": 9} if name in RANDOM else {}
    original = getattr(initializers, name)(**options)
    for copy in (initializers.deserialize(initializers.serialize(original)), original.clone()):
        assert type(copy) is type(original) and copy.get_config() == original.get_config()
        np.testing.assert_array_equal(copy((3, 3)), original((3, 3)))


@pytest.mark.parametrize("name", RANDOM + FIXED)
def test_configurations_pass_between_keras_and_minirnn(keras, name):
    options = {"seed": 9} if name in RANDOM else {}
    ours = initializers.serialize(getattr(initializers, name)(**options))
    theirs = keras.initializers.serialize(getattr(keras.initializers, name)(**options))
    if name == "Identity":  # Keras forgets the gain.
        theirs["config"] = {"gain": 1.0}
    assert ours == theirs
    assert type(keras.initializers.deserialize(ours)).__name__ == name


def test_a_seed_generator_survives_the_configuration():
    original = initializers.HeNormal(seed=random.SeedGenerator(5))
    copy = initializers.deserialize(initializers.serialize(original))
    np.testing.assert_array_equal(copy((3, 3)), original((3, 3)))


def test_classes_functions_arrays_and_objects_are_taken_as_they_are():
    def mine(shape, dtype=None):
        return np.full(shape, 7, dtype)

    made = initializers.HeNormal(seed=1)
    assert initializers.get(made) is made and initializers.get(mine) is mine and initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    given = initializers.get(np.arange(4.0).reshape(2, 2))
    np.testing.assert_array_equal(given((2, 2), "float32"), [[0, 1], [2, 3]])
    with pytest.raises(ValueError, match=r"shape \(2, 2\), the weight \(4,\)"):
        given((4,))
    assert initializers.deserialize(initializers.serialize(mine), {"mine": mine}) is mine


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: initializers.get("glorot_unifrom"), "unknown initializer 'glorot_unifrom'; did you mean"),
        (lambda: initializers.get("qqq"), "unknown initializer 'qqq'; known are constant"),
        (lambda: initializers.get({"config": {}}), "needs a 'class_name'"),
        (lambda: initializers.get({"class_name": "Zeros", "config": {"x": 1}}), "Zeros does not fit"),
        (lambda: initializers.VarianceScaling(scale=0), "scale must be positive, got 0"),
        (lambda: initializers.VarianceScaling(scale=math.nan), "scale must be a finite number, got nan"),
        (lambda: initializers.VarianceScaling(mode="fan"), "mode must be 'fan_in', 'fan_out' or 'fan_avg', got 'fan'"),
        (lambda: initializers.VarianceScaling(distribution="x"), "distribution must be 'truncated_normal', "),
        (lambda: initializers.RandomNormal(stddev=-1), "stddev must not be negative, got -1"),
        (lambda: initializers.RandomUniform(1, 0), "minval must not exceed maxval"),
        (lambda: initializers.Constant("1"), "value must be a finite number, got '1'"),
        (lambda: initializers.Orthogonal(gain=None), "gain must be a finite number"),
        (lambda: initializers.Orthogonal()((3,)), r"at least two axes, got \(3,\)"),
        (lambda: initializers.Identity()((2, 2, 2)), r"matrices only, got the shape \(2, 2, 2\)"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("seed", [1.5, "1", True])
def test_a_seed_that_is_no_integer_is_refused(seed):
    with pytest.raises(TypeError, match="seed must be an integer"):
        initializers.HeNormal(seed=seed)
    with pytest.raises(TypeError, match="initializer must be a name"):
        initializers.get(3)
