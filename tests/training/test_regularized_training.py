"""Training with regularizers: the loss that is reported, every gradient and whole runs are Keras's."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.regularizers import Regularizer
from reference import keras_side

N, T, F = 8, 5, 3


def orthogonal(library, mode="rows"):
    regularizer = library.regularizers.OrthogonalRegularizer(0.2, mode)
    if library is not minirnn:
        # On TensorFlow Keras holds it in float32, and cannot multiply float64 by it.
        regularizer.factor = library.ops.cast(regularizer.factor, "float64")
    return regularizer


def every_weight(name):
    def make(library):
        regularizers, ls = library.regularizers, library.layers
        kinds = {
            "kernel_regularizer": regularizers.L1L2(0.01, 0.02),
            "recurrent_regularizer": orthogonal(library),
            "bias_regularizer": "l1",
            # The cosines of an orthogonal matrix are nothing but rounding, and so are their signs.
            "recurrent_initializer": "glorot_uniform",
        }
        return library.Sequential(
            [
                library.Input((T, F)),
                getattr(ls, name)(4, bias_initializer="glorot_uniform" if name == "GRU" else "ones", **kinds),
                ls.Dense(2, kernel_regularizer=orthogonal(library, "columns"), bias_regularizer="l2"),
            ]
        )

    return make


def masked_sequences(library):
    ls = library.layers
    return library.Sequential(
        [
            library.Input((T, F)),
            ls.Masking(0.0),
            ls.GRU(4, return_sequences=True, activity_regularizer="l2"),
            ls.LSTM(3, return_sequences=True, activity_regularizer=library.regularizers.L1(0.05)),
            ls.LSTM(2, activity_regularizer=library.regularizers.L1L2(0.05, 0.1)),
        ]
    )


def states(library):
    """Every output of a layer counts, one that nothing reads, too."""
    x = library.Input((T, F))
    y, h, c = library.layers.LSTM(4, return_sequences=True, return_state=True, activity_regularizer="l2")(x)
    z = library.layers.GRU(4, activity_regularizer="l1")(y, initial_state=h)
    return library.models.Model(x, library.layers.Dense(2)(z))


def called_twice(library):
    ls, x = library.layers, library.Input((T, F))
    shared = ls.LSTM(3, kernel_regularizer="l2", activity_regularizer="l2", return_sequences=True)
    y = shared(ls.Dense(F)(shared(x)))
    return library.models.Model(x, ls.Dense(2)(ls.LSTM(3)(y)))


def frozen(library):
    ls = library.layers
    kinds = {"kernel_regularizer": "l2", "activity_regularizer": "l2", "return_sequences": True}
    return library.Sequential(
        [library.Input((T, F)), ls.GRU(3, **kinds), ls.GRU(3, trainable=False, **kinds), ls.LSTM(2)]
    )


def nested(library):
    ls = library.layers
    inner = library.Sequential(
        [library.Input((T, F)), ls.LSTM(4, activity_regularizer="l2", recurrent_regularizer="l1"),
         ls.Dense(3, activity_regularizer="l1")]
    )  # fmt: skip
    return library.Sequential([library.Input((T, F)), inner, ls.Dense(2, bias_regularizer="l2")])


def scored(activation):
    """The loss is computed from what the last activation is applied to, the penalty from what it gives."""

    def make(library):
        ls = library.layers
        last = ls.Dense(2, activation=activation, activity_regularizer=library.regularizers.L2(0.3))
        return library.Sequential([library.Input((T, F)), ls.LSTM(4), last])

    return make


def joined(library):
    ls, x = library.layers, library.Input((T, F))
    a, b = ls.LSTM(3)(x), ls.GRU(3)(x)
    return library.models.Model(x, ls.Dense(2)(ls.Multiply(activity_regularizer="l2")([a, b])))


def both_directions(library):
    """Layers inside of wrappers: in a Bidirectional they are heard, at each step, too."""
    ls, x = library.layers, library.Input((T, F))
    kinds = {"activity_regularizer": "l2", "kernel_regularizer": "l1", "return_sequences": True}
    twice = ls.Bidirectional(ls.LSTM(F, **kinds), merge_mode="sum")
    y = twice(ls.Dense(F)(twice(x)))
    steps = ls.TimeDistributed(ls.Bidirectional(ls.GRU(2, activity_regularizer="l1")))
    z = steps(ls.Reshape((T, F, 1))(y))
    return library.models.Model(x, ls.Dense(2)(ls.GRU(3)(z)))


CASES = {
    "SimpleRNN": (every_weight("SimpleRNN"), "mse"),
    "LSTM": (every_weight("LSTM"), "mse"),
    "GRU": (every_weight("GRU"), "mse"),
    "masked sequences": (masked_sequences, "mse"),
    "states": (states, "mse"),
    "called twice": (called_twice, "mse"),
    "frozen": (frozen, "mse"),
    "nested": (nested, "mse"),
    "softmax": (scored("softmax"), "categorical_crossentropy"),
    "sigmoid": (scored("sigmoid"), "binary_crossentropy"),
    "joined": (joined, "mse"),
    "both directions": (both_directions, "mse"),
}


@pytest.fixture
def data():
    random = np.random.default_rng(5)
    x, y = random.normal(size=(N, T, F)), np.eye(2)[random.integers(0, 2, N)]
    x[2, 3:] = x[5, :2] = 0.0  # masked, where there is a Masking layer
    return x, y


def gradients_of_keras(model, x, y):
    """(loss, gradients of the trainable weights, dx)."""
    tensorflow = keras_side.load()[1]
    x = tensorflow.constant(x)
    with tensorflow.GradientTape(persistent=True) as tape:
        tape.watch(x)
        loss = model.compute_loss(x, tensorflow.constant(y), model(x, training=True))
    gradients = [np.asarray(tape.gradient(loss, w.value)) for w in model.trainable_weights]
    return float(loss), gradients, tape.gradient(loss, x)


@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradients_are_those_of_keras(twins, data, case):
    make, loss = CASES[case]
    ours, theirs = twins(make, "sgd", loss)
    value, gradients, dx = ours.compute_gradients(*data)
    expected, their_gradients, their_dx = gradients_of_keras(theirs, *data)
    assert value == pytest.approx(expected, rel=1e-12)
    assert ours.test_on_batch(*data) == pytest.approx(expected, rel=1e-12)
    for weight, found, other in zip(ours.trainable_weights, gradients, their_gradients, strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-10, atol=1e-10 * np.abs(other).max(), err_msg=weight.path)
    np.testing.assert_allclose(dx, their_dx, rtol=1e-10, atol=1e-10 * np.abs(their_dx).max())


@pytest.mark.parametrize("case", CASES)
def test_the_losses_of_a_called_model_are_those_of_keras_in_their_order(twins, data, case):
    ours, theirs = twins(CASES[case][0], "sgd", "mse")
    ours(data[0]), theirs(data[0])
    assert len(ours.losses) >= 1
    np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=1e-12)


@pytest.mark.parametrize("case", ["LSTM", "masked sequences", "called twice", "nested", "softmax", "both directions"])
def test_a_training_run_is_that_of_keras(twins, data, case):
    make, loss = CASES[case]
    both = twins(make, lambda library: library.optimizers.Adam(0.01), loss)
    runs = [
        model.fit(*data, batch_size=3, epochs=4, shuffle=False, verbose=0, validation_data=data).history
        for model in both
    ]
    for key in ("loss", "val_loss"):
        np.testing.assert_allclose(runs[0][key], runs[1][key], rtol=1e-9)
    for ours, theirs in zip(*(model.get_weights() for model in both), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)


def two_heads(library):
    ls, x = library.layers, library.Input((T, F))
    h = ls.LSTM(4, kernel_regularizer="l2", activity_regularizer="l2")(x)
    return library.models.Model(x, [ls.Dense(2, name="up")(h), ls.Dense(2, name="down", bias_regularizer="l1")(h)])


@pytest.mark.parametrize("compiled", [{}, {"loss_weights": [0.5, 2.0]}], ids=["plain", "weighted"])
def test_the_losses_of_several_outputs_are_reported_without_the_penalties(twins, data, compiled):
    ours, theirs = twins(two_heads, "sgd", ["mse", "mse"], **compiled)
    x, y = data[0], [data[1], data[1] - 1]
    for method in ("train_on_batch", "test_on_batch"):
        mine, other = (getattr(model, method)(x, y, return_dict=True) for model in (ours, theirs))
        assert mine.keys() == other.keys() == {"loss", "up_loss", "down_loss"}
        for key in mine:
            assert mine[key] == pytest.approx(float(other[key]), rel=1e-11), key
    shares = compiled.get("loss_weights", [1, 1])
    penalty = mine["loss"] - shares[0] * mine["up_loss"] - shares[1] * mine["down_loss"]
    assert penalty == pytest.approx(sum(ours.losses), rel=1e-9) and penalty > 1e-3


def test_a_penalty_counts_once_a_batch_however_samples_are_weighted(twins, data):
    ours, theirs = twins(two_heads, "sgd", "mse")
    x, y, weights = data[0], [data[1], data[1]], np.linspace(0, 3, N)
    mine, other = (m.train_on_batch(x, y, sample_weight=[weights, weights], return_dict=True) for m in (ours, theirs))
    for key in mine:
        assert mine[key] == pytest.approx(float(other[key]), rel=1e-11), key


def test_a_rest_of_a_batch_has_a_penalty_of_its_own(twins, data):
    both = twins(masked_sequences, "sgd", "mse")
    ours, theirs = (model.evaluate(*data, batch_size=3, verbose=0) for model in both)
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_what_is_frozen_and_thawed_is_penalised_from_then_on(data):
    x, y = (a.astype("float32") for a in data)
    model = every_weight("LSTM")(minirnn)
    model.compile("sgd", "mse")
    whole = model.test_on_batch(x, y)
    model.layers[0].trainable = False
    of_dense = sum(model.layers[1].losses)
    assert len(model.losses) == 2 and model.test_on_batch(x, y) < whole
    model.layers[1].trainable = False
    assert model.losses == [] and model.test_on_batch(x, y) < whole - 0.9 * of_dense
    model.trainable = True
    assert model.test_on_batch(x, y) == pytest.approx(whole, rel=1e-6)


def test_a_regularizer_may_be_set_between_steps(data):
    x, y = (a.astype("float32") for a in data)
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3), layers.Dense(2)])
    model.compile(minirnn.optimizers.SGD(1e-12), "mse")
    plain = model.train_on_batch(x, y)
    model.layers[0].activity_regularizer = "l2"
    model.layers[1].weights[0].regularizer = "l1"
    penalised = model.train_on_batch(x, y)
    assert len(model.losses) == 2 and penalised == pytest.approx(plain + sum(model.losses), rel=1e-6)
    model.layers[0].activity_regularizer = model.layers[1].weights[0].regularizer = None
    assert model.train_on_batch(x, y) == pytest.approx(plain, rel=1e-6)


def test_padding_stays_zero(data):
    x, y = (a.astype("float32") for a in data)
    model = every_weight("GRU")(minirnn)
    model.compile("adam", "mse")
    model.fit(x, y, epochs=3, verbose=0)
    for weight in model.weights:
        assert np.count_nonzero(weight.packed) <= weight.size
        copy = np.zeros_like(weight.packed)
        weight.layout.pack(weight.numpy(), copy)
        np.testing.assert_array_equal(weight.packed, copy, err_msg=weight.path)


# Regularizers of one's own


class Quartic(Regularizer):
    def __call__(self, x):
        return 0.1 * np.sum(x**4)

    def gradient(self, x):
        return 0.4 * x**3


def test_a_regularizer_of_ones_own_trains_by_its_gradient(twins, data):
    def make(library):
        def quartic(x):
            return 0.1 * library.ops.sum(x**4)

        own = Quartic() if library is minirnn else quartic
        ls = library.layers
        lstm = ls.LSTM(3, kernel_regularizer=own, recurrent_regularizer=own, activity_regularizer=own)
        return library.Sequential([library.Input((T, F)), lstm, ls.Dense(2)])

    both = twins(make, "sgd", "mse")
    runs = [model.fit(*data, epochs=3, shuffle=False, verbose=0).history["loss"] for model in both]
    np.testing.assert_allclose(*runs, rtol=1e-9)


@pytest.mark.parametrize("argument", ["kernel_regularizer", "activity_regularizer"])
def test_a_function_penalises_but_cannot_train(data, argument):
    def cubes(x):
        return np.sum(np.abs(x) ** 3)

    x, y = (a.astype("float32") for a in data)
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3, **{argument: cubes}), layers.Dense(2)])
    model.compile("sgd", "mse")
    value, before = model.test_on_batch(x, y), model.get_weights()
    assert len(model.losses) == 1 and value > model.losses[0] > 0
    with pytest.raises(NotImplementedError, match="regularizer cubes has no gradient.*subclass") as caught:
        model.fit(x, y, verbose=0)
    assert "\n" not in str(caught.value)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
