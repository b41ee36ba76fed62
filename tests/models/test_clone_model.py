"""`clone_model`: equal architecture, new weights."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import Model, layers
from minirnn.models import clone_model

X = np.linspace(-1.0, 1.0, 5 * 3).reshape(5, 3, 1).astype("float32")


def graph():
    """A model within a model, states passed on, a layer called twice, outputs by name."""
    inner = minirnn.Sequential([minirnn.Input((3, 1)), layers.GRU(4, name="g")], name="inner")
    x = minirnn.Input((3, 1), name="x")
    both = layers.Dense(4, name="both", trainable=False)
    h = both(inner(x))
    y = layers.LSTM(4, name="l")(x, initial_state=[h, both(h)])
    return Model({"x": x}, {"y": y, "h": h}, name="whole")


def chain():
    return minirnn.Sequential([minirnn.Input((3, 1), name="x"), layers.LSTM(2), layers.Dense(1)], name="chain")


@pytest.mark.parametrize("make", [graph, chain])
@pytest.mark.parametrize("recursive", [False, True])
def test_a_clone_computes_the_same_with_the_same_weights(make, recursive):
    model = make()
    clone = clone_model(model, recursive=recursive)
    assert type(clone) is type(model) and clone.get_config() == model.get_config()
    assert not set(clone.layers) & set(model.layers) and not set(clone.weights) & set(model.weights)
    assert len(clone.trainable_weights) == len(model.trainable_weights)
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    x = {"x": X} if make is graph else X
    expected, found = model.predict(x, verbose=0), clone.predict(x, verbose=0)
    for key in expected if make is graph else [...]:
        np.testing.assert_array_equal(found[key], expected[key])


def test_a_chain_without_input_stays_unbuilt():
    clone = clone_model(minirnn.Sequential([layers.LSTM(2), layers.Dense(1)]))
    assert not clone.built and [type(layer).__name__ for layer in clone.layers] == ["LSTM", "Dense"]


@pytest.mark.parametrize("make", [graph, chain])
def test_it_can_stand_on_other_inputs(make):
    x = minirnn.Input((3, 1), name="elsewhere")
    clone = clone_model(make(), input_tensors=[x])
    assert clone.inputs == [x]


def test_functions_may_change_layers_and_calls_as_in_keras(keras):
    for package in (minirnn, keras):
        x = package.Input((3, 1), name="x")
        model = package.Model(x, package.layers.Dense(1)(package.layers.LSTM(2)(x)))

        def wider(layer, package=package):
            return package.layers.GRU(3) if "lstm" in layer.name else type(layer).from_config(layer.get_config())

        def dropped(layer, x, package=package, **kwargs):
            return package.layers.Dropout(0.1)(layer(x, **kwargs))

        clone = package.models.clone_model(model, clone_function=wider, call_function=dropped)
        kinds = [type(layer).__name__ for layer in clone.layers]
        assert kinds == ["InputLayer", "GRU", "Dropout", "Dense", "Dropout"]


# --- classes of the user's own ---


def forecast(library):
    """A class with a call of its own, in either library."""

    class Forecast(library.Model):
        def __init__(self, units=2, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.rnn, self.out = library.layers.GRU(units), library.layers.Dense(1)

        def call(self, x):
            return self.out(self.rnn(x))

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Forecast


@pytest.mark.parametrize("built", [False, True])
def test_a_model_with_a_call_of_its_own_is_cloned_by_its_configuration_as_in_keras(keras, built):
    found = []
    for package in (minirnn, keras):
        model = forecast(package)(3, name="mine")
        if built:
            model(X)
        clone = package.models.clone_model(model)
        found.append((clone.name, clone.units, clone.built, [tuple(w.shape) for w in clone.weights]))
        assert type(clone) is type(model) and not {*map(id, clone.layers)} & {*map(id, model.layers)}
        assert not built or not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    assert found[0] == found[1]


def test_its_clone_computes_and_trains_as_it_does():
    model = forecast(minirnn)(3)
    model.build((None, 3, 1))
    clone = clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(X, verbose=0), model.predict(X, verbose=0))
    for each in (model, clone):
        each.compile("sgd", "mse")
    y = np.ones((5, 1))
    assert clone.train_on_batch(X, y) == model.train_on_batch(X, y)


def test_several_inputs_of_a_clone_keep_their_names():
    class Two(Model):
        def __init__(self):
            super().__init__()
            self.join = layers.Concatenate()

        def call(self, inputs):
            return self.join([inputs["a"], inputs["b"]])

    model, x = Two(), {"a": X, "b": 2 * X}
    np.testing.assert_array_equal(model(x), clone_model(model)(x))


@pytest.mark.parametrize("recursive", [False, True])
def test_within_another_model_it_is_cloned_as_a_layer(recursive):
    x = minirnn.Input((3, 1))
    model = Model(x, layers.Dense(1)(forecast(minirnn)(3)(x)))
    clone = clone_model(model, recursive=recursive)
    assert type(clone.layers[1]) is type(model.layers[1]) and clone.layers[1] is not model.layers[1]
    assert clone.count_params() == model.count_params()


@pytest.mark.parametrize("argument", ["input_tensors", "clone_function", "call_function"])
def test_it_takes_no_functions_and_tensors_as_in_keras(keras, argument):
    for package in (minirnn, keras):
        given = [package.Input((3, 1))] if argument == "input_tensors" else lambda layer, *_: layer
        with pytest.raises(ValueError) as caught:
            package.models.clone_model(forecast(package)(), **{argument: given})
        if package is minirnn:
            assert str(caught.value).startswith(f"{argument} is for Sequential and functional models, got a Forecast")


def test_a_functional_model_with_an_init_of_its_own_becomes_a_plain_one_as_in_keras(keras):
    for package in (minirnn, keras):

        class Given(package.Model):
            def __init__(self, units, package=package):
                x = package.Input((3, 1))
                super().__init__(x, package.layers.GRU(units)(x))

        clone = package.models.clone_model(Given(2))
        assert type(clone).__name__ == "Functional" and clone.count_params() == Given(2).count_params()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (lambda: (layers.Dense(1),), TypeError, "takes a model, got Dense"),
        (lambda: (graph(), [X]), ValueError, "must be 1 symbolic tensor"),
        (lambda: (chain(), [minirnn.Input((3, 1))] * 2), ValueError, "must be 1 symbolic tensor"),
        (lambda: (chain(), None, None, lambda layer, x: layer(x)), ValueError, "for functional models"),
    ],
)
def test_what_cannot_be_cloned_is_refused_in_one_line(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        clone_model(*arguments())
    assert "\n" not in str(caught.value)


def test_the_clone_of_a_compiled_model_is_compiled_as_in_keras(keras):
    y = np.ones((5, 1), "float32")
    for library in (minirnn, keras):
        model = library.Sequential([library.Input((3, 1)), library.layers.LSTM(2), library.layers.Dense(1)])
        assert not library.models.clone_model(model).compiled
        mae = library.metrics.MeanAbsoluteError(name="error")
        model.compile(library.optimizers.Adam(0.03), library.losses.LogCosh(), metrics=[mae])
        model.fit(X, y, verbose=0)
        clone = library.models.clone_model(model)
        assert clone.compiled and clone.optimizer is not model.optimizer
        assert float(clone.optimizer.learning_rate) == pytest.approx(0.03) and int(clone.optimizer.iterations) == 0
        clone.set_weights(model.get_weights())
        before = model.get_weights()
        ours, theirs = (each.evaluate(X, y, verbose=0, return_dict=True) for each in (clone, model))
        assert ours == theirs and set(ours) == {"loss", "error"}
        clone.fit(X, y, verbose=0)
        for weight, kept in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(weight, kept)
