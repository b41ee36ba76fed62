"""Bad input: each is refused with one short line, and the model and its optimizer stay as they were."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import layers, optimizers

N, T, F = 8, 4, 2
X = np.linspace(-1.0, 1.0, N * T * F).reshape(N, T, F).astype("float32")
Y = np.linspace(0.0, 1.0, N).reshape(N, 1).astype("float32")


def with_one(array, value):
    changed = np.array(array)
    changed[-1, -1] = value
    return changed


@pytest.fixture
def model():
    """A model that has trained one epoch, so that weights, slots and step count could be hurt."""
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, epochs=1, verbose=0)
    return model


@pytest.fixture
def classifier():
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def everything(model):
    """Bits of the weights and of the optimizer's variables: its slots, learning rate and step count."""
    return [*model.get_weights(), *[v.numpy() for v in model.optimizer.variables]]


def assert_refused(call, error, message, model=None):
    before = None if model is None else everything(model)
    with pytest.raises(error, match=message) as caught:
        call()
    said = str(caught.value)
    assert "\n" not in said and len(said) < 200, said
    if model is not None:
        after = everything(model)
        assert len(before) == len(after)
        for was, now in zip(before, after, strict=True):
            np.testing.assert_array_equal(now, was)


BAD_X = {
    "rank 2": (X[:, :, 0], ValueError, r"shape \(8, 4\), expected \(.*, 4, 2\)"),
    "rank 4": (X.repeat(2, 0).reshape(8, 4, 2, 2), ValueError, r"shape \(8, 4, 2, 2\)"),
    "a number": (1.0, ValueError, "the single number 1.0"),
    "wrong features": (X[:, :, :1], ValueError, r"shape \(8, 4, 1\)"),
    "wrong time": (X[:, :3], ValueError, r"shape \(8, 3, 2\)"),
    "NaN": (with_one(X, np.nan), ValueError, r"nan at index \[7, 3, 0\]"),
    "inf": (with_one(X, np.inf), ValueError, r"inf at index \[7, 3, 0\]"),
    "-inf": (with_one(X, -np.inf), ValueError, r"-inf at index"),
    "too large for float32": (with_one(X.astype("float64"), 1e300), ValueError, r"inf|1e\+300"),
    "no rows": (X[:0], ValueError, "empty"),
    "no steps": (X[:, :0], ValueError, "empty"),
    "an empty list": ([], ValueError, "empty"),
    "ragged lists": ([[[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]]], ValueError, "different lengths"),
    "complex": (X.astype("complex64"), TypeError, "complex"),
    "text": (np.full(X.shape, "1.0"), TypeError, "expected numbers"),
    "objects": (X.astype(object), TypeError, "expected numbers"),
    "dates": (np.full(X.shape, np.datetime64("2020-01-01")), TypeError, "expected numbers"),
    "None": (None, TypeError, "None"),
}
CALLS = {
    "fit": lambda model, x: model.fit(x, Y, verbose=0),
    "evaluate": lambda model, x: model.evaluate(x, Y, verbose=0),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "train_on_batch": lambda model, x: model.train_on_batch(x, Y),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
    "call": lambda model, x: model(x),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("case", BAD_X)
def test_x_that_does_not_fit_is_refused(model, case, call):
    x, error, message = BAD_X[case]
    assert_refused(lambda: CALLS[call](model, x), error, message, model)


BAD_Y = {
    "other length": (Y[:7], ValueError, "x has 8 rows and y has 7"),
    "would broadcast": (np.zeros((N, 7)), ValueError, r"got shape \(8, 7\), expected \(8, 1\)"),
    "one row": (Y[:1], ValueError, "x has 8 rows and y has 1"),
    "a row instead of a column": (Y.T, ValueError, "rows"),
    "two more axes": (Y[:, None, None], ValueError, r"got shape \(8, 1, 1, 1\)"),
    "a number": (1.0, ValueError, "the single number 1.0"),
    "NaN": (with_one(Y, np.nan), ValueError, r"nan at index \[7, 0\]"),
    "inf": (with_one(Y, np.inf), ValueError, "inf"),
    "complex": (Y.astype("complex64"), TypeError, "complex"),
    "text": (["a"] * N, TypeError, "expected numbers"),
    "ragged lists": ([[1.0]] * (N - 1) + [[1.0, 2.0]], ValueError, "different lengths"),
    "empty": (Y[:0], ValueError, "0"),
    "None": (None, TypeError, "None"),
}


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("case", BAD_Y)
def test_y_that_does_not_fit_is_refused(model, case, call):
    y, error, message = BAD_Y[case]
    options = {} if "batch" in call else {"verbose": 0}
    assert_refused(lambda: getattr(model, call)(X, y, **options), error, message, model)


BAD_FIT = {
    "batch_size 0": ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
    "batch_size -1": ({"batch_size": -1}, ValueError, "batch_size"),
    "batch_size 2.5": ({"batch_size": 2.5}, TypeError, "batch_size"),
    "batch_size True": ({"batch_size": True}, TypeError, "batch_size"),
    "epochs -1": ({"epochs": -1}, ValueError, "epochs must be at least 0, got -1"),
    "epochs 1.5": ({"epochs": 1.5}, TypeError, "epochs"),
    "epochs True": ({"epochs": True}, TypeError, "epochs"),
    "initial_epoch -1": ({"initial_epoch": -1}, ValueError, "initial_epoch"),
    "verbose typo": ({"verbose": "loud"}, ValueError, "verbose"),
    "verbose -1": ({"verbose": -1}, ValueError, "verbose"),
    "validation_split -0.5": ({"validation_split": -0.5}, ValueError, "validation_split"),
    "validation_split 1": ({"validation_split": 1.0}, ValueError, "validation_split"),
    "validation_split 2": ({"validation_split": 2}, ValueError, "validation_split"),
    "validation_split NaN": ({"validation_split": float("nan")}, ValueError, "validation_split"),
    "validation_split leaves nothing": ({"validation_split": 0.999}, ValueError, "empty"),
    "validation_data alone": ({"validation_data": X}, ValueError, "validation_data"),
    "validation_data of other lengths": ({"validation_data": (X, Y[:3])}, ValueError, "rows"),
    "validation_data of other features": ({"validation_data": (X[..., :1], Y)}, ValueError, "shape"),
    "validation_freq 0": ({"validation_freq": 0}, ValueError, "validation_freq"),
    "validation_batch_size 0": (
        {"validation_data": (X, Y), "validation_batch_size": 0}, ValueError, "validation_batch_size",
    ),
    "negative sample_weight": ({"sample_weight": with_one(np.ones((1, N)), -1)[0]}, ValueError, "sample_weight.*-1"),
    "NaN sample_weight": ({"sample_weight": with_one(np.ones((1, N)), np.nan)[0]}, ValueError, "sample_weight.*nan"),
    "sample_weight of another length": ({"sample_weight": np.ones(7)}, ValueError, "sample_weight"),
    "sample_weight of another rank": ({"sample_weight": np.ones((N, 2))}, ValueError, "sample_weight"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FIT)
def test_arguments_of_fit_that_make_no_sense_are_refused(model, case):
    arguments, error, message = BAD_FIT[case]
    assert_refused(lambda: model.fit(X, Y, **({"verbose": 0} | arguments)), error, message, model)


def test_an_unknown_argument_of_fit_is_refused(model):
    assert_refused(lambda: model.fit(X, Y, batchsize=2), TypeError, "batchsize", model)


@pytest.mark.parametrize("size", [0, -1, 2.5, True])
def test_batch_sizes_of_evaluate_and_predict_are_checked_too(model, size):
    assert_refused(lambda: model.evaluate(X, Y, batch_size=size, verbose=0), (ValueError, TypeError), "batch_size")
    assert_refused(lambda: model.predict(X, batch_size=size, verbose=0), (ValueError, TypeError), "batch_size")


@pytest.mark.parametrize("label", [3, -1, 0.5, np.nan])
def test_a_label_that_no_output_stands_for_is_refused(classifier, label):
    labels = np.array([0, 1, 2, 0, 1, 2, 0, label])
    assert_refused(lambda: classifier.fit(X, labels, verbose=0), ValueError, "y: got", classifier)
    assert_refused(lambda: classifier.train_on_batch(X, labels), ValueError, "y: got", classifier)


def test_one_hot_targets_for_a_sparse_loss_are_refused(classifier):
    one_hot = np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 1]]
    assert_refused(lambda: classifier.fit(X, one_hot), ValueError, "y: got shape", classifier)


