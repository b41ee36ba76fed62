"""Layers of the user's own: a call infers, with a backward it trains, made of layers it trains by itself."""

from __future__ import annotations

import inspect
import json
import textwrap

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.layers import Layer

RNG = np.random.default_rng(12)
X, Y = RNG.normal(size=(8, 4, 3)), RNG.normal(size=(8, 1))
AFTER_DATA = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_draws():
    """Weights and directions of a test do not depend on the tests before it."""
    RNG.bit_generator.state = AFTER_DATA
    minirnn.utils.set_random_seed(0)


class Affine(Layer):
    """y = x W + b: weights in Keras's spelling, a backward that returns their gradients."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(name="w", shape=(input_shape[-1], self.units), initializer="glorot_uniform")
        self.b = self.add_weight(name="b", shape=(self.units,), initializer="ones")

    def call(self, x):
        return x @ self.w + self.b

    def backward(self, dy, x):
        rows, d_rows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, self.units)
        return dy @ self.w.T, [rows.T @ d_rows, d_rows.sum(axis=0)]


class Square(Layer):
    """The least of all: it infers."""

    def call(self, x):
        return x**2


class Weighed(Layer):
    """Two inputs, two outputs in a dict, and something left on the tape."""

    def call(self, inputs, tape=None, training=False):
        a, b = inputs
        tape.factor = 2.0 if training else 3.0
        return {"product": a * b, "sum": tape.factor * a + b}

    def backward(self, dy, inputs, tape):
        a, b = inputs
        return [dy["product"] * b + tape.factor * dy["sum"], dy["product"] * a + dy["sum"]]


class Block(Layer):
    """Made of layers: no backward needed."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.steps = [layers.LSTM(units, return_sequences=True), layers.GRU(units)]
        self.heads = {"one": layers.Dense(2)}

    def call(self, x, training=False):
        for layer in self.steps:
            x = layer(x, training=training)
        return self.heads["one"](x)


def chain(*own, dtype="float64", shape=(4, 3)):
    make = {"dtype": dtype}
    return minirnn.Sequential([minirnn.Input(shape, **make), *own, layers.LSTM(3, **make), layers.Dense(1, **make)])


# --- alone ---


def test_a_layer_with_only_a_call_infers_alone_and_in_models():
    layer = Square()
    np.testing.assert_array_equal(layer([[3.0, -2.0]]), [[9.0, 4.0]])
    assert layer([[1, 2]]).dtype == "float32"
    model = chain(Square(dtype="float64"))
    by_hand = minirnn.Sequential(model.layers[1:])
    np.testing.assert_array_equal(model.predict(X, verbose=0), by_hand.predict(X**2, verbose=0))
    assert model.layers[0].output.shape == (None, 4, 3)


