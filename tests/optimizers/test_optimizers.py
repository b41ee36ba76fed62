"""Every optimizer: step by step Keras's parameters, on random gradients; arguments, names, configurations."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from stepping import SHAPES, compare, steps, weights_of

from minirnn import optimizers

CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.875, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.5}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.7}),
    ("RMSprop", {"momentum": 0.75, "centered": True, "epsilon": 2.0**-10}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.6, "beta_2": 0.7, "epsilon": 2.0**-7}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
    ("Adamax", {}),
    ("Adamax", {"beta_1": 0.6, "beta_2": 0.7, "epsilon": 0.01}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.6, "beta_2": 0.7, "epsilon": 0.01}),
    ("Adagrad", {}),
    ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 0.01}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.7, "epsilon": 0.01}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.6, "beta_2": 0.7}),
]
NAMES = list(dict.fromkeys(name for name, _ in CASES))
CLIPS = [{"clipnorm": 0.5}, {"clipvalue": 0.25}, {"global_clipnorm": 0.75}, {"clipnorm": 2.0**20}]
IDS = ["-".join([name, *options]) for name, options in CASES]


@pytest.fixture
def rng():
    return np.random.default_rng(8)


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_every_step_and_all_that_is_kept_are_those_of_keras(keras, rng, name, options, dtype):
    compare(keras, rng, lambda library: getattr(library, name)(**{"learning_rate": 0.003} | options), dtype)


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: "-".join(f"{k}_{v}" for k, v in clip.items()))
@pytest.mark.parametrize("name", ["SGD", "Adam", "Lion"])
def test_clipped_steps_are_those_of_keras(keras, rng, name, clip):
    compare(keras, rng, lambda library: getattr(library, name)(0.125, **clip), "float64")


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
    assert isinstance(optimizer.learning_rate, float) and optimizer.learning_rate == float(learning_rate)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5)])
def test_numbers_of_numpy_are_options_too(value):
    assert optimizers.Adam(beta_1=value).beta_1 == 0.5
    assert optimizers.SGD(momentum=value).momentum == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_defaults_are_those_of_keras_in_its_order(keras, name):
    ours, theirs = (
        [(p.name, p.default) for p in inspect.signature(getattr(library, name)).parameters.values()]
        for library in (optimizers, keras.optimizers)
    )
    named = [(key, default) for key, default in theirs if key != "kwargs"]
    assert [argument for argument in ours if argument[0] != "older"] == named
    # and so they are taken
    values = {"learning_rate": 0.5, "weight_decay": 0.25, "use_ema": True, "ema_overwrite_frequency": 3}
    positional = [values.get(key, default) for key, default in named]
    assert getattr(optimizers, name)(*positional).get_config() == getattr(optimizers, name)(**values).get_config()


def test_an_optimizer_of_one_s_own_has_the_arguments_that_it_names():
    class Slow(optimizers.SGD):
        def __init__(self, share):
            super().__init__(share / 100)

    assert list(inspect.signature(Slow).parameters) == ["share"]
    assert Slow(50).learning_rate == 0.5 and Slow(50).name == "slow"


@pytest.mark.parametrize("name", NAMES)
def test_a_configuration_holds_what_keras_s_holds(keras, name):
    ours, theirs = getattr(optimizers, name)().get_config(), getattr(keras.optimizers, name)().get_config()
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        if key != "name":
            assert ours[key] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value), key


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


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_case_find_their_optimizer(keras, name):
    for spelling in (name, name.lower(), name.upper()):
        assert type(optimizers.get(spelling)) is getattr(optimizers, name)
        assert type(keras.optimizers.get(spelling)) is getattr(keras.optimizers, name)
        assert type(optimizers.get({"class_name": spelling, "config": {}})) is getattr(optimizers, name)


@pytest.mark.parametrize("name, nearest", [("adamv", "adam"), ("nadm", "nadam"), ("lyon", "lion")])
def test_a_misspelt_name_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=f"did you mean '{nearest}"):
        optimizers.get(name)


def test_objects_classes_and_configurations_stand_for_an_optimizer():
    optimizer = optimizers.Adam(0.5)
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(optimizers.serialize(optimizer)).learning_rate == 0.5


@pytest.mark.parametrize(
    "name, argument",
    [
        ("SGD", "momentum"), ("RMSprop", "rho"), ("RMSprop", "momentum"), ("Adam", "beta_1"), ("AdamW", "beta_2"),
        ("Adamax", "beta_1"), ("Nadam", "beta_2"), ("Adadelta", "rho"), ("Lion", "beta_1"), ("Lion", "beta_2"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [-0.1, 1.0, 1.5, float("nan"), "much", None, True])
def test_shares_outside_zero_to_one_are_refused(name, argument, value):
    with pytest.raises((ValueError, TypeError), match=argument) as caught:
        getattr(optimizers, name)(**{argument: value})
    assert "\n" not in str(caught.value)


BAD = {
    "weight_decay": [-0.1, float("nan"), float("inf"), "much", True],
    "ema_momentum": [-0.1, 1.1, float("nan"), "much", None, True],
    "ema_overwrite_frequency": [0, -1, 1.5, True, "often"],
    "gradient_accumulation_steps": [0, 1, -2, 1.5, 2.0, True, "two"],
    "loss_scale_factor": [0.0, -1.0, float("nan"), "much"],
    "clipnorm": [0.0, -1.0, float("nan"), "much"],
    "learning_rate": [0.0, -1.0, float("nan"), float("inf"), "fast", None, True, optimizers.schedules.CosineDecay],
}


@pytest.mark.parametrize("argument, value", [(argument, value) for argument, values in BAD.items() for value in values])
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_bad_options_are_refused_in_one_line(name, argument, value):
    with pytest.raises((ValueError, TypeError), match=argument) as caught:
        getattr(optimizers, name)(**{argument: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, options",
    [
        ("AdamW", {"weight_decay": None}), ("Lion", {"beta_1": 0.0}), ("Adam", {"epsilon": 0.0}),
        ("Adagrad", {"initial_accumulator_value": -0.1}), ("Adadelta", {"epsilon": float("nan")}),
        ("Nadam", {"epsilon": -1}), ("Adamax", {"epsilon": "small"}),
    ],
)  # fmt: skip
def test_bad_arguments_of_one_optimizer_are_refused_in_one_line(name, options):
    with pytest.raises(ValueError, match=next(iter(options))) as caught:
        getattr(optimizers, name)(**options)
    assert "\n" not in str(caught.value)