BAD_COMPILE = {
    "misspelt loss": ({"loss": "mean_squared_eror"}, ValueError, "unknown loss .*did you mean 'mean_squared_error'"),
    "loss of no kind": ({"loss": 3}, TypeError, "loss must be"),
    "misspelt metric": ({"loss": "mse", "metrics": ["acuracy"]}, ValueError, "unknown metric .*did you mean"),
    "metric of no kind": ({"loss": "mse", "metrics": [3]}, TypeError, "metric must be"),
    "misspelt optimizer": ({"optimizer": "adamm", "loss": "mse"}, ValueError, "did you mean 'adam'"),
    "optimizer of no kind": ({"optimizer": 0.01, "loss": "mse"}, TypeError, "optimizer must be"),
    "unknown argument": ({"loss": "mse", "metricss": []}, TypeError, "metricss"),
}


@pytest.mark.parametrize("case", BAD_COMPILE)
def test_compile_refuses_what_it_cannot_use_and_keeps_what_was_compiled(model, case):
    arguments, error, message = BAD_COMPILE[case]
    optimizer, loss, metrics = model.optimizer, model.loss, model.metrics_names
    assert_refused(lambda: model.compile(**arguments), error, message, model)
    assert model.optimizer is optimizer and model.loss is loss and model.metrics_names == metrics


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_training_before_compile_says_what_to_do(call):
    model = minirnn.Sequential([minirnn.Input((T, F)), layers.LSTM(3), layers.Dense(1)])
    assert_refused(lambda: getattr(model, call)(X, Y), ValueError, "compile")


