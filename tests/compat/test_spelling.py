"""Arguments and attributes of Keras 1 and 2: taken, turned, and warned about once."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import minirnn
from minirnn import callbacks, layers, optimizers
from minirnn.compat import spelling
from minirnn.preprocessing.text import Tokenizer
from minirnn.utils import to_categorical


@pytest.mark.parametrize(
    "make, old, new, attribute, value",
    [
        (layers.LSTM, {"output_dim": 4}, "units=", "units", 4),
        (layers.Dense, {"output_dim": 4}, "units=", "units", 4),
        (lambda **k: layers.GRU(3, **k), {"bias": False}, "use_bias=", "use_bias", False),
        (lambda **k: layers.LSTM(3, **k), {"inner_activation": "tanh"}, "recurrent_activation=", None, None),
        (lambda **k: layers.SimpleRNN(3, **k), {"consume_less": "mem"}, "nothing, as it has no effect", None, None),
        (layers.Dropout, {"p": 0.25}, "rate=", "rate", 0.25),
        (layers.Reshape, {"dims": (3, 1)}, "target_shape=", "target_shape", (3, 1)),
        (layers.InputLayer, {"input_shape": (3, 1)}, "shape=", "shape", (None, 3, 1)),
        (layers.InputLayer, {"batch_input_shape": (2, 3, 1)}, "batch_shape=", "shape", (2, 3, 1)),
        (lambda **k: layers.Conv1D(kernel_size=3, **k), {"nb_filter": 4}, "filters=", "filters", 4),
        (lambda **k: layers.Conv1D(4, **k), {"filter_length": 3}, "kernel_size=", "kernel_size", (3,)),
        (lambda **k: layers.Conv1D(4, 3, **k), {"subsample_length": 2}, "strides=", "strides", (2,)),
        (lambda **k: layers.Conv1D(4, 3, **k), {"border_mode": "same"}, "padding=", "padding", "same"),
        (lambda **k: layers.Conv1D(4, 3, **k), {"atrous_rate": 2}, "dilation_rate=", "dilation_rate", (2,)),
        (layers.MaxPooling1D, {"pool_length": 3}, "pool_size=", "pool_size", (3,)),
        (layers.MaxPooling1D, {"stride": 3}, "strides=", "strides", (3,)),
        (lambda **k: layers.AveragePooling1D(2, **k), {"border_mode": "same"}, "padding=", "padding", "same"),
        (layers.UpSampling1D, {"length": 3}, "size=", "size", 3),
        (layers.BatchNormalization, {"gamma_init": "zeros"}, "gamma_initializer=", None, None),
        (layers.PReLU, {"init": "ones"}, "alpha_initializer=", None, None),
        (layers.GaussianNoise, {"sigma": 0.5}, "stddev=", "stddev", 0.5),
        (optimizers.Adam, {"lr": 0.25}, "learning_rate=", "learning_rate", 0.25),
        (optimizers.RMSprop, {"epsilon": None}, "nothing, for the default", "epsilon", 1e-7),
        (callbacks.ReduceLROnPlateau, {"epsilon": 0.5}, "min_delta=", "min_delta", 0.5),
        (Tokenizer, {"nb_words": 7}, "num_words=", "num_words", 7),
    ],
)
def test_an_older_argument_sets_the_newer_one_and_warns_once_at_the_caller_s_line(
    older, make, old, new, attribute, value
):
    with older() as warned:
        first, second = make(**old), make(**old)
    assert [message[1] for message in warned()] == [new]
    assert warned()[0][0].startswith(next(iter(old)))
    for made in (first, second) if attribute else ():
        assert getattr(made, attribute) == value


def test_one_spelling_warns_once_for_all_layers_together(older):
    with older() as warned:
        layers.LSTM(output_dim=4), layers.Dense(output_dim=4), layers.GRU(output_dim=4)
    assert warned() == [("output_dim=", "units=")]


def test_the_shape_of_a_fixed_batch_is_taken_and_what_keras_3_still_takes_is_silent(older):
    with older() as warned:
        model = minirnn.Sequential([layers.LSTM(4, batch_input_shape=(2, 3, 1))])
        shorter = minirnn.Sequential([layers.LSTM(4, input_dim=1, input_length=3)])
    assert (model.input_shape, shorter.input_shape) == ((2, 3, 1), (None, 3, 1))
    assert [old for old, _ in warned()] == ["batch_input_shape=", "input_length="]
    with older() as warned:
        layers.LSTM(4, input_shape=(3, 1)), layers.LSTM(4, input_dim=1), layers.LSTM(4, implementation=1, unroll=True)
    assert warned() == []


def test_older_and_newer_name_together_are_a_type_error():
    with pytest.raises(
        TypeError, match="LSTM got both output_dim= and units=, which are the same argument; keep units"
    ):
        layers.LSTM(output_dim=3, units=4)
    with pytest.raises(TypeError, match="Adam got both lr= and learning_rate="):
        optimizers.Adam(lr=0.1, learning_rate=0.2)


def test_unknown_arguments_are_still_unknown():
    with pytest.raises(TypeError, match="LSTM got an unknown argument 'outputdim'"):
        layers.LSTM(4, outputdim=3)
    with pytest.raises(TypeError, match="SGD got an unknown argument 'lrate'"):
        optimizers.SGD(lrate=0.1)


def test_a_layer_of_the_user_s_own_keeps_its_own_names(older):
    class Own(layers.Layer):
        def __init__(self, output_dim, **kwargs):
            self.output_dim, self.p = output_dim, kwargs.pop("p")
            super().__init__(**kwargs)

    with older() as warned:
        layer = Own(output_dim=3, p=0.5, name="own")
    assert (layer.output_dim, layer.p, layer.name, warned()) == (3, 0.5, "own", [])


def test_signatures_stay_those_of_keras_3():
    assert "units" in inspect.signature(layers.LSTM).parameters
    assert "learning_rate" in inspect.signature(optimizers.Adam).parameters
    assert list(inspect.signature(minirnn.Sequential.fit).parameters)[1:4] == ["x", "y", "batch_size"]


def test_defaults_are_those_of_keras_3_not_of_keras_2():
    assert layers.LSTM(2).recurrent_activation == layers.GRU(2).recurrent_activation == "sigmoid"
    assert layers.GRU(2).reset_after


def trained(make_optimizer, epochs_name="epochs"):
    minirnn.utils.set_random_seed(4)
    x = np.random.default_rng(0).standard_normal((12, 3, 2))
    model = minirnn.Sequential([layers.LSTM(3, input_shape=(3, 2)), layers.Dense(1)])
    model.compile(make_optimizer(), "mse")
    history = model.fit(x, x[:, 0, :1], batch_size=4, verbose=0, **{epochs_name: 3})
    return history.history["loss"], model.get_weights()


def test_decay_is_the_schedule_that_keras_2_computed(older):
    with older() as warned:
        older_losses, older_weights = trained(lambda: optimizers.SGD(lr=0.5, decay=0.1), "nb_epoch")
    schedule = optimizers.schedules.InverseTimeDecay(0.5, decay_steps=1, decay_rate=0.1)
    losses, weights = trained(lambda: optimizers.SGD(schedule))
    constant, _ = trained(lambda: optimizers.SGD(0.5))
    assert older_losses == losses != constant
    for one, other in zip(older_weights, weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [old for old, _ in warned()] == ["lr=", "decay=", "nb_epoch="]


def test_the_rate_with_decay_is_rate_over_one_plus_decay_times_steps(older):
    with older():
        optimizer = optimizers.SGD(lr=0.5, decay=0.25)
    rates = [optimizer._schedule(step) for step in range(5)]
    np.testing.assert_allclose(rates, [0.5 / (1 + 0.25 * step) for step in range(5)], rtol=1e-7)


def test_a_decay_of_zero_leaves_the_rate_a_number_and_a_bad_one_is_refused(older):
    with older():
        optimizer = optimizers.Adam(lr=0.5, decay=0.0)
        optimizer.learning_rate = 0.25
        assert optimizer.learning_rate == 0.25
        with pytest.raises(ValueError, match="decay_rate"):
            optimizers.Adam(lr=0.5, decay=-1.0)
        with pytest.raises(TypeError, match="decay= goes with a number as learning_rate, got a schedule"):
            optimizers.Adam(optimizers.schedules.InverseTimeDecay(0.5, 1, 1), decay=0.1)


def test_the_optimizer_s_lr_is_its_learning_rate_read_and_set(older):
    optimizer = optimizers.SGD(0.5)
    with older() as warned:
        assert optimizer.lr == 0.5
        optimizer.lr = 0.25
    assert optimizer.learning_rate == 0.25 and warned() == [(".lr", ".learning_rate")]


def test_arguments_of_compile_and_of_reading_ahead_change_nothing(older):
    x = np.ones((4, 3, 1))
    model = minirnn.Sequential([layers.GRU(2, input_shape=(3, 1))])
    with older() as warned:
        model.compile("sgd", "mse", sample_weight_mode=None)
        model.fit(x, np.ones((4, 2)), verbose=0, workers=4, use_multiprocessing=True)
        model.predict(x, verbose=0, workers=2)
        model.evaluate(x, np.ones((4, 2)), verbose=0, max_queue_size=3)
    assert [old for old, _ in warned()] == [
        "sample_weight_mode=", "workers=", "use_multiprocessing=", "max_queue_size=",
    ]  # fmt: skip


def test_classes_under_older_names(older):
    with older() as warned:
        rows = to_categorical(y=[0, 2], nb_classes=4)
    np.testing.assert_array_equal(rows, np.eye(4)[[0, 2]])
    assert [old for old, _ in warned()] == ["y=", "nb_classes="]


def test_a_spelling_warns_once_in_a_process_and_again_when_warnings_are_forgotten(older):
    with older() as warned:
        spelling.warn_once("a", "b")
        spelling.warn_once("a", "b")
        spelling.forget_warnings()
        spelling.warn_once("a", "b")
    assert warned() == [("a", "b")] * 2
