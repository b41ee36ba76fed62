"""SGD, RMSprop and Adam: step by step Keras's parameters, on random gradients; arguments, configurations."""

from __future__ import annotations

import numpy as np
import pytest

from minirnn import optimizers
from minirnn.layers.weight import TileLayout, Weight
from reference import keras_side

SHAPES = [(5, 3), (3,), (4, 2)]
STEPS = 6
# A step moves a parameter by about the learning rate: what may differ is rounding, relative to the parameter.
TOLERANCE = {"float32": {"rtol": 2e-6, "atol": 1e-6}, "float64": {"rtol": 1e-12, "atol": 1e-13}}

# Keras rounds some of these numbers to float32 on their way; sums of powers of two stay what they are.
CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.875}),
    ("SGD", {"momentum": 0.875, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.5}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.75}),
    ("RMSprop", {"momentum": 0.75, "centered": True, "epsilon": 2.0**-10}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 2.0**-7}),
    ("Adam", {"amsgrad": True}),
]
CLIPS = [{"clipnorm": 0.5}, {"clipvalue": 0.25}, {"global_clipnorm": 0.75}, {"clipnorm": 2.0**20}]
IDS = ["-".join([name, *options]) for name, options in CASES]


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def weights_of(values, dtype):
    """Weights as a model has them: each in whole registers, padded with zeros."""
    weights = []
    for k, value in enumerate(values):
        weight = Weight(f"w{k}", value.shape, TileLayout(value.shape[-1], [[0]], 1, dtype), "layer")
        weight.assign(value)
        weights.append(weight)
    return weights


def steps(optimizer, weights, gradients):
    """The parameters after each step."""
    optimizer.build(weights)
    optimizer.select(weights)
    after = []
    for step in gradients:
        for weight, gradient in zip(weights, step, strict=True):
            weight.layout.pack(gradient, weight.gradient)
        optimizer.apply()
        after.append([weight.numpy() for weight in weights])
    return after


def keras_steps(keras, optimizer, values, gradients, dtype):
    variables = [keras.Variable(value, dtype=dtype) for value in values]
    after = []
    for step in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(g, dtype) for g in step], variables)
        after.append([v.numpy().copy() for v in variables])
    return after


def compare(keras, rng, name, options, dtype):
    options = {"learning_rate": 2.0**-9} | options
    values = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    # Gradients from large to tiny, where the place of epsilon shows; and one weight that has none.
    sizes = [1.0, 1e-3, 1e-7]
    gradients = [
        [(size * rng.standard_normal(shape)).astype(dtype) for size, shape in zip(sizes, SHAPES, strict=True)]
        for _ in range(STEPS)
    ]
    gradients[2] = [np.zeros_like(g) for g in gradients[2]]
    with keras_side.precision(dtype):
        theirs = getattr(keras.optimizers, name)(**options)
        expected = keras_steps(keras, theirs, values, gradients, dtype)
        ours = getattr(optimizers, name)(**options)
    after = steps(ours, weights_of(values, dtype), gradients)
    for mine, other in zip(after, expected, strict=True):
        for weight, value in zip(mine, other, strict=True):
            np.testing.assert_allclose(weight, value, **TOLERANCE[dtype])
    return ours, theirs


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_every_step_and_all_that_is_kept_are_those_of_keras(keras, rng, name, options, dtype):
    ours, theirs = compare(keras, rng, name, options, dtype)
    assert len(ours.variables) == len(theirs.variables)
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        assert (mine.shape, mine.dtype) == (tuple(other.shape), other.dtype)
        assert mine.numpy().shape == mine.shape and mine.numpy().dtype == mine.dtype
        expected = other.numpy()
        scale = np.abs(expected).max()
        np.testing.assert_allclose(mine.numpy(), expected, rtol=0, atol=TOLERANCE[dtype]["rtol"] * scale)


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: "-".join(f"{k}_{v}" for k, v in clip.items()))
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_clipped_steps_are_those_of_keras(keras, rng, name, clip):
    compare(keras, rng, name, {"learning_rate": 0.125, **clip}, "float64")


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_the_padding_of_the_arena_stays_zero(rng, name, options):
    weights = weights_of([rng.standard_normal(shape) for shape in SHAPES], "float64")
    steps(getattr(optimizers, name)(**options), weights, [[rng.standard_normal(s) for s in SHAPES] for _ in range(3)])
    for weight in weights:
        assert weight.packed.size > weight.size == np.count_nonzero(weight.numpy())
        assert np.count_nonzero(weight.packed) == weight.size


