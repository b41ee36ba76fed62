"""Regularizers give Keras's penalties, their slopes are proved, and they are found by Keras's names."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import regularizers
from minirnn.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer
from reference import keras_side

CASES = {
    "L1": [{}, {"l1": 0.3}, {"l1": 0}, {"l1": None}],
    "L2": [{}, {"l2": 0.3}, {"l2": 2}, {"l2": None}],
    "L1L2": [{}, {"l1": 0.3}, {"l2": 0.2}, {"l1": 0.1, "l2": 0.4}, {"l1": None, "l2": 0.1}],
    "OrthogonalRegularizer": [{}, {"factor": 0.3}, {"factor": 0.3, "mode": "columns"}],
}
ALL = [(name, arguments) for name, cases in CASES.items() for arguments in cases]


def label(value):
    return value if isinstance(value, str) else ",".join(f"{k}={v}" for k, v in value.items()) or "plain"


@pytest.fixture
def x():
    """A matrix with a zero in it, on which |x| has a corner, and a row of zeros, which has no direction."""
    x = np.random.default_rng(2).normal(size=(5, 4))
    x[0, 1], x[3] = 0.0, 0.0
    return x


def of_keras(keras, name, arguments, x):
    """(penalty, slope) of Keras's regularizer."""
    tensorflow = keras_side.load()[1]
    regularizer, x = getattr(keras.regularizers, name)(**arguments), tensorflow.constant(x)
    if name == "OrthogonalRegularizer":
        # On TensorFlow Keras holds it in float32, and cannot multiply float64 by it.
        regularizer.factor = tensorflow.cast(regularizer.factor, x.dtype)
    with tensorflow.GradientTape() as tape:
        tape.watch(x)
        penalty = regularizer(x)
    slope = tape.gradient(penalty, x)
    return float(penalty), np.zeros(x.shape) if slope is None else np.asarray(slope)


@pytest.mark.parametrize("name, arguments", ALL, ids=label)
def test_penalty_and_slope_are_those_of_keras(keras, x, name, arguments, dtype):
    x, regularizer = x.astype(dtype), getattr(regularizers, name)(**arguments)
    penalty, slope = of_keras(keras, name, arguments, x)
    tolerance = 1e-6 if dtype == "float32" else 1e-12
    assert float(regularizer(x)) == pytest.approx(penalty, rel=tolerance, abs=1e-9 if dtype == "float32" else 0)
    found = regularizer.gradient(x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, slope, rtol=10 * tolerance, atol=tolerance)


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_the_orthogonal_penalty_is_the_mean_cosine_of_all_pairs(x, mode):
    vectors, cosines = list(x if mode == "rows" else x.T), []
    for i, a in enumerate(vectors):
        for b in vectors[:i]:
            lengths = max(np.linalg.norm(a), 1e-7) * max(np.linalg.norm(b), 1e-7)
            cosines.append(abs(a @ b) / lengths)
    regularizer = OrthogonalRegularizer(0.25, mode)
    assert regularizer(x) == pytest.approx(0.25 * np.mean(cosines), rel=1e-13)


@pytest.mark.parametrize("name, arguments", ALL, ids=label)
def test_the_slope_is_that_of_the_penalty_by_central_differences(name, arguments):
    random, regularizer = np.random.default_rng(4), getattr(regularizers, name)(**arguments)
    x, direction = random.normal(size=(6, 3)), random.normal(size=(6, 3))
    step = 1e-5
    slope = (regularizer(x + step * direction) - regularizer(x - step * direction)) / (2 * step)
    assert np.sum(regularizer.gradient(x) * direction) == pytest.approx(slope, rel=1e-7, abs=1e-11)


@pytest.mark.parametrize("regularizer", [L1(0.1), L2(0.1), L1L2(0.1, 0.2)], ids=lambda r: type(r).__name__)
def test_what_goes_by_element_does_not_see_order_shape_and_padding(x, regularizer):
    padded = np.concatenate([x.T.reshape(-1), np.zeros(7)])
    assert regularizer.by_element and regularizer(padded) == pytest.approx(regularizer(x), rel=1e-14)
    np.testing.assert_array_equal(regularizer.gradient(padded)[:20].reshape(4, 5).T, regularizer.gradient(x))
    assert not regularizer.gradient(padded)[20:].any()


def test_a_subclass_must_say_anew_that_it_goes_by_element():
    class RowMeans(L2):
        def __call__(self, x):
            return float(np.sum(x.mean(axis=1) ** 2))

    assert L2.by_element and not RowMeans.by_element and not OrthogonalRegularizer.by_element


# Names and configurations


