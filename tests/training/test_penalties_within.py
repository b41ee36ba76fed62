"""Activity regularizers of layers inside of wrappers, of models and of layers made of layers count as Keras's do."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.layers.regularized import with_sublayers
from reference import keras_side

N, T, F = 4, 3, 2


def chain(library, *inner):
    return library.Sequential([library.Input((T, F)), *inner, library.layers.Dense(1)])


def bidirectional(library):
    k = library.layers
    kinds = {"return_sequences": True, "activity_regularizer": "l2"}
    first = k.Bidirectional(k.GRU(3, **kinds), activity_regularizer="l1")
    return chain(library, k.Masking(), first, k.Bidirectional(k.GRU(2, activity_regularizer="l1"), merge_mode="mul"))


def two_directions(library):
    """A layer of each kind, states that go in and out, and one direction's output that nothing reads."""
    k, x = library.layers, library.Input((T, F))
    kinds = {"return_state": True, "return_sequences": True}
    ahead = k.GRU(3, activity_regularizer="l2", **kinds)
    back = k.GRU(3, go_backwards=True, activity_regularizer="l1", **kinds)
    y, _, h, _ = k.Bidirectional(ahead, merge_mode=None, backward_layer=back)(x)
    z = k.Bidirectional(k.GRU(3, activity_regularizer="l1"))(y, initial_state=[h, h])
    return library.Model(x, k.Dense(1)(z))


def only_penalised(library):
    """A second output without a loss: nothing but the penalties depends on it."""
    k, x = library.layers, library.Input((T, F))
    h = k.Dense(F)(x)
    other = k.Bidirectional(k.GRU(2, activity_regularizer="l2"), name="other")(h)
    return library.Model(x, [k.Dense(1)(k.GRU(2)(x)), other])


def steps(library):
    """Of a layer in TimeDistributed only what lies within it is penalised."""
    k = library.layers
    inner = library.Sequential([
        library.Input((F,)), k.Dense(3, activity_regularizer="l2"), k.Dense(2, activity_regularizer="l1"),
    ])  # fmt: skip
    inner.activity_regularizer = library.regularizers.L2(10.0)
    forgotten = k.TimeDistributed(k.Dense(2, activity_regularizer="l1"))
    return chain(library, k.TimeDistributed(inner, activity_regularizer="l2"), forgotten, k.GRU(2))


def steps_of_sequences(library):
    k = library.layers
    both = k.Bidirectional(k.GRU(2, return_sequences=True, activity_regularizer="l2"), activity_regularizer="l1")
    x = library.Input((T, 3, F))
    y = k.TimeDistributed(k.TimeDistributed(k.Dense(2)))(k.TimeDistributed(both)(x))
    return library.Model(x, k.Dense(1)(k.Flatten()(y)))


def over_cells(library):
    k = library.layers
    return chain(library, k.RNN([k.GRUCell(3), k.GRUCell(2)], return_state=False, activity_regularizer="l2"))


def block(library, twice=False):
    """A layer made of layers, in either library."""
    k = library.layers

    class Block(k.Layer):
        def __init__(self, units=2, **kwargs):
            super().__init__(**kwargs)
            self.first = k.Dense(F, activation="tanh", activity_regularizer="l2")
            self.last = k.Dense(units, activity_regularizer="l1")

        def build(self, input_shape):
            self.first.build(input_shape)
            self.last.build(input_shape)

        def call(self, x):
            return self.last(self.first(self.first(x)) if twice else self.first(x))

    return Block


def made_of_layers(library):
    return chain(library, block(library)(activity_regularizer="l1"), library.layers.GRU(2))


def called_twice(library):
    """The inner layer twice in a call, the block twice in the model."""
    k, x = library.layers, library.Input((T, F))
    of = block(library, twice=True)(F, activity_regularizer="l2")
    return library.Model(x, k.Dense(1)(k.GRU(2)(of(of(x)))))


def made_of_layers_at_each_step(library):
    k, kind = library.layers, block(library)
    model = chain(library, k.TimeDistributed(kind(activity_regularizer="l1")), k.GRU(2))
    model(np.zeros((1, T, F)))  # Keras does not know the shape of a step before
    return model


def models_in_models(library):
    """The model's own regularizer, and that of a model within."""
    k = library.layers
    inner = library.Sequential([library.Input((T, F)), k.GRU(3, activity_regularizer="l2")])
    inner.activity_regularizer = library.regularizers.L1(0.01)
    outer = chain(library, inner)
    outer.activity_regularizer = library.regularizers.L2(0.02)
    return outer


def of_its_own(library):
    k = library.layers

    class Own(library.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.both = k.Bidirectional(k.GRU(2, activity_regularizer="l1"))
            self.out = k.Dense(1, activity_regularizer="l2")

        def call(self, x):
            return self.out(self.both(x))

    model = Own(activity_regularizer="l2")
    model(np.zeros((1, T, F)))
    return model


CASES = [
    bidirectional, two_directions, only_penalised, steps, steps_of_sequences, over_cells, made_of_layers, called_twice,
    made_of_layers_at_each_step, models_in_models, of_its_own,
]  # fmt: skip
every_case = pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)


def compiled(twins, make):
    """Our model and Keras's, a batch for them, and its targets."""
    ours, theirs = twins(make, "sgd", ["mse", None] if make is only_penalised else "mse")
    random = np.random.default_rng(3)
    values = [random.uniform(-1, 1, w.shape) for w in ours.weights]
    ours.set_weights(values)
    theirs.set_weights(values)
    x = random.normal(size=(N, T, 3, F) if make is steps_of_sequences else (N, T, F))
    x[0, 1:] = 0.0
    y = random.normal(size=(N, 1))
    return ours, theirs, x, [y, None] if make is only_penalised else y


