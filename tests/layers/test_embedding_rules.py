"""Embedding with a regularizer or a constraint: they see every row, so a step is dense, and is Keras's."""

from __future__ import annotations

import numpy as np
import pytest
from both import compare_configs

import minirnn
from minirnn import layers, optimizers
from minirnn.optimizers import optimizer
from reference import keras_side

V, D, T = 30, 5, 4
OPTIMIZERS = {
    "sgd": lambda o: o.SGD(0.1),
    "momentum": lambda o: o.SGD(0.1, momentum=0.9),
    "adam": lambda o: o.Adam(0.01),
}
RULES = {
    "regularizer": lambda lib: {"embeddings_regularizer": lib.regularizers.L2(0.1)},
    "constraint": lambda lib: {"embeddings_constraint": lib.constraints.MaxNorm(0.1, axis=1)},
    "both": lambda lib: {
        "embeddings_regularizer": lib.regularizers.L1L2(0.01, 0.1),
        "embeddings_constraint": "MaxNorm",
    },
    "by element": lambda lib: {"embeddings_regularizer": "l1", "embeddings_constraint": "non_neg"},
}


def chain(lib, rules):
    table = lib.layers.Embedding(V, D, **rules(lib))
    return lib.Sequential([lib.Input((T,)), table, lib.layers.GRU(3), lib.layers.Dense(1)])


def batches(count=8):
    """Each row at most once in a batch: of one that comes twice, Keras's Adam squares the parts of the gradient."""
    random = np.random.default_rng(1)
    return [random.choice(V, (3, T), replace=False) for _ in range(count)]


@pytest.mark.parametrize("worth", [0, 10**9], ids=["large table", "small table"])
@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_run_is_that_of_keras(keras, monkeypatch, name, rules, worth):
    monkeypatch.setattr(optimizer, "WORTH_WAITING", worth)
    with keras_side.precision("float64"):
        ours, theirs = chain(minirnn, RULES[rules]), chain(keras, RULES[rules])
        theirs.set_weights(ours.get_weights())
        for model, library in ((ours, minirnn), (theirs, keras)):
            model.compile(OPTIMIZERS[name](library.optimizers), "mse")
        for x in batches():
            losses = [float(model.train_on_batch(x, np.ones((3, 1)))) for model in (ours, theirs)]
            np.testing.assert_allclose(*losses, rtol=1e-9)
        for weight, other in zip(ours.weights, theirs.get_weights(), strict=True):
            np.testing.assert_allclose(weight.numpy(), other, rtol=1e-9, atol=1e-10, err_msg=weight.path)
        np.testing.assert_allclose(ours.losses, [float(loss) for loss in theirs.losses], rtol=1e-9)


def test_the_gradient_of_a_penalty_does_not_stay_behind_in_rows_of_no_batch(keras):
    with keras_side.precision("float64"):
        model = chain(minirnn, RULES["regularizer"])
        model.compile("sgd", "mse")
        for x in batches(3):
            _, (of_table, *_), _ = model.compute_gradients(x, np.ones((3, 1)))
            unused = np.setdiff1d(np.arange(V), x)
            expected = 2 * np.float32(0.1) * model.layers[0].get_weights()[0]
            np.testing.assert_allclose(of_table[unused], expected[unused], rtol=1e-12)
            assert (np.abs(of_table - expected)[np.unique(x)].max(axis=1) > 1e-6).all()


@pytest.mark.parametrize("kind", ["regularizer", "constraint"])
def test_a_rule_may_come_and_go_while_rows_wait(monkeypatch, kind):
    """Rows that wait for their updates have them before a rule sees the table, and may wait again afterwards."""
    before, results = minirnn.config.floatx(), []
    minirnn.config.set_floatx("float64")
    for worth in (0, 10**9):
        monkeypatch.setattr(optimizer, "WORTH_WAITING", worth)
        minirnn.utils.set_random_seed(0)
        model = chain(minirnn, lambda lib: {})
        model.compile(optimizers.Adam(0.05), "mse")
        table, rows = model.layers[0].embeddings, []
        rule = {"regularizer": "l2", "constraint": minirnn.constraints.MaxNorm(0.08, axis=1)}[kind]
        for step, x in enumerate(batches(12)):
            if step in (4, 8):
                setattr(table, kind, rule if step == 4 else None)
                rows.append(float(model.test_on_batch(x, np.ones((3, 1)))))
            rows.append(float(model.train_on_batch(x, np.ones((3, 1)))))
            assert len(model.optimizer._late) == (worth == 0 and not 4 <= step < 8)
        results.append([np.array(rows), *model.get_weights()])
    minirnn.config.set_floatx(before)
    for waiting, at_once in zip(*results, strict=True):
        np.testing.assert_allclose(waiting, at_once, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("rules", RULES)
def test_configurations_are_those_of_keras(keras, rules):
    compare_configs(lambda lib: lib.layers.Embedding(V, D, **RULES[rules](lib)))


def test_an_activity_regularizer_is_written_into_the_configuration(keras):
    compare_configs(lambda lib: lib.layers.Embedding(V, D, activity_regularizer="l2"))


@pytest.mark.parametrize("argument", ["embeddings_regularizer", "embeddings_constraint"])
def test_an_unknown_rule_is_refused_in_one_line(argument):
    with pytest.raises(ValueError, match="'l3'") as caught:
        layers.Embedding(V, D, **{argument: "l3"})
    assert "\n" not in str(caught.value)