BAD_OPTIMIZERS = {
    "rate -1": (optimizers.Adam, {"learning_rate": -1}, ValueError),
    "rate 0": (optimizers.SGD, {"learning_rate": 0}, ValueError),
    "rate NaN": (optimizers.RMSprop, {"learning_rate": float("nan")}, ValueError),
    "rate inf": (optimizers.SGD, {"learning_rate": float("inf")}, ValueError),
    "rate text": (optimizers.SGD, {"learning_rate": "fast"}, (TypeError, ValueError)),
    "rate True": (optimizers.SGD, {"learning_rate": True}, (TypeError, ValueError)),
    "beta_1 1.5": (optimizers.Adam, {"beta_1": 1.5}, ValueError),
    "beta_2 1": (optimizers.Adam, {"beta_2": 1.0}, ValueError),
    "beta_1 NaN": (optimizers.Adam, {"beta_1": float("nan")}, ValueError),
    "epsilon -1": (optimizers.Adam, {"epsilon": -1.0}, ValueError),
    "rho 1.5": (optimizers.RMSprop, {"rho": 1.5}, ValueError),
    "momentum -0.1": (optimizers.SGD, {"momentum": -0.1}, ValueError),
    "momentum 1.5": (optimizers.RMSprop, {"momentum": 1.5}, ValueError),
    "clipnorm 0": (optimizers.SGD, {"clipnorm": 0.0}, ValueError),
    "clipvalue -1": (optimizers.SGD, {"clipvalue": -1.0}, ValueError),
    "two clips": (optimizers.SGD, {"clipvalue": 1.0, "clipnorm": 1.0}, ValueError),
    "unknown argument": (optimizers.SGD, {"lerning_rate": 1.0}, TypeError),
}


@pytest.mark.parametrize("case", BAD_OPTIMIZERS)
def test_an_optimizer_refuses_numbers_that_cannot_train(case):
    cls, arguments, error = BAD_OPTIMIZERS[case]
    assert_refused(lambda: cls(**arguments), error, next(iter(arguments)))