def of_keras(model, x, y):
    """(loss, gradients of the trainable weights, dx)."""
    tensorflow = keras_side.load()[1]
    x = tensorflow.constant(x)
    with tensorflow.GradientTape(persistent=True) as tape:
        tape.watch(x)
        loss = model.compute_loss(x, y, model(x, training=True))
    gradients = [np.asarray(tape.gradient(loss, w.value)) for w in model.trainable_weights]
    return float(loss), gradients, tape.gradient(loss, x)


@every_case
def test_loss_gradients_and_losses_are_those_of_keras(twins, make):
    ours, theirs, x, y = compiled(twins, make)
    value, gradients, dx = ours.compute_gradients(x, y)
    expected, their_gradients, their_dx = of_keras(theirs, x, y)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=1e-12)
    assert ours.test_on_batch(x, y) == pytest.approx(expected, rel=1e-12)
    for weight, found, other in zip(ours.trainable_weights, gradients, their_gradients, strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-10, atol=1e-10 * np.abs(other).max(), err_msg=weight.path)
    np.testing.assert_allclose(dx, their_dx, rtol=1e-10, atol=1e-10 * np.abs(their_dx).max())


@every_case
def test_the_losses_of_a_called_model_are_those_of_keras_in_their_order(twins, make):
    ours, theirs, x, _ = compiled(twins, make)
    for _ in range(2):
        ours(x), theirs(x)
        np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=1e-12)


@pytest.mark.parametrize("make", [bidirectional, steps, of_its_own], ids=lambda make: make.__name__)
def test_a_training_run_and_what_is_evaluated_are_those_of_keras(twins, make):
    ours, theirs, x, y = compiled(twins, make)
    runs = [m.fit(x, y, batch_size=3, epochs=3, shuffle=False, verbose=0).history["loss"] for m in (ours, theirs)]
    np.testing.assert_allclose(*runs, rtol=1e-9)
    results = [model.evaluate(x, y, batch_size=3, verbose=0) for model in (ours, theirs)]
    assert results[0] == pytest.approx(results[1], rel=1e-9)


# --- layers by themselves ---


def alone(library, name):
    k, dtype = library.layers, {"dtype": "float64"}
    penalised = {"activity_regularizer": "l2", **dtype}
    if name == "bidirectional":
        return k.Bidirectional(k.GRU(2, return_state=True, **penalised), activity_regularizer="l1", **dtype)
    if name == "steps":
        return k.TimeDistributed(k.Bidirectional(k.GRU(2, **penalised), **dtype), **dtype)
    return block(library, twice=True)(activity_regularizer="l1")


@pytest.mark.parametrize("name", ["bidirectional", "steps", "block"])
def test_the_losses_of_a_called_layer_are_those_of_keras_in_their_order(twins, name):
    ours, theirs = (alone(library, name) for library in (minirnn, twins.keras))
    x = np.random.default_rng(4).normal(size=(N, T, 3, F) if name == "steps" else (N, T, F))
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())
    for _ in range(2):
        ours(x), theirs(x)
        assert len(ours.losses) > 1
        np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=1e-12)


@pytest.mark.parametrize("name", ["bidirectional", "steps", "block"])
def test_vjp_is_that_of_the_outputs_alone(name):
    layer = alone(minirnn, name)
    x = np.random.default_rng(4).normal(size=(N, T, 3, F) if name == "steps" else (N, T, F))
    y = layer(x)
    dy = np.ones_like(y[0] if name == "bidirectional" else y)
    with_penalties = layer.vjp(x, dy)
    for part in with_sublayers(layer):
        part.activity_regularizer = None
    without = layer.vjp(x, dy)
    np.testing.assert_allclose(with_penalties[0], without[0], rtol=1e-12)
    for mine, other in zip(with_penalties[1], without[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_a_regularizer_within_may_be_set_and_taken_away_between_steps():
    x, y = np.ones((N, T, F)), np.ones((N, 1))
    model = chain(minirnn, layers.Bidirectional(layers.GRU(2)))
    model.compile(minirnn.optimizers.SGD(1e-12), "mse")
    plain = model.train_on_batch(x, y)
    model.layers[0].backward_layer.activity_regularizer = "l2"
    penalised = model.train_on_batch(x, y)
    assert len(model.losses) == 1 and model.losses[0] > 0
    assert penalised == pytest.approx(plain + model.losses[0], rel=1e-6)
    model.layers[0].backward_layer.activity_regularizer = None
    assert model.losses == [] and model.train_on_batch(x, y) == pytest.approx(plain, rel=1e-6)


def test_a_functional_model_is_told_where_its_regularizer_belongs():
    x = minirnn.Input((F,))
    with pytest.raises(TypeError, match="takes no activity_regularizer; give it to the last layer"):
        minirnn.Model(x, layers.Dense(1)(x), activity_regularizer="l2")


def test_a_cell_with_a_regularizer_is_refused_in_one_line_where_it_would_count():
    """Keras's graph cannot train it, either: its penalties stay within the loop over the steps."""
    model = chain(minirnn, layers.RNN(layers.GRUCell(2, activity_regularizer="l2", name="cell"), name="rnn"))
    model.compile("sgd", "mse")
    x, y, before = np.ones((N, T, F)), np.ones((N, 1)), model.get_weights()
    assert model.predict(x, verbose=0).shape == (N, 1)
    message = "^rnn: the activity_regularizer of cell cannot count step by step; give it to the RNN$"
    for use in (model.train_on_batch, model.test_on_batch):
        with pytest.raises(NotImplementedError, match=message):
            use(x, y)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
