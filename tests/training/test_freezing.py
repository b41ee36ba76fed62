"""Layers frozen and thawed between trainings: who is trained, and what the optimizer remembers, as in Keras.

Keras's answers are those of `run_eagerly`. A compiled graph of TensorFlow goes on as it was traced, with whoever was
trainable then, until another batch shape makes it look again.
"""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers

N, T, F = 8, 2, 2
X = np.linspace(-1.0, 1.0, N * T * F).reshape(N, T, F) ** 3
Y = np.linspace(0.0, 1.0, N).reshape(N, 1)
NAMES = ["cell", "middle", "out"]
OPTIMIZERS = {
    "adam": lambda library: library.optimizers.Adam(0.01),
    "rmsprop": lambda library: library.optimizers.RMSprop(0.01, momentum=0.5),
    "clipnorm": lambda library: library.optimizers.SGD(0.125, momentum=0.5, clipnorm=0.125),
    "global_clipnorm": lambda library: library.optimizers.SGD(0.125, momentum=0.5, global_clipnorm=0.125),
    "clipvalue": lambda library: library.optimizers.SGD(0.125, momentum=0.5, clipvalue=2.0**-6),
}


def stack(library):
    kind = library.layers
    return library.Sequential([
        kind.Input((T, F)), kind.GRU(3, name="cell"), kind.Dense(2, name="middle", activation="tanh"),
        kind.Dense(1, name="out"),
    ])  # fmt: skip


def fit(model):
    return model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0).history["loss"]


def compile_with(model, optimizer):
    model.compile(optimizer, "mse", run_eagerly=True)


def assert_equal(ours, theirs):
    """Weights and optimizer variables of both, up to rounding."""
    close = dict(rtol=1e-9, atol=1e-12)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, **close)
    for mine, other in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), **close)


def fit_both(pair):
    """Train both; the names of the layers that moved."""
    before = [layer.get_weights() for layer in pair[0].layers]
    np.testing.assert_allclose(*[fit(model) for model in pair], rtol=1e-9)
    assert_equal(*pair)
    after = [layer.get_weights() for layer in pair[0].layers]
    return [
        layer.name
        for layer, was, now in zip(pair[0].layers, before, after, strict=True)
        if any((a != b).any() for a, b in zip(was, now, strict=True))
    ]


def set_trainable(pair, name, value):
    for model in pair:
        model.get_layer(name).trainable = value


def others(name):
    return [other for other in NAMES if other != name]


@pytest.mark.parametrize("again", [False, True], ids=["without compile", "compiled with the same optimizer"])
@pytest.mark.parametrize("frozen", NAMES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_slots_outlive_the_freezing_of_any_layer_and_its_thawing(twins, optimizer, frozen, again):
    pair = twins(stack, OPTIMIZERS[optimizer], "mse")
    assert fit_both(pair) == NAMES
    for trainable, moving in ((False, others(frozen)), (True, NAMES)):
        set_trainable(pair, frozen, trainable)
        if again:
            for model in pair:
                compile_with(model, model.optimizer)
        assert fit_both(pair) == moving
    assert pair[0].optimizer.iterations == 3 * 2


@pytest.mark.parametrize("frozen", NAMES)
def test_a_new_optimizer_knows_only_what_is_trainable_at_its_first_step(twins, frozen):
    pair = twins(stack, "adam", "mse")
    fit_both(pair)
    set_trainable(pair, frozen, False)
    for model in pair:
        compile_with(model, "adam")
    assert fit_both(pair) == others(frozen)
    kept = len(pair[0].optimizer.variables)
    assert kept == 2 + 2 * len(pair[0].trainable_weights)


@pytest.mark.parametrize("again", [False, True], ids=["without compile", "compiled with the same optimizer"])
def test_a_layer_that_the_optimizer_never_knew_is_refused_as_by_keras_until_it_is_a_new_one(twins, again):
    ours, theirs = pair = twins(stack, "adam", "mse")
    set_trainable(pair, "cell", False)
    assert fit_both(pair) == ["middle", "out"]
    set_trainable(pair, "cell", True)
    for model in pair:
        if again:
            compile_with(model, model.optimizer)
        with pytest.raises(ValueError) as caught:
            fit(model)
        assert "cell" in str(caught.value)
        if model is ours:
            assert "\n" not in str(caught.value) and "compile with a new optimizer" in str(caught.value)
    assert_equal(ours, theirs)
    for model in pair:
        compile_with(model, "adam")
    assert fit_both(pair) == NAMES


def test_an_optimizer_of_one_model_is_refused_by_another_as_in_keras(twins):
    pair, second = twins(stack, "adam", "mse"), twins(stack, "adam", "mse")
    fit_both(pair)
    for model, other in zip(pair, second, strict=True):
        compile_with(other, model.optimizer)
        with pytest.raises(ValueError, match="cell"):
            fit(other)
    assert_equal(*pair)


def test_a_chain_without_its_end_trains_on_and_one_with_a_new_end_needs_a_new_optimizer_as_in_keras(twins):
    pair = twins(stack, "adam", "mse")
    fit_both(pair)
    for model, library in zip(pair, (minirnn, twins.keras), strict=True):
        model.pop()
        model.add(library.layers.Dense(1, name="new"))
        with pytest.raises(ValueError, match="new"):
            fit(model)
        model.pop()
        model.fit(X, np.repeat(Y, 2, axis=1), batch_size=4, epochs=1, shuffle=False, verbose=0)
    assert_equal(*pair)


def test_optimizers_that_take_turns_each_go_on_from_their_own_slots(twins):
    pair = twins(stack, "adam", "mse")
    first, second = [model.optimizer for model in pair], [OPTIMIZERS["rmsprop"](lib) for lib in (minirnn, twins.keras)]
    for turn in (first, second, first, second):
        for model, optimizer in zip(pair, turn, strict=True):
            compile_with(model, optimizer)
        assert fit_both(pair) == NAMES


def test_a_layer_of_two_models_goes_on_from_where_the_other_left_it():
    shared = layers.GRU(3)
    first, second = (minirnn.Sequential([minirnn.Input((T, F)), shared, layers.Dense(1)]) for _ in range(2))
    for model in (first, second):
        model.compile("sgd", "mse")
    for model in (first, second, first):
        before = shared.get_weights()
        model.train_on_batch(X, Y)
        assert all((was != now).any() for was, now in zip(before, shared.get_weights(), strict=True))


def test_gradients_are_those_of_the_layers_trainable_now():
    model = stack(minirnn)
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    whole = model.compute_gradients(X, Y)[1]
    model.layers[0].trainable = False
    part = model.compute_gradients(X, Y)[1]
    model.layers[0].trainable = True
    again = model.compute_gradients(X, Y)[1]
    assert len(part) == len(whole) - 3
    for gradient, other in zip([*part, *again], [*whole[3:], *whole], strict=True):
        np.testing.assert_array_equal(gradient, other)