@pytest.mark.parametrize("rate", [-1.0, 0.0, float("nan"), None, "fast"])
def test_a_bad_learning_rate_set_later_leaves_the_old_one(model, rate):
    before = model.optimizer.learning_rate

    def set_rate():
        model.optimizer.learning_rate = rate

    assert_refused(set_rate, (TypeError, ValueError), "learning_rate", model)
    assert model.optimizer.learning_rate == before


@pytest.mark.parametrize("units, error", [(0, ValueError), (-1, ValueError), (3.7, TypeError), (True, TypeError),
                                          ("8", TypeError), (None, TypeError)])  # fmt: skip
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "Dense"])
def test_units_must_be_a_whole_number_of_at_least_one(name, units, error):
    assert_refused(lambda: getattr(layers, name)(units), error, "units must be")


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize(
    "x, error", [(X[:, :, 0], ValueError), (X[:, :0], ValueError), (with_one(X, np.nan), ValueError), (None, TypeError),
                 (X.astype("complex64"), TypeError)],
    ids=["rank 2", "no steps", "NaN", "None", "complex"],
)  # fmt: skip
def test_a_recurrent_layer_refuses_bad_arrays_and_stays_unbuilt(name, x, error):
    layer = getattr(layers, name)(3)
    assert_refused(lambda: layer(x), error, layer.name)
    assert not layer.built and layer.weights == []


BAD_MASKS = {
    "floats": (np.ones((N, T)), TypeError, "dtype float64, expected bool"),
    "integers": (np.ones((N, T), int), TypeError, "expected bool"),
    "other time": (np.ones((N, T + 1), bool), ValueError, r"shape \(8, 5\), expected \(8, 4\)"),
    "other batch": (np.ones((1, T), bool), ValueError, r"shape \(1, 4\)"),
    "rank 1": (np.ones(N, bool), ValueError, r"shape \(8,\)"),
    "rank 3": (np.ones((N, T, 1), bool), ValueError, r"shape \(8, 4, 1\)"),
}


@pytest.mark.parametrize("case", BAD_MASKS)
def test_a_mask_must_be_boolean_and_fit(case):
    mask, error, message = BAD_MASKS[case]
    assert_refused(lambda: layers.LSTM(3)(X, mask=mask), error, message)


BAD_STATES = {
    "one instead of two": (np.zeros((N, 3)), ValueError, r"2 state\(s\)"),
    "other batch": ([np.zeros((1, 3))] * 2, ValueError, r"shape \(1, 3\), expected \(8, 3\)"),
    "other units": ([np.zeros((N, 4))] * 2, ValueError, r"shape \(8, 4\)"),
    "rank 1": ([np.zeros(3)] * 2, ValueError, r"shape \(3,\)"),
    "NaN": ([np.full((N, 3), np.nan)] * 2, ValueError, "nan"),
}


@pytest.mark.parametrize("case", BAD_STATES)
def test_an_initial_state_must_fit_batch_and_units(case):
    states, error, message = BAD_STATES[case]
    assert_refused(lambda: layers.LSTM(3)(X, initial_state=states), error, message)


def bad_weights(weights):
    return {
        "NaN": ([*weights[:-1], weights[-1] * np.nan], ValueError, "nan"),
        "inf": ([*weights[:-1], weights[-1] + np.inf], ValueError, "inf"),
        "too few": (weights[:-1], ValueError, "weights, got 4 arrays"),
        "another shape": ([*weights[:-1], np.zeros(2)], ValueError, r"shape \(2,\), expected \(1,\)"),
        "complex": ([*weights[:-1], weights[-1] * 1j], TypeError, "complex"),
    }


@pytest.mark.parametrize("case", bad_weights([np.zeros(1)] * 5))
def test_set_weights_takes_all_or_nothing(model, case):
    values, error, message = bad_weights([w + 1.0 for w in model.get_weights()])[case]
    assert_refused(lambda: model.set_weights(values), error, message, model)
