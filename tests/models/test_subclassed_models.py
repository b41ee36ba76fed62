"""Models of the user's own: a `call` of layers is recorded once and trains like Keras's subclassed models."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import minirnn
from minirnn import layers

RNG = np.random.default_rng(15)
X, Y = RNG.normal(size=(12, 4, 2)), RNG.normal(size=(12, 1))


def forecast(library, dtype="float64"):
    """The same class in either library."""
    k = library.layers

    class Forecast(library.Model):
        def __init__(self, units=4, depth=2, **kwargs):
            super().__init__(**kwargs)
            self.out = k.Dense(1, dtype=dtype)
            self.cells, self.norms = [], []
            for number in range(depth):
                self.cells.append(k.LSTM(units, return_sequences=number < depth - 1, dtype=dtype))
                self.norms.append(k.PReLU(alpha_initializer="ones", dtype=dtype))
            self.extra = {"drop": k.Dropout(0.0, dtype=dtype), "gate": (k.Dense(units, dtype=dtype),)}

        def call(self, x, training=False):
            for cell, norm in zip(self.cells, self.norms, strict=True):
                x = norm(cell(x))
            x = self.extra["gate"][0](x)
            if training:
                x = self.extra["drop"](x, training=training)
            return self.out(x)

    return Forecast


@pytest.fixture
def pair(keras):
    """Our model and Keras's of that class, built for X, with the same weights."""
    ours, theirs = (forecast(library)(dtype="float64") for library in (minirnn, keras))
    for model in (ours, theirs):
        model(X)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def test_layers_and_weights_have_the_order_of_keras(pair):
    ours, theirs = pair
    assert [type(layer).__name__ for layer in ours.layers] == [type(layer).__name__ for layer in theirs.layers]
    assert [(w.name, w.shape) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.weights]
    assert ours.count_params() == theirs.count_params()
    assert len(ours.trainable_weights) == len(theirs.trainable_weights) == 12
    ours.layers[0].trainable = theirs.layers[0].trainable = False
    assert len(ours.trainable_weights) == len(theirs.trainable_weights) == 10


def test_fit_evaluate_and_predict_give_the_numbers_of_keras(pair):
    results = []
    for model in pair:
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(X, Y, epochs=4, batch_size=4, shuffle=False, validation_split=0.25, verbose=0).history
        results.append((history, model.evaluate(X, Y, verbose=0), model.predict(X, verbose=0), np.asarray(model(X))))
    ours, theirs = results
    assert sorted(ours[0]) == sorted(theirs[0])
    for key, values in ours[0].items():
        np.testing.assert_allclose(values, theirs[0][key], rtol=1e-6)
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    for a, b in zip(*(model.get_weights() for model in pair), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)


def test_it_is_the_functional_model_of_its_layers():
    own = forecast(minirnn)(units=3, depth=1, dtype="float64")
    own.build((None, 4, 2))
    x = minirnn.Input((4, 2), dtype="float64")
    y = own.out(own.extra["gate"][0](own.norms[0](own.cells[0](x))))
    drawn = minirnn.Model(x, y)
    np.testing.assert_array_equal(own.predict(X, verbose=0), drawn.predict(X, verbose=0))
    for model in (own, drawn):
        model.compile("sgd", "mse")
    loss, gradients, dx = own.compute_gradients(X, Y)
    other = drawn.compute_gradients(X, Y)
    assert loss == other[0]
    np.testing.assert_array_equal(dx, other[2])
    by_path = {w.path: g for w, g in zip(drawn.trainable_weights, other[1], strict=True)}
    for weight, gradient in zip(own.trainable_weights, gradients, strict=True):
        np.testing.assert_array_equal(gradient, by_path[weight.path])


@pytest.mark.parametrize("first", ["fit", "predict", "call", "evaluate", "build", "train_on_batch", "generator"])
def test_it_is_built_by_its_first_use(first):
    model = forecast(minirnn)()
    model.compile("sgd", "mse")
    assert not model.built
    with pytest.raises(ValueError, match="has no weights yet"):
        model.count_params()
    {
        "fit": lambda: model.fit(X, Y, verbose=0),
        "predict": lambda: model.predict(X, verbose=0),
        "call": lambda: model(X),
        "evaluate": lambda: model.evaluate(X, Y, verbose=0),
        "build": lambda: model.build((None, 4, 2)),
        "train_on_batch": lambda: model.train_on_batch(X, Y),
        "generator": lambda: model.fit(iter([(X, Y)]), steps_per_epoch=1, verbose=0),
    }[first]()
    assert model.built and model.count_params() > 0 and model.predict(X, verbose=0).shape == (12, 1)


