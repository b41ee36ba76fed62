"""What an optimizer keeps: Keras's variables, in Keras's names, order and shapes."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import minirnn
from reference import keras_side

X = np.linspace(-1.0, 1.0, 6 * 2 * 2).reshape(6, 2, 2)
Y = np.linspace(0.0, 1.0, 6).reshape(6, 1)
OPTIMIZERS = {
    "sgd": lambda library: library.optimizers.SGD(),
    "sgd with momentum": lambda library: library.optimizers.SGD(0.125, momentum=0.5),
    "rmsprop": lambda library: library.optimizers.RMSprop(),
    "rmsprop with all": lambda library: library.optimizers.RMSprop(0.125, momentum=0.5, centered=True),
    "adam": lambda library: library.optimizers.Adam(),
    "amsgrad": lambda library: library.optimizers.Adam(amsgrad=True),
    "adamw": lambda library: library.optimizers.AdamW(),
    "adamax": lambda library: library.optimizers.Adamax(),
    "nadam": lambda library: library.optimizers.Nadam(),
    "adagrad": lambda library: library.optimizers.Adagrad(),
    "adadelta": lambda library: library.optimizers.Adadelta(),
    "lion": lambda library: library.optimizers.Lion(1e-3),
    "all options": lambda library: library.optimizers.Adam(
        use_ema=True, ema_momentum=0.75, gradient_accumulation_steps=2, weight_decay=0.125, amsgrad=True
    ),
}
CELLS = [("LSTM", {}), ("GRU", {}), ("GRU", {"reset_after": False}), ("SimpleRNN", {"use_bias": False})]


def model_of(library, cell="LSTM", **options):
    chain = [library.Input((2, 2)), getattr(library.layers, cell)(3, **options), library.layers.Dense(1)]
    return library.Sequential(chain)


def trained(library, optimizer, weights=None, **arguments):
    model = model_of(library, **arguments)
    if weights is not None:
        model.set_weights(weights)
    model.compile(optimizer(library), "mse", run_eagerly=True)
    before = model.get_weights()
    model.fit(X, Y, batch_size=3, epochs=1, shuffle=False, verbose=0)
    return model, before


def described(model):
    """(name without the weight's path, index of the weight, shape, dtype) of every variable but the first two."""
    prefixes = [w.path.replace("/", "_") + "_" for w in model.trainable_weights]
    found = []
    for variable in model.optimizer.variables[2:]:
        if variable.shape == ():  # Nadam's product of momenta, for which Keras has no name
            found.append(((), variable.dtype))
            continue
        # The longest, as one path may begin with another.
        prefix = max((p for p in prefixes if variable.name.startswith(p)), key=len)
        slot = variable.name.removeprefix(prefix)
        found.append((slot, prefixes.index(prefix), tuple(variable.shape), variable.dtype))
    return found


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("cell, options", CELLS)
def test_after_a_fit_a_model_s_optimizer_keeps_what_keras_s_keeps(keras, cell, options, optimizer):
    with keras_side.precision("float64"):
        ours, weights = trained(minirnn, OPTIMIZERS[optimizer], cell=cell, **options)
        theirs, _ = trained(keras, OPTIMIZERS[optimizer], weights, cell=cell, **options)
    assert ours.optimizer.built and described(ours) == described(theirs)
    for mine, other in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-9, atol=1e-12)
    for mine, other in zip(ours.optimizer.variables[:2], theirs.optimizer.variables, strict=False):
        assert (mine.name, mine.shape, mine.dtype) == (other.name, tuple(other.shape), other.dtype)
        assert mine.path == f"{ours.optimizer.name}/{mine.name}"


def test_an_optimizer_is_built_by_training_and_by_nothing_else():
    model = model_of(minirnn)
    model.compile("adam", "mse")
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.compute_gradients(X, Y)
    assert not model.optimizer.built
    assert [v.name for v in model.optimizer.variables] == ["iteration", "learning_rate"]
    model.train_on_batch(X, Y)
    assert model.optimizer.built and len(model.optimizer.variables) == 2 + 2 * 5


def test_variables_tell_the_value_of_the_moment_and_their_arrays_are_copies():
    optimizer = minirnn.optimizers.SGD(0.5, momentum=0.5, name="mine")
    model = model_of(minirnn)
    model.compile(optimizer, "mse")
    model.train_on_batch(X, Y)
    iteration, rate, momentum, *_ = optimizer.variables
    assert momentum.path == "mine/" + model.weights[0].path.replace("/", "_") + "_momentum"
    first = momentum.numpy()
    kept = first.copy()
    first[...] = 7.0
    optimizer.learning_rate = 0.25
    model.train_on_batch(X, Y)
    assert (int(iteration.numpy()), float(rate.numpy())) == (2, 0.25)
    assert (momentum.numpy() != kept).any() and (momentum.numpy() != 7.0).all()
    np.testing.assert_array_equal(np.asarray(momentum), momentum.numpy())


def test_the_learning_rate_is_a_number_that_can_be_assigned_as_in_keras(keras):
    for library in (minirnn, keras):
        optimizer = library.optimizers.Adam(0.5)
        optimizer.learning_rate.assign(0.25)
        assert float(optimizer.learning_rate) == 0.25
        rate = optimizer.learning_rate.numpy()
        assert (rate.dtype, rate.shape, float(rate)) == (np.float32, (), 0.25)
    assert minirnn.optimizers.Adam(0.5).learning_rate == 0.5


def test_a_learning_rate_that_was_read_is_checked_and_copied_as_a_number():
    optimizer = minirnn.optimizers.SGD(0.5)
    for wrong in (-1.0, "fast"):
        with pytest.raises(ValueError, match="learning_rate must be a finite number above 0"):
            optimizer.learning_rate.assign(wrong)
    scheduled = minirnn.optimizers.SGD(minirnn.optimizers.schedules.ExponentialDecay(0.5, 10, 0.5))
    with pytest.raises(TypeError, match="schedule"):
        scheduled.learning_rate.assign(0.1)
    assert type(copy.deepcopy(optimizer.learning_rate)) is float and optimizer.learning_rate == 0.5


def test_a_learning_rate_that_its_dtype_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="learning_rate must be a number of float32, got 1e\\+300"):
        minirnn.optimizers.Adam(1e300)
    with pytest.raises(ValueError, match="the learning rate at step 0 must be a number of float32"):
        float(minirnn.optimizers.Adam(lambda: 1e300).learning_rate)