@pytest.mark.parametrize(
    "name, cls",
    [("l1", L1), ("L1", L1), ("l2", L2), ("L2", L2), ("l1l2", L1L2), ("L1L2", L1L2), ("l1_l2", L1L2),
     ("orthogonal_regularizer", OrthogonalRegularizer), ("OrthogonalRegularizer", OrthogonalRegularizer)],
)  # fmt: skip
def test_a_name_stands_for_a_regularizer_with_the_defaults_of_keras(keras, name, cls):
    found = regularizers.get(name)
    assert type(found) is cls and type(regularizers.get(cls)) is cls
    assert found.get_config() == getattr(keras.regularizers, cls.__name__)().get_config()


def test_the_public_names_are_those_of_keras(keras):
    names = {name for name in dir(keras.regularizers) if not name.startswith("_")}
    assert names <= set(regularizers.__all__)
    assert minirnn.Regularizer is Regularizer and minirnn.regularizers is regularizers
    assert regularizers.l1 is L1 and regularizers.l2 is L2 and regularizers.l1_l2 is L1L2


@pytest.mark.parametrize("name, arguments", ALL, ids=label)
def test_a_configuration_is_that_of_keras_and_back(keras, name, arguments):
    ours, theirs = (getattr(library.regularizers, name)(**arguments) for library in (minirnn, keras))
    config = regularizers.serialize(ours)
    assert config == keras.regularizers.serialize(theirs)
    assert regularizers.serialize(regularizers.deserialize(config)) == config
    assert type(regularizers.get(config)) is type(ours)
    assert keras.regularizers.deserialize(config).get_config() == ours.get_config()


def test_none_stays_none():
    assert regularizers.get(None) is None and regularizers.serialize(None) is None


def test_a_class_of_ones_own_comes_back_from_its_configuration():
    class Cubic(Regularizer):
        def __init__(self, strength):
            self.strength = strength

        def __call__(self, x):
            return self.strength * np.sum(np.abs(x) ** 3)

        def get_config(self):
            return {"strength": self.strength}

    config = regularizers.serialize(Cubic(0.5))
    assert (config["class_name"], config["registered_name"]) == ("Cubic", "Cubic")
    assert regularizers.deserialize(config, {"Cubic": Cubic}).strength == 0.5


# Errors


@pytest.mark.parametrize("make", [L1, L2, lambda f: L1L2(f), lambda f: L1L2(0.0, f), OrthogonalRegularizer])
@pytest.mark.parametrize(
    "factor, error",
    [(-0.1, ValueError), (float("nan"), ValueError), (float("inf"), ValueError), ("0.1", TypeError), (True, TypeError),
     ([0.1], TypeError), (1j, TypeError)],
)  # fmt: skip
def test_a_factor_is_a_finite_number_of_at_least_0(make, factor, error):
    with pytest.raises(error, match="(l1|l2|factor) must be a (finite )?number") as caught:
        make(factor)
    assert "\n" not in str(caught.value) and str(factor) in str(caught.value)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: regularizers.get("l3"), ValueError, "unknown regularizer 'l3'; known are l1, "),
        (lambda: regularizers.get(0.01), TypeError, "regularizer must be a name, a configuration or a callable"),
        (lambda: regularizers.get({"class_name": "L2", "config": {"l3": 1}}), ValueError, "L2 does not fit"),
        (lambda: regularizers.get({"config": {}}), ValueError, "needs a 'class_name'"),
        (lambda: OrthogonalRegularizer(mode="row"), ValueError, "mode must be 'rows' or 'columns', got 'row'"),
        (lambda: OrthogonalRegularizer()(np.ones(3)), ValueError, r"matrix of at least 2 rows, got shape \(3,\)"),
        (lambda: OrthogonalRegularizer()(np.ones((1, 3))), ValueError, r"at least 2 rows, got shape \(1, 3\)"),
        (lambda: Regularizer().gradient(np.ones(3)), NotImplementedError, "Regularizer has no gradient"),
        (lambda: Regularizer().get_config(), NotImplementedError, "must define get_config"),
        (lambda: regularizers.gradient_of(len, np.ones(3)), NotImplementedError, "regularizer len has no gradient"),
        (lambda: regularizers.penalty_of(np.abs, np.ones(3)), ValueError, r"absolute gave shape \(3,\), expected one"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_slope_of_another_shape_is_refused():
    class Wrong(Regularizer):
        def gradient(self, x):
            return x[0]

    with pytest.raises(ValueError, match=r"Wrong: gradient gave shape \(2,\), expected \(3, 2\)"):
        regularizers.gradient_of(Wrong(), np.ones((3, 2)))