def test_other_lengths_are_taken_where_its_layers_take_them():
    class Last(minirnn.Model):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = layers.LSTM(3), layers.Dense(1)

        def call(self, x):
            return self.out(self.lstm(x))

    model = Last()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert model.predict(RNG.normal(size=(3, 9, 2)), verbose=0).shape == (3, 1)
    with pytest.raises(ValueError, match="2 features"):
        model.predict(RNG.normal(size=(3, 9, 5)), verbose=0)
    with pytest.raises(ValueError, match="expected 3 axes"):
        model.predict(RNG.normal(size=(3, 9)), verbose=0)


def test_the_summary_lists_its_layers_before_and_after_it_is_built():
    lines = []
    model = forecast(minirnn)(name="mine", depth=1)
    model.summary(print_fn=lines.append)
    assert 'Model: "mine"' in lines[0] and "unbuilt" in lines[0]
    model.build((None, 4, 2))
    model.summary(print_fn=lines.append)
    assert "(None, 4)" in lines[1] and "unbuilt" not in lines[1] and "Connected" not in lines[1]
    assert "dropout" in lines[1]


def test_several_inputs_and_outputs_come_as_lists_and_dicts(keras):
    def made(library):
        k = library.layers

        class Two(library.Model):
            def __init__(self):
                super().__init__()
                self.lstm, self.join = k.LSTM(3, dtype="float64"), k.Concatenate(dtype="float64")
                self.a, self.b = k.Dense(1, dtype="float64"), k.Dense(2, dtype="float64")

            def call(self, inputs):
                series, row = inputs["series"], inputs["row"]
                both = self.join([self.lstm(series), row])
                return {"a": self.a(both), "b": self.b(both)}

        return Two()

    x, y = {"series": X, "row": Y}, {"a": Y, "b": X[:, 0]}
    ours, theirs = made(minirnn), made(keras)
    for model in (ours, theirs):
        model(x)
    theirs.set_weights(ours.get_weights())
    histories = []
    for model in (ours, theirs):
        model.compile("adam", {"a": "mse", "b": "mae"})
        histories.append(model.fit(x, y, epochs=3, shuffle=False, verbose=0).history)
    np.testing.assert_allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-6)
    found, expected = (model.predict(x, verbose=0) for model in (ours, theirs))
    assert list(found) == list(expected) == ["a", "b"]
    for key in found:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-6, atol=1e-8)


