"""Weight decay, moving averages, accumulated gradients, loss scale: Keras's steps, with all optimizers alike."""

from __future__ import annotations

import numpy as np
import pytest
from stepping import TOLERANCE, compare, some_gradients, some_values, steps, weights_of

import minirnn
from minirnn import layers, optimizers

DECAY = {"weight_decay": 0.1}
EMA = {"use_ema": True, "ema_momentum": 0.8}
ROUNDS = {"gradient_accumulation_steps": 3}
OPTIONS = [
    DECAY,
    EMA,
    EMA | {"ema_overwrite_frequency": 1},
    EMA | {"ema_overwrite_frequency": 4},
    EMA | {"ema_momentum": 0.0},
    EMA | {"ema_momentum": 1.0, "ema_overwrite_frequency": 7},
    ROUNDS,
    {"gradient_accumulation_steps": 7},
    ROUNDS | {"clipnorm": 0.5},
    ROUNDS | {"global_clipnorm": 0.5},
    ROUNDS | EMA,
    ROUNDS | EMA | {"ema_overwrite_frequency": 2},
    ROUNDS | EMA | DECAY | {"clipvalue": 0.2},
]
NAMES = ["SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "Lion"]


def name_of(options):
    return "-".join(f"{key}_{value}" for key, value in options.items())


@pytest.fixture
def rng():
    return np.random.default_rng(12)


# Options are worked out in one way for both dtypes: float32, which every optimizer is compared in, when asked for.
each_dtype = pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])


@each_dtype
@pytest.mark.parametrize("options", OPTIONS, ids=name_of)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_options_change_the_steps_as_in_keras(keras, rng, name, options, dtype):
    ours, theirs, *_ = compare(keras, rng, lambda library: getattr(library, name)(0.01, **options), dtype)
    assert ours.iterations == int(theirs.iterations)


@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_takes_all_options_at_once(keras, rng, name):
    options = ROUNDS | EMA | DECAY | {"ema_overwrite_frequency": 2, "clipnorm": 0.5}
    compare(keras, rng, lambda library: getattr(library, name)(0.01, **options), "float64")


@each_dtype
@pytest.mark.parametrize("name", NAMES)
def test_at_the_end_weights_become_their_averages(keras, rng, name, dtype):
    make = lambda library: getattr(library, name)(0.01, **EMA)  # noqa: E731
    ours, theirs, weights, variables = compare(keras, rng, make, dtype)
    before = [weight.numpy() for weight in weights]
    ours.finalize_variable_values(weights)
    theirs.finalize_variable_values(variables)
    for weight, variable, was in zip(weights, variables, before, strict=True):
        np.testing.assert_allclose(weight.numpy(), variable.numpy(), rtol=0, atol=TOLERANCE[dtype] * np.abs(was).max())
    assert (weights[4].numpy() != before[4]).any()


def test_without_averages_or_steps_the_end_changes_nothing(rng):
    for optimizer, gradients in ((optimizers.SGD(0.5), some_gradients(rng)), (optimizers.SGD(0.5, **EMA), [])):
        weights = weights_of(some_values(rng), "float64")
        steps(optimizer, weights, gradients)
        before = [weight.numpy() for weight in weights]
        optimizer.finalize_variable_values(weights)
        for weight, was in zip(weights, before, strict=True):
            np.testing.assert_array_equal(weight.numpy(), was)


def test_the_end_finds_the_average_of_each_weight_among_those_that_are_left(rng):
    weights = weights_of(some_values(rng), "float64")
    optimizer = optimizers.SGD(0.5, **EMA)
    steps(optimizer, weights, some_gradients(rng))
    before = [weight.numpy() for weight in weights]
    optimizer.finalize_variable_values(weights[2:3])
    averages = [v for v in optimizer.variables if v.name.endswith("_average")]
    np.testing.assert_array_equal(weights[2].numpy(), averages[2].numpy())
    for k in (0, 1, 3, 4):
        np.testing.assert_array_equal(weights[k].numpy(), before[k])
    with pytest.raises(ValueError, match="keeps nothing for layer/w0"):
        optimizer.finalize_variable_values(weights_of(some_values(rng)[:1], "float64"))


def test_frozen_weights_and_their_averages_stay_as_they_are(rng):
    weights = weights_of(some_values(rng), "float64")
    optimizer = optimizers.SGD(0.5, ema_overwrite_frequency=2, **EMA, **DECAY)
    steps(optimizer, weights, some_gradients(rng))
    frozen, kept = weights[1].numpy(), optimizer.variables[3].numpy()
    rest = [weights[0], *weights[2:]]
    steps(optimizer, rest, [[g for k, g in enumerate(step) if k != 1] for step in some_gradients(rng)])
    np.testing.assert_array_equal(weights[1].numpy(), frozen)
    np.testing.assert_array_equal(optimizer.variables[3].numpy(), kept)


