"""A loss of one's own: `call` and `gradient`, and what is said where the gradient is missing."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from loss_cases import value_and_gradient

import minirnn
from minirnn import losses


class Quartic(losses.Loss):
    def call(self, y_true, y_pred):
        return ((y_pred - y_true) ** 4).mean(-1)

    def gradient(self, y_true, y_pred):
        return 4 * (y_pred - y_true) ** 3 / y_pred.shape[-1]


class Surprise(losses.Loss):
    sparse = True

    def call(self, y_true, y_pred):
        return -np.log(np.take_along_axis(y_pred, y_true, -1)[..., 0])

    def gradient(self, y_true, y_pred):
        return np.where(np.arange(y_pred.shape[-1]) == y_true, -1 / y_pred, 0)


class ValueOnly(losses.Loss):
    def call(self, y_true, y_pred):
        return abs(y_pred - y_true).max(-1)


def test_its_docstring_is_true():
    results = doctest.DocTestRunner().run(doctest.DocTestFinder().find(losses.Loss, globs={"Loss": losses.Loss})[0])
    assert results.attempted == 2 and not results.failed


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_it_is_reduced_weighed_and_masked_as_others_are(rng, reduction, weighted, masked):
    y, p = rng.standard_normal((2, 6, 3))
    weights = rng.random(6) if weighted else None
    mask = np.array([1, 0, 1, 1, 1, 0], bool) if masked else None

    class Squared(losses.Loss):
        def call(self, y_true, y_pred):
            return ((y_pred - y_true) ** 2).mean(-1)

        def gradient(self, y_true, y_pred):
            return 2 * (y_pred - y_true) / y_pred.shape[-1]

    own, built_in = Squared(reduction=reduction), losses.MeanSquaredError(reduction=reduction)
    for ours, theirs in zip(*(value_and_gradient(loss, y, p, weights, mask) for loss in (own, built_in)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)
    assert own(y, p, weights, mask) == pytest.approx(built_in(y, p, weights, mask), rel=1e-13)


def test_labels_come_as_whole_numbers_with_a_last_axis_of_one(rng):
    p = rng.uniform(0.1, 0.9, (4, 3, 5))
    labels = rng.integers(0, 5, (4, 3))
    assert Surprise()(labels, p) == Surprise()(labels[..., None], p)
    value, dp = value_and_gradient(Surprise(), labels.reshape(-1), p.reshape(-1, 5))
    assert value == pytest.approx(Surprise()(labels, p)) and np.count_nonzero(dp) == 12


def test_it_has_a_name_and_a_configuration():
    loss = Quartic(reduction="sum")
    assert loss.name == "quartic" and losses.get(loss) is loss and type(losses.get(Quartic)) is Quartic
    config = losses.serialize(loss)
    assert losses.deserialize(config, {"Quartic": Quartic}).get_config() == loss.get_config()
    with pytest.raises(ValueError, match="unknown loss 'Quartic'"):
        losses.deserialize(config)


def test_a_model_trains_with_it():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 4)).astype("float32")
    model = minirnn.Sequential([minirnn.Input((4,)), minirnn.layers.Dense(1)])
    model.compile(minirnn.optimizers.SGD(0.02), Quartic())
    before = model.evaluate(x, x[:, :1], verbose=0)
    model.fit(x, x[:, :1], epochs=20, verbose=0)
    assert model.evaluate(x, x[:, :1], verbose=0) < before / 4


@pytest.mark.parametrize("loss", [ValueOnly(), ValueOnly, lambda y_true, y_pred: abs(y_pred - y_true).max(-1)])
def test_without_a_gradient_it_is_refused_before_training_in_one_line(loss):
    with pytest.raises(TypeError, match=r"has no gradient.*Loss with call\(y_true, y_pred\) and gradient") as caught:
        losses.get(loss)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
    with pytest.raises(TypeError, match="has no gradient"):
        minirnn.Sequential([minirnn.layers.Dense(1)]).compile("sgd", loss)


def test_without_a_gradient_it_still_has_values():
    assert ValueOnly()([[1.0, 2.0], [0.0, 0.0]], [[1.0, 5.0], [1.0, 0.0]]) == 2.0
    with pytest.raises(NotImplementedError, match="ValueOnly has no gradient"):
        value_and_gradient(ValueOnly(), np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(NotImplementedError, match=r"Loss must define call\(y_true, y_pred\)"):
        losses.Loss()([[1.0]], [[1.0]])


def test_what_it_returns_must_have_the_shapes_of_rows():
    class Total(Quartic):
        def call(self, y_true, y_pred):
            return ((y_pred - y_true) ** 4).mean()

    class Row(Quartic):
        def gradient(self, y_true, y_pred):
            return (y_pred - y_true).sum(-1)

    for loss, message in ((Total(), r"total.call gave shape \(\), expected \(2,\)"), (Row(), r"row.gradient gave")):
        with pytest.raises(ValueError, match=message):
            value_and_gradient(loss, np.zeros((2, 3)), np.ones((2, 3)))
