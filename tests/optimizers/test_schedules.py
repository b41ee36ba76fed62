"""Learning rate schedules: Keras's values, arguments and configurations; optimizers that follow them."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
from stepping import SHAPES, compare, steps, weights_of

from minirnn import optimizers
from minirnn.optimizers import schedules

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 10, 20], "values": [1.0, 0.5, 0.25, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [3], "values": [1.0, 0.5]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "end_learning_rate": 0.01, "power": 2.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "power": 0.5, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 17}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 17, "alpha": 0.25}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 9, "warmup_target": 0.5, "warmup_steps": 5}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 9, "warmup_target": 0.5, "warmup_steps": 0}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 6}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.5, "alpha": 0.1}),
]
IDS = [f"{name}-{len(options)}-{k}" for k, (name, options) in enumerate(CASES)]
NAMES = list(dict.fromkeys(name for name, _ in CASES))


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_values_are_those_of_keras(keras, name, options):
    ours, theirs = getattr(schedules, name)(**options), getattr(keras.optimizers.schedules, name)(**options)
    expected = np.array([float(theirs(step)) for step in range(70)])
    found = [ours(step) for step in range(70)]
    assert all(type(value) is float for value in found)
    # Keras computes in float32, and subtracts numbers of the size of the highest rate.
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=5e-7 * expected.max())


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_arrays_of_steps_give_arrays_of_rates(name, options):
    schedule = getattr(schedules, name)(**options)
    many = schedule(np.arange(12).reshape(3, 4))
    assert many.shape == (3, 4)
    assert many.ravel().tolist() == [schedule(step) for step in range(12)]
    assert schedule(np.int64(5)) == schedule(np.array(5)) == schedule(5.0) == schedule(5)


@pytest.mark.parametrize("t_mul", [1.1, 2.0, 3.0, 7.0])
def test_every_restart_begins_at_its_height(t_mul):
    schedule = schedules.CosineDecayRestarts(1.0, first_decay_steps=10, t_mul=t_mul, m_mul=0.5)
    starts = [10 * (t_mul**period - 1) / (t_mul - 1) for period in range(1, 9)]
    for period, start in enumerate(starts, 1):
        assert schedule(start * (1 + 1e-12)) == pytest.approx(0.5**period, rel=1e-6)
        assert schedule(start * (1 - 1e-7)) < 1e-6


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_a_configuration_makes_an_equal_schedule_here_and_in_keras(keras, name, options):
    ours = getattr(schedules, name)(**options)
    config = json.loads(json.dumps(schedules.serialize(ours)))
    theirs = keras.optimizers.schedules.deserialize(config)
    assert type(theirs).__name__ == name and theirs.get_config() == ours.get_config()
    assert config == json.loads(json.dumps(keras.optimizers.schedules.serialize(theirs)))
    back = schedules.deserialize(config)
    assert type(back) is type(ours) and [back(step) for step in range(9)] == [ours(step) for step in range(9)]


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_defaults_are_those_of_keras_in_its_order(keras, name):
    ours, theirs = (
        [(p.name, p.default) for p in inspect.signature(getattr(library, name)).parameters.values()]
        for library in (schedules, keras.optimizers.schedules)
    )
    assert ours == theirs


BAD = [
    ("ExponentialDecay", (-0.1, 10, 0.5), "initial_learning_rate"),
    ("ExponentialDecay", (float("nan"), 10, 0.5), "initial_learning_rate"),
    ("ExponentialDecay", (0.1, 0, 0.5), "decay_steps"),
    ("ExponentialDecay", (0.1, 10, -0.5), "decay_rate"),
    ("InverseTimeDecay", (0.1, -1, 0.5), "decay_steps"),
    ("InverseTimeDecay", (0.1, 10, "much"), "decay_rate"),
    ("PolynomialDecay", (0.1, 0), "decay_steps"),
    ("PolynomialDecay", (0.1, 10, -0.1), "end_learning_rate"),
    ("PolynomialDecay", (0.1, 10, 0.01, -1), "power"),
    ("PiecewiseConstantDecay", ([1, 2], [0.1, 0.2]), "2 values and 2 boundaries"),
    ("PiecewiseConstantDecay", ([2, 1], [0.1, 0.2, 0.3]), "boundaries must rise"),
    ("PiecewiseConstantDecay", ([1], [0.1, -0.2]), r"values\[1\]"),
    ("CosineDecay", (0.1, 0), "decay_steps"),
    ("CosineDecay", (0.1, 10, -1), "alpha"),
    ("CosineDecay", (0.1, 10, 0.0, "name", -1.0), "warmup_target"),
    ("CosineDecay", (0.1, 10, 0.0, "name", 1.0, -1), "warmup_steps"),
    ("CosineDecayRestarts", (0.1, 0), "first_decay_steps"),
    ("CosineDecayRestarts", (0.1, 10, 0.5), "t_mul"),
    ("CosineDecayRestarts", (0.1, 10, 2.0, -1), "m_mul"),
]


@pytest.mark.parametrize("name, arguments, match", BAD)
def test_bad_arguments_are_refused_in_one_line(name, arguments, match):
    with pytest.raises(ValueError, match=match) as caught:
        getattr(schedules, name)(*arguments)
    assert "\n" not in str(caught.value)


# --- in an optimizer ---


def scheduled(library, name="SGD", **options):
    schedule = library.schedules.PiecewiseConstantDecay([4, 9, 17], [0.05, 0.003, 0.02, 0.001])
    return getattr(library, name)(schedule, **options)


@pytest.mark.parametrize(
    "options", [{}, {"weight_decay": 0.1}, {"gradient_accumulation_steps": 3, "weight_decay": 0.1}], ids=len
)
@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Nadam"])
def test_steps_follow_a_schedule_as_in_keras(keras, rng, name, options, dtype):
    ours, theirs, *_ = compare(keras, rng, lambda library: scheduled(library, name, **options), dtype)
    assert ours.learning_rate == float(theirs.learning_rate)
    assert [v.name for v in ours.variables[:1]] == ["iteration"] != [v.name for v in ours.variables[1:2]]


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_the_rate_of_an_optimizer_is_that_of_its_schedule_at_its_steps(rng, name, options):
    schedule = getattr(schedules, name)(**options)
    optimizer, weights = optimizers.SGD(schedule), weights_of([np.zeros((3,))], "float64")
    last = 0.0
    for step in range(20):
        assert optimizer.learning_rate == pytest.approx(schedule(step), rel=1e-7)
        value = steps(optimizer, weights, [[np.ones(3)]])[0][0][0]
        assert last - value == pytest.approx(schedule(step), rel=1e-6, abs=1e-12)
        last = value


def test_a_function_without_arguments_is_asked_at_every_step(keras, rng):
    def make(library):
        asked = []

        def rate():
            asked.append(True)
            return 0.5 / 2.0 ** (len(asked) % 3)

        return library.SGD(rate)

    compare(keras, rng, make, "float64")


class Hyperbola(schedules.LearningRateSchedule):
    def __init__(self, top):
        self.top = top

    def __call__(self, step):
        return self.top / (step + 1)

    def get_config(self):
        return {"top": self.top}


def a_rate():
    return 0.25


def test_a_schedule_of_one_s_own_is_followed_and_comes_back_from_its_configuration():
    optimizer, weights = optimizers.SGD(Hyperbola(1.0)), weights_of([np.zeros((3,))], "float64")
    after = steps(optimizer, weights, [[np.ones(3)]] * 3)
    np.testing.assert_allclose([a[0][0] for a in after], [-1, -1.5, -1.5 - 1 / 3], rtol=1e-7)
    config = optimizers.serialize(optimizer)
    back = optimizers.deserialize(config, custom_objects={"Hyperbola": Hyperbola})
    assert back.learning_rate == 1.0 and back.get_config() == optimizer.get_config()
    assert optimizers.SGD.from_config(config["config"], {"Hyperbola": Hyperbola}).learning_rate == 1.0
    with pytest.raises(ValueError, match="unknown learning rate schedule 'Hyperbola'"):
        optimizers.deserialize(config)


def test_a_function_comes_back_by_its_name():
    config = optimizers.serialize(optimizers.SGD(a_rate))
    assert optimizers.deserialize(config, {"a_rate": a_rate}).learning_rate == 0.25
    with pytest.raises(TypeError, match="cannot be serialized as a learning rate"):
        optimizers.serialize(optimizers.SGD(type("Rate", (), {"__call__": lambda self: 0.5})()))


@pytest.mark.parametrize("name, options", CASES, ids=IDS)
def test_a_configuration_of_an_optimizer_holds_its_schedule_for_keras_too(keras, name, options):
    ours = optimizers.AdamW(getattr(schedules, name)(**options))
    config = json.loads(json.dumps(optimizers.serialize(ours)))
    theirs = keras.optimizers.deserialize(json.loads(json.dumps(config)))
    assert json.loads(json.dumps(keras.optimizers.serialize(theirs))) == config
    back = optimizers.deserialize(config)
    assert back.get_config() == ours.get_config()
    assert optimizers.AdamW.from_config(config["config"]).get_config() == ours.get_config()


def test_a_number_cannot_be_set_where_a_schedule_is_in_charge_but_another_schedule_can(keras):
    for library in (optimizers, keras.optimizers):
        optimizer = scheduled(library)
        with pytest.raises(TypeError):
            optimizer.learning_rate = 0.5
        optimizer.learning_rate = library.schedules.ExponentialDecay(0.125, 10, 0.5)
        assert float(optimizer.learning_rate) == 0.125
    with pytest.raises(TypeError, match="cannot be set to a number"):
        optimizers.SGD(a_rate).learning_rate = 0.5


def test_a_number_gives_way_to_a_schedule_as_in_keras(keras):
    for library in (optimizers, keras.optimizers):
        optimizer = library.SGD(0.5)
        optimizer.learning_rate = library.schedules.ExponentialDecay(0.125, 10, 0.5)
        assert float(optimizer.learning_rate) == 0.125
        assert [v.name for v in optimizer.variables] == ["iteration"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, None, "fast"])
def test_a_schedule_that_gives_no_rate_stops_the_step_before_anything_changes(value):
    weights = weights_of([np.ones(SHAPES[0])], "float64")
    optimizer = optimizers.SGD(0.5, gradient_accumulation_steps=2)
    steps(optimizer, weights, [[np.ones(SHAPES[0])]])
    before = [v.numpy() for v in optimizer.variables]
    optimizer.learning_rate = lambda: value
    with pytest.raises(ValueError, match="the learning rate at step 1 must be a finite number of at least 0") as caught:
        optimizer.apply()
    assert "\n" not in str(caught.value) and optimizer.variables[0].numpy() == before[0]
    np.testing.assert_array_equal(weights[0].numpy(), np.ones(SHAPES[0]))
    np.testing.assert_array_equal(optimizer.variables[1].numpy(), before[2])


def test_a_bare_schedule_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match="must define __call__"):
        schedules.LearningRateSchedule()(0)
    with pytest.raises(NotImplementedError, match="must define get_config"):
        schedules.serialize(schedules.LearningRateSchedule())
