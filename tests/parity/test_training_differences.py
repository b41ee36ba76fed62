"""Compiling, training, losses and optimizers: where minirnn differs from Keras, on purpose."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from deliberate import difference

import minirnn
from reference import keras_side

X, Y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")


def dense(library, *compiled, **options):
    """A compiled model of one Dense layer; `options` are the layer's."""
    model = library.Sequential([library.Input((3,)), library.layers.Dense(1, **options)])
    model.compile(*compiled or ("sgd", "mse"))
    return model


def two_layers(library, **optimizer):
    model = library.Sequential([library.Input((3,)), library.layers.Dense(2), library.layers.Dense(1)])
    model.compile(library.optimizers.SGD(0.1, **optimizer), "mse")
    return model


def moved(model, *data, **options):
    """How far a fit moves each weight."""
    before = model.get_weights()
    model.fit(*data, verbose=0, **options)
    return [float(np.abs(after - b).max()) for after, b in zip(model.get_weights(), before, strict=True)]


@pytest.fixture
def refused():
    """`refused(model, words, *data)`: fit raises ValueError with these words and leaves the weights as they are."""

    def check(model, words, *data, **options):
        before = model.get_weights()
        with pytest.raises(ValueError, match=words) as caught:
            model.fit(*data, verbose=0, **options)
        assert "\n" not in str(caught.value)
        for after, b in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(after, b)

    return check


@difference("`y` of shape (8, 7) against an output (8, 1)")
def test_targets_of_another_width_are_not_stretched(both, refused):
    ours, theirs = both(dense)
    assert min(moved(theirs, X, np.zeros((8, 7)))) > 0
    refused(ours, r"\(8, 7\)", X, np.zeros((8, 7)))


@difference("NaN or infinity in `x` or `y`")
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", ["x", "y"])
def test_what_is_not_finite_is_refused(both, refused, place, value):
    ours, theirs = both(dense)
    data = {"x": X.copy(), "y": Y.copy()}
    data[place][2, 0] = value
    assert not np.isfinite(moved(theirs, *data.values())).any()
    refused(ours, rf"{place}.*\[2, 0\]", *data.values())


@difference("a misspelt loss is found by `fit`")
def test_a_misspelt_loss_is_found_by_compile(keras):
    model = dense(keras, "sgd", "mean_squared_eror")
    with pytest.raises(ValueError, match="mean_squared_eror"):
        model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="did you mean 'mean_squared_error'"):
        dense(minirnn, "sgd", "mean_squared_eror")


@difference("silently takes `units=3.7`")
def test_settings_that_make_no_sense_are_refused(both, keras, refused):
    ours, theirs = both(dense)
    theirs.fit(X, Y, batch_size=3, epochs=-1, verbose=0)
    refused(ours, "epochs", X, Y, epochs=-1)
    assert keras.optimizers.SGD(-1.0).learning_rate.numpy() == -1
    assert keras.optimizers.Adam(beta_1=1.5).beta_1 == 1.5
    for make in (lambda: minirnn.optimizers.SGD(-1.0), lambda: minirnn.optimizers.Adam(beta_1=1.5)):
        with pytest.raises(ValueError, match="learning_rate|beta_1"):
            make()
    assert keras.layers.LSTM(3.7).units == 3.7
    with pytest.raises((ValueError, TypeError), match="units"):
        minirnn.layers.LSTM(3.7)
    theirs.fit(X, Y, sample_weight=-np.ones(8), verbose=0)
    refused(ours, "sample_weight", X, Y, sample_weight=-np.ones(8))


@difference("a layer frozen between two `fit`s")
def test_a_layer_is_frozen_at_once(both):
    for model, moves in zip(both(two_layers), (False, True), strict=True):
        model.fit(X, Y, verbose=0)
        model.layers[-2].trainable = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras says that it wants to be compiled anew
            assert (moved(model, X, Y)[0] > 0) == moves


@difference("binary crossentropy of a softmax")
@pytest.mark.parametrize(
    ("activation", "loss", "other"),
    [("softmax", "binary_crossentropy", "sigmoid"), ("sigmoid", "categorical_crossentropy", "softmax")],
)
def test_a_loss_takes_the_outputs_for_what_they_are(both, rng, activation, loss, other):
    def make(library, activation=activation):
        model = library.Sequential([library.Input((3,)), library.layers.Dense(2, activation=activation)])
        model.compile("sgd", loss)
        return model

    ours, theirs = both(make)
    x, y = rng.normal(size=(4, 3)), np.eye(2)[[0, 1, 1, 0]]
    of = getattr(minirnn.losses, loss)
    assert ours.test_on_batch(x, y) == pytest.approx(of(y, ours.predict(x, verbose=0)).mean(), rel=1e-5)
    mistaken = make(minirnn, other)
    mistaken.set_weights(ours.get_weights())
    assert float(theirs.test_on_batch(x, y)) == pytest.approx(mistaken.test_on_batch(x, y), rel=1e-5)
    assert mistaken.test_on_batch(x, y) != pytest.approx(ours.test_on_batch(x, y), rel=1e-2)