def test_training_through_a_layer_without_backward_says_what_is_missing():
    model = minirnn.Sequential([minirnn.Input((4, 3)), layers.LSTM(3), Square(name="sq"), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(NotImplementedError, match=r"^sq: to train through .* backward\(self, dy, x\)") as caught:
        model.fit(X, Y, verbose=0)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_layer_without_backward_may_stand_before_all_that_is_trained():
    model = chain(Square(dtype="float64"))
    model.compile("adam", "mse")
    losses = model.fit(X, Y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


# --- weights ---


def test_weights_are_added_in_the_spelling_of_keras(keras):
    def made(library):
        class Own(library.layers.Layer):
            def __init__(self):
                super().__init__(name="own")
                self.late = self.add_weight(shape=(), initializer="zeros", trainable=False, name="late")

            def build(self, input_shape):
                self.a = self.add_weight(shape=(input_shape[-1], 2), initializer="ones", name="a")
                self.b = self.add_weight((3,), "zeros", name="b")
                self.c = self.add_weight(name="c", shape=(2, 2))

            def call(self, x):
                return x

        layer = Own()
        layer.build((None, 4))
        return layer

    ours, theirs = made(minirnn), made(keras)
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        assert [(w.name, w.path, w.shape) for w in getattr(ours, kind)] == [
            (w.name, w.path, tuple(w.shape)) for w in getattr(theirs, kind)
        ]
    assert ours.built and ours.count_params() == theirs.count_params()
    assert 0 < np.abs(ours.c).max() <= np.sqrt(6 / 4)  # glorot_uniform


def test_a_weight_takes_part_in_arithmetic_as_its_numbers():
    layer = Affine(2)
    layer(X)
    w, numbers = layer.w, layer.w.numpy()
    for found, expected in [
        (w * 2, numbers * 2), (2 * w, numbers * 2), (-w, -numbers), (w + w, 2 * numbers), (w.T, numbers.T),
        (w[0], numbers[0]), (np.exp(w), np.exp(numbers)), (numbers - w, 0 * numbers), (w**2, numbers**2),
        (numbers.T @ w, numbers.T @ numbers), (w @ numbers.T, numbers @ numbers.T),
    ]:  # fmt: skip
        np.testing.assert_array_equal(found, expected)
    assert w == w and w != layer.b and len({w, layer.b, w}) == 2 and w.ndim == 2 and len(w) == 3


# --- backward ---


def check_gradient(layer, x, dy, shift=1e-6):
    """Central differences of sum(layer(x) * dy) in random directions, of the input and of each weight."""
    dx, d_weights = layer.vjp(x, dy)
    direction = RNG.normal(size=x.shape)
    rise = ((layer(x + shift * direction) - layer(x - shift * direction)) * dy).sum() / (2 * shift)
    assert (dx * direction).sum() == pytest.approx(rise, rel=1e-7)
    for number, gradient in enumerate(d_weights):
        before, ends, direction = layer.get_weights(), [], RNG.normal(size=gradient.shape)
        for sign in (shift, -shift):
            layer.set_weights([w + sign * direction if k == number else w for k, w in enumerate(before)])
            ends.append((layer(x) * dy).sum())
        layer.set_weights(before)
        assert (gradient * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * shift), rel=1e-7)


def test_the_gradient_of_an_own_backward_is_checked_by_vjp():
    check_gradient(Affine(5, dtype="float64"), X, RNG.normal(size=(8, 4, 5)))


@pytest.mark.parametrize("shared", [1, 2])
def test_an_own_layer_trains_as_the_layer_of_the_library_does(shared):
    models = []
    for make in (Affine, layers.Dense):
        x = minirnn.Input((4, 3), dtype="float64")
        layer, y = make(3, dtype="float64", name="affine"), x
        for _ in range(shared):
            y = layer(y)
        y = layers.Dense(1, dtype="float64")(layers.LSTM(3, dtype="float64")(y))
        models.append(minirnn.Model(x, y))
    models[1].set_weights(models[0].get_weights())
    losses = []
    for model in models:
        model.compile("adam", "mse")
        losses.append(model.fit(X, Y, epochs=5, batch_size=4, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-12)
    for ours, theirs in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_the_example_of_the_documentation_is_right():
    code = inspect.cleandoc(Layer.__doc__)
    scope = {"Layer": Layer, "__name__": "__main__"}
    exec(textwrap.dedent(code[code.index("    class Scale") : code.index("`layer.vjp")]), scope)  # noqa: S102
    layer = scope["Scale"](dtype="float64")
    np.testing.assert_array_equal(layer([[2.0, 3.0]]), [[2.0, 3.0]])
    check_gradient(layer, X[0, :, [0, 1]].T, RNG.normal(size=(4, 2)))


def test_an_own_layer_in_time_distributed_trains_as_alone():
    models = []
    for wrap in (layers.TimeDistributed, lambda layer, **_: layer):
        own = Affine(3, dtype="float64")
        models.append(chain(wrap(own, dtype="float64")))
        assert own.built
    models[1].set_weights(models[0].get_weights())
    losses = []
    for model in models:
        model.compile("adam", "mse")
        losses.append(model.fit(X, Y, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-12)


def test_penalties_of_own_weights_and_activities_train_as_those_of_keras(keras):
    class Penalised(Affine):
        def build(self, input_shape):
            shape = (input_shape[-1], self.units)
            self.w = self.add_weight(shape=shape, name="w", regularizer="l2", constraint="max_norm")
            self.b = self.add_weight(shape=(self.units,), name="b", initializer="zeros", regularizer="l1")

    rules = {"kernel_regularizer": "l2", "kernel_constraint": "max_norm", "bias_regularizer": "l1"}
    make = {"activity_regularizer": "l2"}  # in float32: Keras cannot add penalties of float64 to its losses
    models = [minirnn.Sequential([minirnn.Input((3,)), Penalised(2, **make)])]
    models += [keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, **rules, **make)])]
    models[1].set_weights(models[0].get_weights())
    losses = []
    for model in models:
        model.compile("sgd", "mse")
        losses.append(model.fit(X[:, 0], X[:, 1, :2], epochs=4, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-4)
    models[0].layers[0](X[:, 0])
    assert len(models[0].layers[0].losses) == 3


def test_a_frozen_own_layer_stays_and_passes_gradients_on():
    own = Affine(3, dtype="float64", trainable=False)
    model = minirnn.Sequential([
        minirnn.Input((4, 3), dtype="float64"), layers.LSTM(3, dtype="float64"), own, layers.Dense(1, dtype="float64"),
    ])  # fmt: skip
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(X, Y, epochs=2, verbose=0)
    changed = [bool((was != now).any()) for was, now in zip(before, model.get_weights(), strict=True)]
    assert changed == [True] * 3 + [False] * 2 + [True] * 2


def test_several_inputs_and_outputs_keep_their_nesting_and_gradients_add_up():
    a, b = minirnn.Input((3,), dtype="float64"), minirnn.Input((3,), dtype="float64")
    hidden = layers.Dense(3, dtype="float64")(a)
    found = Weighed(dtype="float64")([hidden, b])
    assert list(found) == ["product", "sum"] and found["sum"].shape == (None, 3)
    model = minirnn.Model([a, b], [found["product"], found["sum"]])
    model.compile("sgd", ["mse", "mse"])
    xs, ys = [X[:, 0], X[:, 1]], [X[:, 2], X[:, 3]]
    loss, gradients, dxs = model.compute_gradients(xs, ys)
    direction, ends = RNG.normal(size=(8, 3)), []
    assert loss > 0 and len(gradients) == 2
    kernel, bias = model.get_weights()
    for sign in (1e-6, -1e-6):  # what it is when training, where the factor is 2
        h, other = xs[0] @ kernel + bias, xs[1] + sign * direction
        ends.append(((h * other - ys[0]) ** 2).mean() + ((2 * h + other - ys[1]) ** 2).mean())
    assert (dxs[1] * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-7)
    h = xs[0] @ kernel + bias
    for y, expected in zip(model.predict(xs, verbose=0), (h * xs[1], 3 * h + xs[1]), strict=True):
        np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_inputs_may_be_arguments_and_others_plain_values():
    class Mixed(Layer):
        def call(self, a, b, factor=1.0):
            return a + factor * b

        def backward(self, dy, a, b, factor=1.0):
            return [dy, factor * dy]

    a, b, layer = minirnn.Input((3,), dtype="float64"), minirnn.Input((3,), dtype="float64"), Mixed(dtype="float64")
    model = minirnn.Model([a, b], layers.Dense(1, dtype="float64")(layer(a, b, factor=4.0)))
    model.compile("sgd", "mse")
    _, _, (da, db) = model.compute_gradients([X[:, 0], X[:, 1]], Y)
    np.testing.assert_allclose(db, 4 * da, rtol=1e-12)
    np.testing.assert_array_equal(layer(X[:, 0], X[:, 1], factor=4.0), X[:, 0] + 4 * X[:, 1])


# --- shapes and masks ---


@pytest.mark.parametrize("shape", [(None, 4, 3), (None, None, 3), (8, 4, 3)])
def test_the_output_shape_is_found_by_a_trial(shape):
    class Widened(Layer):
        def call(self, x):
            return np.concatenate([x, x.mean(axis=1, keepdims=True)], axis=1)[..., :2]

    batch, time, _ = shape
    assert Widened().compute_output_shape(shape) == (batch, None if time is None else time + 1, 2)
    assert Affine(5).compute_output_shape(shape) == (batch, time, 5)


def test_an_output_shape_of_its_own_is_believed():
    class Said(Square):
        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], 3)

        def call(self, x):
            raise AssertionError("is not tried")

    assert Said()(minirnn.Input((4, 3))).shape == (None, 4, 3)