def test_a_learning_rate_set_between_steps_counts_from_then_on(rng):
    weights = weights_of([np.ones((2, 3))], "float64")
    optimizer = optimizers.SGD(0.5)
    gradient = [[np.ones((2, 3))]]
    steps(optimizer, weights, gradient)
    optimizer.learning_rate = 0.125
    assert optimizer.learning_rate == 0.125
    np.testing.assert_array_equal(steps(optimizer, weights, gradient)[0][0], np.full((2, 3), 1 - 0.5 - 0.125))
    assert optimizer.iterations == 2


@pytest.mark.parametrize("learning_rate", [1, np.float32(0.5), np.float64(0.5), np.array(0.5)])
def test_numbers_of_numpy_are_learning_rates_too(learning_rate):
    optimizer = optimizers.Adam(learning_rate)
    assert type(optimizer.learning_rate) is float and optimizer.learning_rate == float(learning_rate)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5)])
def test_numbers_of_numpy_are_options_too(value):
    assert optimizers.Adam(beta_1=value).beta_1 == 0.5
    assert optimizers.SGD(momentum=value).momentum == 0.5


def test_the_defaults_are_those_of_keras(keras):
    for name in ("SGD", "RMSprop", "Adam"):
        ours, theirs = getattr(optimizers, name)().get_config(), getattr(keras.optimizers, name)().get_config()
        for key, value in ours.items():
            if key != "name":
                assert theirs[key] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value), key


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_a_configuration_makes_an_equal_optimizer_here_and_in_keras(keras, name, options):
    optimizer = getattr(optimizers, name)(learning_rate=0.25, clipnorm=1.0, **options)
    config = optimizers.serialize(optimizer)
    assert optimizers.deserialize(config).get_config() == optimizer.get_config()
    theirs = keras.optimizers.deserialize(config)
    assert type(theirs).__name__ == name
    back = optimizers.deserialize(keras.optimizers.serialize(theirs))
    for key, value in optimizer.get_config().items():
        # Keras keeps the learning rate in float32.
        assert back.get_config()[key] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value), key


@pytest.mark.parametrize("argument", [{"weight_decay": 0.01}, {"use_ema": True}, {"gradient_accumulation_steps": 2}])
def test_what_is_not_supported_yet_is_named(argument):
    with pytest.raises(NotImplementedError, match=next(iter(argument))):
        optimizers.SGD(**argument)


@pytest.mark.parametrize(
    "name, cls", [("adam", optimizers.Adam), ("SGD", optimizers.SGD), ("RmsProp", optimizers.RMSprop)]
)
def test_names_in_any_case_find_their_optimizer(name, cls):
    assert type(optimizers.get(name)) is cls


def test_objects_classes_and_configurations_stand_for_an_optimizer():
    optimizer = optimizers.Adam(0.5)
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(optimizers.serialize(optimizer)).learning_rate == 0.5


def test_the_learning_rate_of_older_scripts_is_taken():
    optimizer = optimizers.SGD(lr=0.25)
    assert optimizer.learning_rate == optimizer.lr == 0.25


@pytest.mark.parametrize("argument", ["momentum", "rho", "beta_1"])
@pytest.mark.parametrize("value", [-0.1, 1.0, 1.5, float("nan"), "much", None, True])
def test_shares_outside_zero_to_one_are_refused(argument, value):
    cls = {"momentum": optimizers.SGD, "rho": optimizers.RMSprop, "beta_1": optimizers.Adam}[argument]
    with pytest.raises((ValueError, TypeError), match=argument) as caught:
        cls(**{argument: value})
    assert "\n" not in str(caught.value)