@difference("a function as loss or regularizer trains")
def test_a_function_without_a_gradient_is_refused(keras):
    def squares(y, p):
        return ((y - p) ** 2).mean(-1)

    assert min(moved(dense(keras, "sgd", lambda y, p: keras.ops.mean((y - p) ** 2)), X, Y)) > 0
    with pytest.raises((TypeError, ValueError), match="gradient"):
        dense(minirnn, "sgd", squares)
    assert min(moved(dense(keras, kernel_regularizer=lambda w: keras.ops.sum(w**2)), X, Y)) > 0
    with pytest.raises((TypeError, ValueError, NotImplementedError), match="gradient"):
        dense(minirnn, kernel_regularizer=lambda w: (w**2).sum()).fit(X, Y, verbose=0)


@difference("the losses of several outputs are averaged over batches")
def test_the_loss_of_an_output_is_averaged_over_rows(keras):
    found = []
    for library in (minirnn, keras):
        x = library.Input((3,))
        model = library.Model(x, [library.layers.Dense(1, name=name)(x) for name in "ab"])
        model.compile("sgd", ["mse", "mse"])
        model.set_weights([np.zeros(w.shape) for w in model.weights])
        y = np.array([[0.0], [0.0], [3.0]])
        found.append(model.evaluate(np.zeros((3, 3)), [y, y], batch_size=2, verbose=0, return_dict=True))
    assert {k: float(v) for k, v in found[0].items()} == {"loss": 6, "a_loss": 3, "b_loss": 3}
    assert {k: float(v) for k, v in found[1].items()} == {"loss": 6, "a_loss": 4.5, "b_loss": 4.5}


@difference("a finite generator without `steps_per_epoch`")
def test_a_finite_generator_is_read_once(both):
    ours, theirs = both(dense)
    read = []

    def batches():
        for number in range(7):
            read.append(number)
            yield X, Y

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras says that data ran out
        theirs.fit(batches(), epochs=2, verbose=0)
    assert len(read) == 7 and int(theirs.optimizer.iterations.numpy()) == 8 + 3
    read.clear()
    ours.fit(batches(), verbose=0)
    assert len(read) == 7 and ours.optimizer.iterations == 7
    with pytest.raises(ValueError, match="steps_per_epoch"):
        ours.fit(batches(), epochs=2, verbose=0)


@difference("EMA of the optimizer averages frozen weights")
def test_the_average_of_a_frozen_weight_stays(both):
    averaging = {"use_ema": True, "ema_momentum": 0.5}
    for model, moves in zip(both(lambda library: two_layers(library, **averaging)), (False, True), strict=True):
        for _ in range(2):  # after the first the average is the weight
            model.train_on_batch(X, Y)
        model.layers[-2].trainable = False
        model.compile(model.optimizer, "mse")
        before = average(model)
        train_second_layer(model)
        assert (np.abs(average(model) - before).max() > 0) == moves


def average(model):
    """The optimizer's average of the first layer's kernel."""
    optimizer = model.optimizer
    kept = getattr(optimizer, "_model_variables_moving_average", None)
    if kept is None:
        kept = [v for v in optimizer.variables if "average" in v.path and v.shape == (3, 2)]
    return np.array(kept[0].numpy())


def train_second_layer(model):
    """A step in which the first layer is frozen: Keras's fit would ask for a new optimizer."""
    if type(model).__module__.startswith("minirnn"):
        model.train_on_batch(X, Y)
        return
    variables = model.trainable_variables
    model.optimizer.apply([np.ones(v.shape, "float32") for v in variables], variables)


@difference("`gradient_accumulation_steps=0`, `ema_overwrite_frequency=0`")
@pytest.mark.parametrize(
    "options", [{"gradient_accumulation_steps": 0}, {"use_ema": True, "ema_overwrite_frequency": 0}], ids=str
)
def test_an_option_is_left_out_instead_of_zero(keras, options):
    assert min(moved(dense(keras, keras.optimizers.SGD(**options), "mse"), X, Y)) > 0
    with pytest.raises(ValueError, match=list(options)[-1]):
        minirnn.optimizers.SGD(**options)


