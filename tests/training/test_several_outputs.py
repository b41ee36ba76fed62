"""Models with several inputs and outputs: losses, weights, metrics, names and orders are Keras's."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn.layers import LSTM, Dense, Input
from minirnn.models import Model

N, T = 10, 4


def two_by_two(library, as_dict=False):
    """Two inputs, two outputs; the second branch reads what the first one says, too."""
    layers = library.layers
    a, b = layers.Input((T, 2), name="left"), layers.Input((T, 3), name="right")
    h, state = layers.GRU(4, return_state=True, name="gru")(a)
    g = layers.SimpleRNN(4, name="rnn")(b, initial_state=state)
    up, down = layers.Dense(2, name="up")(h), layers.Dense(1, activation="sigmoid", name="down")(g)
    inputs = {"left": a, "right": b} if as_dict else [a, b]
    return library.models.Model(inputs, {"up": up, "down": down} if as_dict else [up, down])


@pytest.fixture
def arrays(rng):
    x = [rng.normal(size=(N, T, 2)), rng.normal(size=(N, T, 3))]
    return x, [rng.normal(size=(N, 2)), rng.integers(0, 2, (N, 1)).astype(float)]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


COMPILED = {
    "one loss": {"loss": "mse"},
    "a list": {"loss": ["mse", "binary_crossentropy"]},
    "a dict": {"loss": {"up": "mae", "down": "binary_crossentropy"}},
    "weighted": {"loss": ["mse", "mae"], "loss_weights": [0.25, 2.0]},
    "weighted by name": {"loss": {"up": "mse", "down": "mse"}, "loss_weights": {"up": 3.0, "down": 0.5}},
    "one output without loss": {"loss": ["mse", None]},
    "a metric each": {"loss": "mse", "metrics": [["mae"], ["mae"]]},
    "a metric each, flat": {"loss": "mse", "metrics": ["mae", "accuracy"]},
    "metrics by name": {"loss": "mse", "metrics": {"down": ["accuracy", "mae"], "up": "mse"}},
    "metrics of one": {"loss": "mse", "metrics": {"down": ["accuracy"]}},
    "metrics, none for one": {"loss": "mse", "metrics": [None, ["mae", "mse"]]},
    "weighted metrics": {"loss": "mse", "metrics": [["mae"], None], "weighted_metrics": [["mae"], ["mae"]]},
}


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # Keras, of an output without loss
@pytest.mark.parametrize("weights", [None, "one", "each"])
@pytest.mark.parametrize("case", COMPILED)
def test_losses_and_metrics_of_two_outputs_are_those_of_keras(twins, arrays, rng, case, weights):
    ours, theirs = twins(two_by_two, "sgd", **COMPILED[case])
    x, y = arrays
    one = rng.uniform(0.5, 2, N)
    given = {None: None, "one": one, "each": [one, rng.uniform(0.5, 2, N)]}[weights]
    options = {} if given is None else {"sample_weight": given}
    if case == "one output without loss" and weights == "each":
        pytest.skip("Keras takes no weights for an output without loss")
    history = [
        model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, **options).history for model in (ours, theirs)
    ]
    assert list(history[0]) == list(history[1])
    for key in history[0]:
        np.testing.assert_allclose(history[0][key], history[1][key], rtol=1e-9, atol=1e-12, err_msg=key)
    for return_dict in (False, True):
        mine = ours.evaluate(x, y, batch_size=4, verbose=0, return_dict=return_dict, **options)
        other = theirs.evaluate(x, y, batch_size=4, verbose=0, return_dict=return_dict, **options)
        if return_dict:
            assert list(mine) == list(other)
            mine, other = list(mine.values()), list(other.values())
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)
    for method in ("test_on_batch", "train_on_batch"):
        np.testing.assert_allclose(
            getattr(ours, method)(x, y, **options), getattr(theirs, method)(x, y, **options), rtol=1e-8, atol=1e-12
        )
    for mine, other in zip(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


def test_two_outputs_with_a_metric_each_give_five_numbers(arrays):
    model = two_by_two(minirnn)
    model.compile("adam", "mse", metrics=[["mae"], ["mae"]])
    x, y = arrays
    assert len(model.evaluate(x, y, verbose=0)) == 2 * 2 + 1
    assert model.metrics_names == ["loss", "up_loss", "down_loss", "down_mae", "up_mae"]


def test_dicts_of_inputs_and_outputs_by_name(twins, arrays):
    losses = {"up": "mse", "down": "mae"}
    ours, theirs = twins(lambda library: two_by_two(library, as_dict=True), "adam", losses, metrics={"up": ["mae"]})
    (a, b), (up, down) = arrays
    x, y = {"left": a, "right": b}, {"up": up, "down": down}
    assert ours.result_names == sorted(y)
    history = [model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history for model in (ours, theirs)]
    assert list(history[0]) == list(history[1])
    for key in history[0]:
        np.testing.assert_allclose(history[0][key], history[1][key], rtol=1e-9, atol=1e-12)
    mine, other = ours.predict(x, verbose=0), theirs.predict(x, verbose=0)
    assert list(mine) == list(other)
    for key in mine:
        np.testing.assert_allclose(mine[key], other[key], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", [{"up": "mse", "down": "mae"}, {"down": "mae", "up": "mse"}, "mse", ["mse", "mae"]])
def test_evaluate_lists_the_losses_of_a_dict_of_outputs_as_keras_does(twins, arrays, loss):
    metrics = {"down": ["mae"], "up": ["mse"]}
    models = twins(lambda library: two_by_two(library, as_dict=True), "adam", loss, metrics=metrics)
    (a, b), (up, down) = arrays
    x, y = {"left": a, "right": b}, {"up": up, "down": down}
    np.testing.assert_allclose(*[model.evaluate(x, y, batch_size=5, verbose=0) for model in models], rtol=1e-9)
    np.testing.assert_allclose(*[model.test_on_batch(x, y) for model in models], rtol=1e-9)


def test_names_and_lists_reach_the_same_inputs(arrays):
    model = two_by_two(minirnn)
    (a, b), _ = arrays
    for x in ({"right": b, "left": a}, (a, b)):
        for one, other in zip(model.predict([a, b], verbose=0), model.predict(x, verbose=0), strict=True):
            np.testing.assert_array_equal(one, other)
    for one, other in zip(model.predict([a, b], verbose=0), model([a, b]), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(model.predict([a, b], verbose=0, batch_size=3), model.predict_on_batch([a, b]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_validation_and_class_weights(twins, arrays, rng):
    def make(library):
        return library.Sequential([library.layers.Input((T, 2)), library.layers.LSTM(3), library.layers.Dense(3)])

    x, labels = arrays[0][0], rng.integers(0, 3, N)
    for y, loss in ((labels, "sparse_categorical_crossentropy"), (np.eye(3)[labels], "mse")):
        ours, theirs = twins(make, "sgd", loss, weighted_metrics=["accuracy"])
        options = {"class_weight": {0: 0.5, 2: 3.0}, "validation_split": 0.3, "epochs": 3}
        history = [m.fit(x, y, batch_size=3, shuffle=False, verbose=0, **options).history for m in (ours, theirs)]
        for key in history[1]:
            np.testing.assert_allclose(history[0][key], history[1][key], rtol=1e-9, atol=1e-12, err_msg=key)


def test_validation_of_several_outputs(twins, arrays):
    x, y = arrays
    held_out = ([a[:4] for a in x], [b[:4] for b in y])
    for options in ({"validation_split": 0.4}, {"validation_data": held_out, "validation_batch_size": 3}):
        ours, theirs = twins(two_by_two, "sgd", "mse", metrics=[["mae"], None])
        histories = [m.fit(x, y, epochs=3, shuffle=False, verbose=0, **options).history for m in (ours, theirs)]
        assert list(histories[0]) == list(histories[1])
        for key in histories[0]:
            np.testing.assert_allclose(histories[0][key], histories[1][key], rtol=1e-9, atol=1e-12, err_msg=key)


def small():
    x = Input((T, 1), name="series")
    h = LSTM(3)(x)
    model = Model(x, [Dense(1, name="a")(h), Dense(2, name="b")(h)])
    model.compile("adam", "mse")
    return model


X, Y = np.zeros((N, T, 1)), [np.zeros((N, 1)), np.zeros((N, 2))]
REFUSED = {
    "a loss too many": (lambda m: m.compile("adam", ["mse"] * 3), ValueError, "loss has 3 entries for 2 outputs"),
    "a loss by a wrong name": (lambda m: m.compile("adam", {"a": "mse", "c": 1}), TypeError, "loss"),
    "a loss by a name that is none": (lambda m: m.compile("adam", {"a": "mse", "c": "mse"}), ValueError, "output 'c'"),
    "a name without loss": (lambda m: m.compile("adam", {"a": "mse"}), ValueError, "no entry for the output 'b'"),
    "no loss at all": (lambda m: m.compile("adam", [None, None]), ValueError, "no loss for any output"),
    "weights that are words": (lambda m: m.compile("adam", "mse", loss_weights=["1", 1]), TypeError, "numbers"),
    "one weight for two": (lambda m: m.compile("adam", "mse", loss_weights=0.5), ValueError, "a list or a dict"),
    "a metric for all": (lambda m: fitted(m, metrics=["mae"]), ValueError, "metrics has 1 entries for 2 outputs"),
    "y for one": (lambda m: m.fit(X, Y[:1], verbose=0), ValueError, "y has 1 entries for 2 outputs"),
    "y by a wrong name": (lambda m: m.fit(X, {"a": Y[0], "c": Y[1]}, verbose=0), ValueError, "names the output 'c'"),
    "y of the wrong shape": (lambda m: m.fit(X, [Y[0], Y[0]], verbose=0), ValueError, r"y\['b'\]: got shape \(10, 1\)"),
    "y of other lengths": (lambda m: m.fit(X, [Y[0], Y[1][:5]], verbose=0), ValueError, "equally long"),
    "an input too many": (lambda m: m.predict([X, X], verbose=0), ValueError, "a list of 2|ragged|rows|shape"),
    "an input by a wrong name": (lambda m: m.predict({"serie": X}, verbose=0), ValueError, "needs the input 'series'"),
    "class weights": (lambda m: m.fit(X, Y, class_weight={0: 1.0}, verbose=0), ValueError, "single output"),
    "weights of the wrong length": (
        lambda m: m.fit(X, Y, sample_weight=[np.ones(N), np.ones(3)], verbose=0), ValueError, "sample_weight",
    ),
}  # fmt: skip


def fitted(model, **compiled):
    model.compile("adam", "mse", **compiled)
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_several_outputs_is_refused_in_one_line(case):
    call, error, words = REFUSED[case]
    model = small()
    before = model.get_weights()
    with pytest.raises(error, match=words) as caught:
        call(model)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