def test_models_within_models_and_layers_of_layers_train():
    class Encoder(minirnn.Model):
        def __init__(self):
            super().__init__()
            self.lstm = layers.LSTM(3)

        def call(self, x):
            return self.lstm(x)

    class Head(layers.Layer):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = layers.Dense(4, activation="tanh"), layers.Dense(1)

        def call(self, x):
            return self.out(self.hidden(x))

    class Whole(minirnn.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = Encoder(), Head()

        def call(self, x):
            return self.head(self.encoder(x))

    model = Whole()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    flat = minirnn.Sequential([
        minirnn.Input((4, 2)), layers.LSTM(3), layers.Dense(4, activation="tanh"), layers.Dense(1)
    ])  # fmt: skip
    flat.set_weights(model.get_weights())
    np.testing.assert_array_equal(model.predict(X, verbose=0), flat.predict(X, verbose=0))
    flat.compile("adam", "mse")
    gradients, others = (m.compute_gradients(X, Y) for m in (model, flat))
    for a, b in zip(gradients[1], others[1], strict=True):
        np.testing.assert_array_equal(a, b)
    x = minirnn.Input((4, 2))
    outer = minirnn.Model(x, layers.Rescaling(2.0)(Whole()(x)))
    assert outer.layers[1].name.startswith("whole") and outer.count_params() == model.count_params()
    outer.compile("sgd", "mse")
    assert np.isfinite(outer.fit(X, Y, verbose=0).history["loss"]).all()


def test_a_layer_that_is_called_twice_gets_the_gradients_of_both_calls(keras):
    def made(library):
        class Twice(library.Model):
            def __init__(self):
                super().__init__()
                self.step = library.layers.Dense(2, activation="tanh", dtype="float64")
                self.out = library.layers.Dense(1, dtype="float64")

            def call(self, x):
                return self.out(self.step(self.step(x)))

        return Twice()

    ours, theirs = made(minirnn), made(keras)
    x = X[:, 0]
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    losses = []
    for model in (ours, theirs):
        model.compile("adam", "mse")
        losses.append(model.fit(x, Y, epochs=4, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-6)


# --- training ---


def test_what_is_asked_for_when_training_acts_when_training():
    class Noisy(minirnn.Model):
        def __init__(self):
            super().__init__()
            self.drop, self.out = layers.Dropout(0.5), layers.Dense(1)

        def call(self, x, training=None):
            if training:
                x = self.drop(x)
            return self.out(x)

    model, x = Noisy(), np.ones((50, 20))
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    np.testing.assert_array_equal(model(x), model.predict(x, verbose=0))
    assert len(np.unique(model(x, training=True))) > 2


def test_other_layers_when_training_are_refused_in_one_line():
    class Two(minirnn.Model):
        def __init__(self):
            super().__init__(name="two")
            self.a, self.b = layers.Dense(1), layers.Dense(1)

        def call(self, x, training=False):
            return self.a(x) if training else self.b(x)

    with pytest.raises(TypeError, match="^two: call uses other layers when training") as caught:
        Two().predict(X[:, 0], verbose=0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "compute", [lambda d, x: np.tanh(d(x)), lambda d, x: d(x) + 1, lambda d, x: d(x[:, -1]), lambda d, x: d(x) @ d(x),
                lambda d, x: sum(d(x)), lambda d, x: np.mean(d(x)), lambda d, x: np.asarray(d(x))],
)  # fmt: skip
def test_arithmetic_of_its_own_is_refused_in_one_line_before_anything_changes(compute):
    class Mixed(minirnn.Model):
        def __init__(self):
            super().__init__(name="mixed")
            self.dense = layers.Dense(2)

        def call(self, x):
            return compute(self.dense, x)

    model = Mixed()
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="^mixed: call does arithmetic of its own, which cannot be trained") as caught:
        model.fit(X, Y, verbose=0)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
    assert not model.built


def test_arithmetic_of_its_own_may_be_put_into_a_layer():
    class Tanh(layers.Layer):
        def call(self, x):
            return np.tanh(x)

        def backward(self, dy, x, y):
            return dy * (1 - y * y)

    class Mixed(minirnn.Model):
        def __init__(self):
            super().__init__()
            self.lstm, self.tanh, self.out = layers.LSTM(3), Tanh(), layers.Dense(1)

        def call(self, x):
            return self.out(self.tanh(self.lstm(x)))

    model = Mixed()
    model.build((None, 4, 2))
    same = minirnn.Sequential([minirnn.Input((4, 2)), layers.LSTM(3), layers.Activation("tanh"), layers.Dense(1)])
    same.set_weights(model.get_weights())
    losses = []
    for m in (model, same):
        m.compile("adam", "mse")
        losses.append(m.fit(X, Y, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)


# --- configurations ---


def test_it_is_configured_by_its_arguments_and_comes_back_by_its_name():
    kind = forecast(minirnn)
    model = kind(3, depth=1, name="mine")
    model.build((None, 4, 2))
    config = model.get_config()
    assert (config["units"], config["depth"], config["name"]) == (3, 1, "mine")
    again = minirnn.models.model_from_json(model.to_json(), {"Forecast": kind})
    again.build((None, 4, 2))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(ValueError, match="found the layer 'Forecast'"):
        minirnn.models.model_from_json(model.to_json())


def test_the_lists_of_a_model_are_lists():
    model = forecast(minirnn)()
    assert model.cells == list(model.cells) and type(pickle.loads(pickle.dumps(model.extra))["gate"]) is tuple
    model.cells += [layers.GRU(2)]
    model.cells.insert(0, layers.GRU(3))
    model.cells[0:1] = [layers.GRU(4)]
    model.extra.update(last=layers.Dense(7))
    model.extra.setdefault("never", layers.Dense(8))
    found = [layer.units for layer in model.layers if hasattr(layer, "units")][-5:]
    assert found == [2, 3, 4, 7, 8] and json.dumps([1]) == json.dumps(type(model.cells)([1]))


# --- refusals ---


class NoCall(minirnn.Model):
    def __init__(self):
        super().__init__()


class Forgetful(minirnn.Model):
    def __init__(self):
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


class Words(minirnn.Model):
    def call(self, x):
        return "many"


class Chain(minirnn.Sequential):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    "make, error, message",
    [
        (NoCall, TypeError, "a class derived from it needs a call"),
        (Forgetful, RuntimeError, r"must call super\(\).__init__\(\)"),
        (lambda: Words().predict(X), TypeError, "call must return what layers gave, got str"),
        (lambda: Words().build(), ValueError, "build needs an input shape"),
        (Chain, TypeError, "derive it from Model instead"),
        (lambda: Words(minirnn.Input((3,)), None), TypeError, "takes no inputs and outputs|positional"),
        (lambda: forecast(minirnn)(unit=3), TypeError, "unit"),
        (lambda: forecast(minirnn)().output, AttributeError, "no inputs and outputs yet"),
        (lambda: forecast(minirnn)().predict(X * np.nan), ValueError, "finite"),
        (lambda: forecast(minirnn)().predict(None), TypeError, "None"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_class_that_hands_inputs_and_outputs_to_its_base_is_a_functional_model():
    class Given(minirnn.Model):
        def __init__(self, units):
            x = minirnn.Input((4, 2))
            super().__init__(x, layers.LSTM(units)(x))

    model = Given(3)
    assert model.built and model.predict(X, verbose=0).shape == (12, 3)
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "LSTM"]