EXCLUSIONS = {
    "none": lambda optimizer, weights: optimizer.exclude_from_weight_decay(),
    "two weights": lambda optimizer, weights: optimizer.exclude_from_weight_decay(var_list=[weights[1], weights[4]]),
    "the last call counts": lambda optimizer, weights: (
        optimizer.exclude_from_weight_decay(var_list=weights[:2]),
        optimizer.exclude_from_weight_decay(var_list=weights[3:4]),
    ),
}


@pytest.mark.parametrize("exclude", EXCLUSIONS)
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_weights_are_excluded_from_decay_as_in_keras(keras, rng, name, exclude, dtype):
    make = lambda library: getattr(library, name)(0.1, **DECAY)  # noqa: E731
    _, _, weights, _ = compare(keras, rng, make, dtype, EXCLUSIONS[exclude])
    assert len(weights) == 5


@pytest.mark.parametrize("names", [["bias"], ["kernel"], ["recurrent"], ["lstm"], ["dense", "bias"], ["^x"], []])
def test_names_exclude_the_same_weights_of_a_model_as_in_keras(keras, names):
    """With gradients of zero, what changes is what decays."""
    x, y = np.zeros((2, 3, 2)), np.zeros((2, 1))
    changed = []
    for library in (minirnn, keras):
        chain = [library.Input((3, 2)), library.layers.LSTM(3, name="lstm"), library.layers.Dense(1, name="dense")]
        model = library.Sequential(chain, name="model")
        optimizer = library.optimizers.SGD(2.0**-20, weight_decay=2.0**18)
        optimizer.exclude_from_weight_decay(var_names=names)
        model.compile(optimizer, "mse", run_eagerly=True)
        model.set_weights([np.ones(w.shape) for w in model.weights])
        model.train_on_batch(x, y)
        changed.append([bool((abs(w - 1) > 0.1).all()) for w in model.get_weights()])
    assert changed[0] == changed[1]
    assert names == ["^x"] or not names or False in changed[0]


def test_exclusions_count_from_the_next_step_on(rng):
    weights = weights_of([np.ones((2, 3)), np.ones((3,))], "float64")
    optimizer = optimizers.SGD(0.5, weight_decay=0.5)
    gradient = [[np.zeros((2, 3)), np.zeros(3)]]
    steps(optimizer, weights, gradient)
    optimizer.exclude_from_weight_decay(var_names=["w1"])
    optimizer.apply()
    assert (weights[0].numpy() == 0.75**2).all() and (weights[1].numpy() == 0.75).all()
    with pytest.raises(TypeError, match=r"var_names must be a list of names, got 'bias'"):
        optimizer.exclude_from_weight_decay(var_names="bias")


def test_a_model_trains_with_a_loss_scale_as_in_keras(keras):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((6, 3, 2)), rng.standard_normal((6, 1))
    values, losses = [], []
    for library in (minirnn, keras):
        chain = [library.Input((3, 2)), library.layers.LSTM(3), library.layers.Dense(1)]
        model = library.Sequential(chain)
        model.compile(library.optimizers.Adam(0.01, loss_scale_factor=1000.0), "mse", run_eagerly=True)
        model.set_weights([np.linspace(-1, 1, w.size).reshape(w.shape) for w in map(np.asarray, model.get_weights())])
        losses.append(model.fit(x, y, epochs=5, batch_size=3, shuffle=False, verbose=0).history["loss"])
        values.append(model.get_weights())
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    for mine, other in zip(*values, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-5)


def test_accumulation_spans_epochs_and_leaves_the_weights_alone_until_a_round_is_full():
    model = minirnn.Sequential([layers.LSTM(3), layers.Dense(1)])
    model.compile(optimizers.SGD(0.1, gradient_accumulation_steps=3), "mse")
    x, y = np.ones((2, 3, 2)), np.ones((2, 1))
    model.train_on_batch(x, y)
    before = model.get_weights()
    model.train_on_batch(x, y)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    model.fit(x, y, verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert model.optimizer.iterations == 1


@pytest.mark.needs_jit
@pytest.mark.parametrize("name", NAMES)
def test_steps_do_not_depend_on_the_number_of_threads(rng, thread_count, name):
    values, gradients = [rng.standard_normal((600, 512))], [[rng.standard_normal((600, 512))] for _ in range(4)]
    options = DECAY | EMA | {"ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2, "clipnorm": 0.5}
    after = []
    for threads in (1, 3):
        thread_count(threads)
        after.append(steps(getattr(optimizers, name)(0.1, **options), weights_of(values, "float64"), gradients)[-1][0])
    np.testing.assert_array_equal(*after)
    assert (after[0] != values[0]).all()