@pytest.mark.parametrize("supports", [False, True])
def test_a_mask_reaches_call_and_goes_on_if_it_is_supported(supports):
    seen = []

    class Reading(Layer):
        def __init__(self):
            super().__init__(dtype="float64")
            self.supports_masking = supports

        def call(self, x, mask=None):
            seen.append(mask)
            return x + 0.0

        def backward(self, dy, x):
            return dy

    x = X.copy()
    x[:3, 2:] = 0
    model = chain(layers.Masking(dtype="float64"), Reading())
    plain = chain(layers.Masking(dtype="float64"))
    plain.set_weights(model.get_weights())
    seen.clear()
    same = np.allclose(model.predict(x, verbose=0), plain.predict(x, verbose=0))
    assert same is supports
    np.testing.assert_array_equal(seen[-1], (x != 0).any(axis=-1))


# --- made of layers ---


def test_a_layer_made_of_layers_trains_as_these_layers_do():
    block = Block(4)
    model = minirnn.Sequential([minirnn.Input((4, 3)), block, layers.Dense(1)])
    flat = minirnn.Sequential([
        minirnn.Input((4, 3)), layers.LSTM(4, return_sequences=True), layers.GRU(4), layers.Dense(2), layers.Dense(1)
    ])  # fmt: skip
    flat.set_weights(model.get_weights())
    assert [layer.name for layer in model.layers] == [block.name, model.layers[1].name]
    assert block.sublayers() == [*block.steps, block.heads["one"]] and block.count_params() == 258
    for m in (model, flat):
        m.compile("adam", "mse")
    losses = [m.fit(X, Y, epochs=4, shuffle=False, verbose=0).history["loss"] for m in (model, flat)]
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(model.predict(X, verbose=0), flat.predict(X, verbose=0))
    np.testing.assert_allclose(block(X), block.call(X.astype("float32")), rtol=1e-6)


