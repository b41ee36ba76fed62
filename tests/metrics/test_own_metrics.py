"""Metrics of one's own, written as Keras's documentation has them: variables, and `ops` on arrays."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import backend, metrics
from minirnn.metrics.variable import MetricVariable

X = np.random.default_rng(0).standard_normal((20, 3, 1)).astype("float32")
Y = (X.sum(axis=(1, 2))[:, None] > 0).astype("float32")


def binary_true_positives(framework):
    """The class of Keras's guide to metrics of one's own, of either framework."""
    ops = framework.ops

    class BinaryTruePositives(framework.metrics.Metric):
        def __init__(self, name="binary_true_positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.true_positives = self.add_weight(shape=(), initializer="zeros", name="true_positives")
            self.seen = self.add_variable(shape=(2,), initializer="zeros", name="seen")

        def update_state(self, y_true, y_pred, sample_weight=None):
            y_true, y_pred = ops.cast(y_true, "bool"), ops.greater(y_pred, 0.5)
            values = ops.logical_and(ops.equal(y_true, True), ops.equal(y_pred, True))
            values = ops.cast(values, self.dtype)
            if sample_weight is not None:
                values = values * ops.cast(sample_weight, self.dtype)
            self.true_positives.assign_add(ops.sum(values))
            self.seen.assign(self.seen + ops.stack([ops.sum(ops.cast(y_true, self.dtype)), 1.0]))

        def result(self):
            return self.true_positives / ops.maximum(self.seen[0], 1.0)

    return BinaryTruePositives


def test_a_metric_of_keras_guide_has_the_same_values_in_keras(keras):
    own, theirs = binary_true_positives(minirnn)(), binary_true_positives(keras)()
    p = np.random.default_rng(1).random((20, 1)).astype("float32")
    weights = np.random.default_rng(2).random((20, 1)).astype("float32")
    for _ in range(2):
        for metric in (own, theirs):
            metric.reset_state()
            metric.update_state(Y, p)
            metric.update_state(Y[:7], p[:7], sample_weight=weights[:7])
        assert float(own.result()) == pytest.approx(float(theirs.result()), rel=1e-6)
    assert [v.name for v in own.variables] == [v.name for v in theirs.variables]
    np.testing.assert_array_equal(own.seen.numpy(), theirs.seen.numpy())


def test_fit_reports_it_as_a_number_and_begins_anew_each_epoch():
    class Total(metrics.Metric):
        def __init__(self):
            super().__init__(name="total")
            self.total = self.add_weight(name="total")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(len(y_true))

        def result(self):
            return self.total

    model = minirnn.Sequential([minirnn.Input((3, 1)), minirnn.layers.SimpleRNN(2), minirnn.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[Total()])
    assert model.fit(X, Y, epochs=2, verbose=0).history["total"] == [20.0, 20.0]
    assert all(type(value) is float for value in model.history.history["total"])


def test_a_variable_begins_as_its_initializer_says_and_is_reset_to_that():
    metric = metrics.Mean()
    ones = metric.add_weight((2,), "ones", dtype="int32", name="counts")
    assert (ones.shape, ones.dtype, ones.name) == ((2,), "int32", "counts")
    ones.assign_sub([1, 3])
    np.testing.assert_array_equal(ones, [0, -2])
    ones.reset()
    np.testing.assert_array_equal(ones.numpy(), [1, 1])


def test_what_a_variable_gives_out_is_not_its_memory():
    variable = MetricVariable("v", np.zeros(2))
    for got in (variable.numpy(), variable.value, np.asarray(variable)):
        got += 1
    assert not variable.numpy().any()
    with pytest.raises(TypeError, match="variable v is not changed in place; call assign, assign_add or assign_sub"):
        np.add(variable, 1, out=variable)
    with pytest.raises(ValueError, match=r"variable v: got a value of shape \(3,\), expected \(2,\)"):
        variable.assign(np.ones(3))


def test_a_metric_that_keeps_nothing_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match="Metric must define reset_state"):
        metrics.Metric().reset_state()


def test_the_backend_of_older_scripts_has_the_same_functions():
    k = backend
    assert k.mean(k.square(k.cast([1, 2, 3], "float32"))) == pytest.approx(14 / 3)
    np.testing.assert_array_equal(k.argmax([[1, 3], [4, 2]]), [1, 0])
    np.testing.assert_array_equal(k.clip(k.pow([1.0, 2.0], 2), min_value=0, max_value=3), [1, 3])
    assert k.concatenate([[[1.0]], [[2.0]]]).shape == k.expand_dims([1.0, 2.0]).T.shape == (1, 2)