@difference("categorical crossentropy of a row of zeros")
def test_the_loss_of_a_row_of_zeros_is_finite(keras):
    _, tf = keras_side.load()
    y, p = np.array([[0.0, 1.0]]), tf.zeros((1, 2))
    with tf.GradientTape() as tape:
        tape.watch(p)
        theirs = keras.losses.CategoricalCrossentropy()(y, p)
    assert np.isnan(theirs) and np.isnan(tape.gradient(theirs, p)).all()
    model = minirnn.Sequential([minirnn.Input((2,)), minirnn.layers.Activation("linear")])
    model.compile("sgd", "categorical_crossentropy")
    loss, _, dx = model.compute_gradients(np.zeros((1, 2)), y)
    assert np.isfinite(loss)
    np.testing.assert_array_equal(dx, 0)


@difference("an unknown `monitor` or `mode` of a callback")
@pytest.mark.parametrize("options", [{"monitor": "val_loss"}, {"monitor": "loss", "mode": "mni"}], ids=str)
def test_what_cannot_be_monitored_is_refused(both, refused, options):
    ours, theirs = both(dense)
    with pytest.warns(UserWarning, match="val_loss|mni"):
        theirs.fit(X, Y, verbose=0, callbacks=[keras_side.load()[0].callbacks.EarlyStopping(**options)])

    def fit_ours():
        ours.fit(X, Y, verbose=0, callbacks=[minirnn.callbacks.EarlyStopping(**options)])

    before = ours.get_weights()
    with pytest.raises(ValueError, match="val_loss|mni"):
        fit_ours()
    np.testing.assert_array_equal(ours.get_weights()[0], before[0])


@difference("IoU metrics cut fractional weights")
def test_fractional_weights_count_in_iou(keras):
    for library, result in ((keras, 0.0), (minirnn, 0.5)):
        metric = library.metrics.MeanIoU(2)
        metric.update_state([0, 1, 1], [0, 1, 0], sample_weight=[0.5, 0.5, 0.5])
        assert float(metric.result()) == pytest.approx(result)


@difference("generalized crossentropy of a probability 0")
def test_the_slope_of_generalized_crossentropy_at_zero_is_finite(keras):
    _, tf = keras_side.load()
    p = tf.zeros((1, 1)), tf.ones((1, 1))
    with tf.GradientTape() as tape:
        tape.watch(p)
        loss = keras.losses.CategoricalGeneralizedCrossEntropy()(np.array([0]), tf.concat(p, axis=1))
    assert not np.isfinite(tape.gradient(loss, p)[0]).all()
    model = minirnn.Sequential([minirnn.Input((1,), dtype="float64"), minirnn.layers.Dense(2, dtype="float64")])
    model.compile("sgd", minirnn.losses.CategoricalGeneralizedCrossEntropy())
    model.set_weights([np.zeros((1, 2)), np.array([0.0, 1.0])])
    _, gradients, _ = model.compute_gradients(np.ones((1, 1)), np.array([0]))
    assert all(np.isfinite(gradient).all() for gradient in gradients) and gradients[1][0] < 0


@difference("`initial_epoch` above `epochs`")
def test_an_initial_epoch_above_epochs_is_refused(both, refused):
    ours, theirs = both(dense)
    assert theirs.fit(X, Y, epochs=2, initial_epoch=5, verbose=0).history == {}
    refused(ours, "initial_epoch must not exceed epochs", X, Y, epochs=2, initial_epoch=5)


@difference("`Model(inputs, outputs, activity_regularizer=..)`")
def test_the_activity_regularizer_of_a_functional_model_is_refused(keras):
    def model(library):
        x = library.Input((3,))
        return library.Model(x, library.layers.Dense(1)(x), activity_regularizer="l2")

    assert model(keras).activity_regularizer is None
    with pytest.raises(TypeError, match="give it to the last layer"):
        model(minirnn)


@difference("Huber's configuration forgets its delta")
def test_the_configuration_of_huber_keeps_its_delta(keras):
    for library, kept in ((keras, False), (minirnn, True)):
        loss = library.losses.Huber(0.3)
        again = library.losses.Huber.from_config(loss.get_config())
        y, p = np.zeros((1, 1)), np.full((1, 1), 2.0)
        assert (float(again(y, p)) == pytest.approx(float(loss(y, p)))) is kept