def test_a_layer_made_of_layers_may_be_called_twice_in_a_model():
    x = minirnn.Input((4, 3))
    block = Block(4)
    model = minirnn.Model(x, layers.Add()([block(x), block(x)]))
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * block(X), rtol=1e-6)
    model.compile("sgd", "mse")
    one = minirnn.Model(x, layers.Rescaling(2.0)(block(x)))
    one.compile("sgd", "mse")
    y = RNG.normal(size=(8, 2))
    for twice, once in zip(model.compute_gradients(X, y)[1], one.compute_gradients(X, y)[1], strict=True):
        np.testing.assert_allclose(twice, once, rtol=1e-4, atol=1e-6)


class Dense2(Layer):
    """Made of layers: two maps, one after the other."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(4, activation="tanh", dtype="float64")
        self.last = layers.Dense(units, dtype="float64")

    def call(self, x):
        return self.last(self.first(x))


def test_a_layer_made_of_layers_has_gradients_by_itself():
    check_gradient(Dense2(dtype="float64"), X, RNG.normal(size=(8, 4, 2)))


def test_a_layer_made_of_layers_trains_in_time_distributed_as_these_layers_do():
    block = Dense2(3, dtype="float64")
    model = chain(layers.TimeDistributed(block, dtype="float64"))
    flat = chain(layers.Dense(4, activation="tanh", dtype="float64"), layers.Dense(3, dtype="float64"))
    flat.set_weights(model.get_weights())
    losses = []
    for m in (model, flat):
        m.compile("adam", "mse")
        losses.append(m.fit(X, Y, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-12)
    for mine, other in zip(model.get_weights(), flat.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)
    check_gradient(layers.TimeDistributed(Dense2(dtype="float64"), dtype="float64"), X, RNG.normal(size=(8, 4, 2)))


class Reader(Layer):
    """A recurrent layer made of layers, which has what Bidirectional asks for."""

    def __init__(self, units, go_backwards=False, **kwargs):
        super().__init__(**kwargs)
        self.units, self.go_backwards = units, go_backwards
        self.return_sequences, self.return_state, self.stateful = False, False, False
        self.rnn = layers.GRU(units, go_backwards=go_backwards, dtype="float64")
        self.out = layers.Dense(units, dtype="float64")

    def call(self, x):
        return self.out(self.rnn(x))


def test_a_layer_made_of_layers_trains_in_bidirectional_as_these_layers_do():
    kinds = {"dtype": "float64"}
    both = layers.Bidirectional(Reader(3, **kinds), **kinds)
    model = minirnn.Sequential([minirnn.Input((4, 3), **kinds), both, layers.Dense(1, **kinds)])
    x = minirnn.Input((4, 3), **kinds)
    ways = [
        layers.Dense(3, **kinds)(layers.GRU(3, go_backwards=back, **kinds)(layers.Identity(**kinds)(x)))
        for back in (False, True)
    ]
    flat = minirnn.Model(x, layers.Dense(1, **kinds)(layers.Concatenate(**kinds)(ways)))
    order = [layer for layer in flat.layers if layer.weights]
    by_way = [order[0], order[2], order[1], order[3], order[4]]
    values = iter(model.get_weights())
    for layer in by_way:
        layer.set_weights([next(values) for _ in layer.weights])
    for m in (model, flat):
        m.compile("sgd", "mse")
    ours, theirs = (m.compute_gradients(X, Y) for m in (model, flat))
    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-9, atol=1e-12)
    found = {w.path: g for w, g in zip(flat.trainable_weights, theirs[1], strict=True)}
    expected = [found[w.path] for layer in by_way for w in layer.weights]
    for mine, other in zip(ours[1], expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


def test_arithmetic_between_the_layers_is_refused_in_one_line_and_infers():
    class Mixed(Layer):
        def __init__(self):
            super().__init__(name="mixed")
            self.dense = layers.Dense(2)

        def call(self, x):
            return np.tanh(self.dense(x))

    with pytest.raises(TypeError, match="^mixed: call does arithmetic of its own, which cannot be trained") as caught:
        minirnn.Sequential([minirnn.Input((3,)), Mixed()])
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
    assert Mixed()(X[:, 0]).shape == (8, 2)


# --- configurations ---


def test_an_own_layer_is_configured_by_its_arguments_and_comes_back_by_its_name():
    model = chain(Affine(3, dtype="float64", name="mine"))
    config = model.layers[0].get_config()
    assert config["units"] == 3 and config["name"] == "mine" and Affine.from_config(config).get_config() == config
    again = minirnn.models.model_from_json(model.to_json(), {"Affine": Affine})
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(ValueError, match="found the layer 'Affine'"):
        minirnn.models.model_from_json(model.to_json())


def test_a_configuration_of_its_own_may_call_that_of_the_base(keras):
    def made(library):
        class Own(library.layers.Layer):
            def __init__(self, function, **kwargs):
                super().__init__(**kwargs)
                self.function = function

            def get_config(self):
                return {**super().get_config(), "function": "tanh"}

            def call(self, x):
                return x

        return Own(np.tanh, name="own")

    assert json.loads(json.dumps(made(minirnn).get_config())) == json.loads(json.dumps(made(keras).get_config()))


def test_an_argument_that_is_no_plain_value_needs_a_configuration_of_its_own():
    class Own(Layer):
        def __init__(self, function):
            super().__init__()

        def call(self, x):
            return x

    with pytest.raises(NotImplementedError, match="function=.* is no plain value: it needs a get_config"):
        Own(np.tanh).get_config()


# --- a class of minirnn's with a call of the user's ---


def test_a_dense_layer_with_another_call_is_run_by_that_call():
    class Doubled(layers.Dense):
        def call(self, x):
            return 2 * super().call(x)

    layer = Doubled(2)
    once = layers.Dense(2)
    once.build((None, 3))
    layer.build((None, 3))
    once.set_weights(layer.get_weights())
    model = minirnn.Sequential([minirnn.Input((3,)), layer])
    np.testing.assert_allclose(model.predict(X[:, 0], verbose=0), 2 * once(X[:, 0]), rtol=1e-6)
    model.compile("sgd", "mse")
    with pytest.raises(NotImplementedError, match="Doubled needs backward"):
        model.fit(X[:, 0], Y[:, [0, 0]], verbose=0)


def test_a_subclass_without_a_call_is_the_layer_it_derives_from():
    class Named(layers.LSTM):
        pass

    model = minirnn.Sequential([minirnn.Input((4, 3)), Named(3), layers.Dense(1)])
    model.compile("adam", "mse")
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"]).all()


# --- refusals ---


def wrong(result):
    class Wrong(Affine):
        def backward(self, dy, x):
            return result(dy, x)

    model = minirnn.Sequential([minirnn.Input((3,)), layers.Dense(3), Wrong(2, name="wrong")])
    model.compile("sgd", "mse")
    return model.fit(X[:, 0], Y[:, [0, 0]], verbose=0)


class Forgetful(Layer):
    def __init__(self):
        self.dense = layers.Dense(2)

    def call(self, x):
        return x


class Worded(Layer):
    def call(self, x):
        return "many"


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: wrong(lambda dy, x: dy), TypeError, r"must return \(dx, \[d_w, d_b\]\), got a ndarray"),
        (lambda: wrong(lambda dy, x: (x, [dy])), ValueError, r"\[d_w, d_b\]\), got 1 gradients"),
        (lambda: wrong(lambda dy, x: (x, [dy, dy])), ValueError, r"of shape \(8, 2\) for w, expected \(3, 2\)"),
        (lambda: wrong(lambda dy, x: (dy, [np.ones((3, 2)), np.ones(2)])), ValueError, "gradients of shapes"),
        (lambda: wrong(lambda dy, x: (None, [np.ones((3, 2)), np.ones(2)])), TypeError, "must return arrays, got None"),
        (Forgetful, RuntimeError, r"Forgetful.__init__ must call super\(\).__init__\(\) before"),
        (lambda: Worded()(minirnn.Input((3,))), TypeError, "must return arrays, got str"),
        (lambda: Square().add_weight(shape="3"), ValueError, "shape of whole numbers"),
        (lambda: Square().add_weight(shape=(-1,)), ValueError, "shape of whole numbers"),
        (lambda: Square().add_weight(shape=(3,), initializer="oness"), ValueError, "unknown initializer"),
        (lambda: Square().add_weight(shape=(3,), dtype="float64"), ValueError, "cannot be trained"),
        (lambda: Square().add_weight(shape=(3,), initialiser="ones"), TypeError, "initialiser"),
        (lambda: Affine(2, unit=3), TypeError, "unit"),
        (lambda: Affine(2, 3), TypeError, "Affine"),
        (lambda: Square()(np.full((2, 2), np.nan)), ValueError, "finite"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


# --- Lambda ---


def test_a_lambda_infers_with_arguments_training_and_shape():
    layer = layers.Lambda(lambda x, power, training: x**power + training, arguments={"power": 2})
    np.testing.assert_array_equal(layer([[3.0]]), [[9.0]])
    np.testing.assert_array_equal(layer(np.array([[3.0]]), training=True), [[10.0]])
    model = minirnn.Sequential([minirnn.Input((4, 3)), layers.Lambda(lambda x: x[:, -1]), layers.Dense(1)])
    assert model.layers[0].output.shape == (None, 3) and model.predict(X, verbose=0).shape == (8, 1)
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"]).all()  # nothing to train before it


def test_a_lambda_gives_the_mask_that_it_is_told():
    mask = np.ones((3, 4), bool)
    assert layers.Lambda(np.tanh).supports_masking is False
    assert layers.Lambda(np.tanh, mask=lambda x, m: m).compute_mask(X, mask) is mask


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: layers.Lambda(3), TypeError, "Lambda takes a function"),
        (lambda: layers.Lambda(np.tanh).get_config(), NotImplementedError, "write a Layer"),
        (lambda: layers.Lambda.from_config({"function": "x"}), ValueError, "is not loaded"),
        (lambda: layers.Lambda(np.tanh, name="f").vjp(X, X), NotImplementedError, "f: to train through it Lambda"),
    ],
)
def test_what_a_lambda_is_not_for_is_refused_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as caught:
        make()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_configuration_of_keras_with_a_lambda_is_refused(keras):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
    with pytest.raises(ValueError, match="a Lambda is Python code and is not loaded"):
        minirnn.models.model_from_json(model.to_json())
