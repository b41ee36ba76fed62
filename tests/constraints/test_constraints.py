"""Constraints give what Keras's give, and are found by Keras's names."""

from __future__ import annotations

import numpy as np
import pytest

import minirnn
from minirnn import constraints
from minirnn.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm

CASES = {
    "NonNeg": [{}],
    "UnitNorm": [{}, {"axis": 1}, {"axis": [0, 1]}, {"axis": -1}],
    "MaxNorm": [{}, {"max_value": 0.5}, {"max_value": 1.5, "axis": 1}, {"max_value": 0}, {"axis": None}],
    "MinMaxNorm": [
        {}, {"min_value": 0.5, "max_value": 0.7}, {"min_value": 2.0, "max_value": 3, "rate": 0.25, "axis": 1},
        {"rate": 0.0},
    ],
    "Constraint": [{}],
}  # fmt: skip
ALL = [(name, arguments) for name, cases in CASES.items() for arguments in cases]


def label(value):
    return value if isinstance(value, str) else ",".join(f"{k}={v}" for k, v in value.items()) or "plain"


@pytest.mark.parametrize("name, arguments", ALL, ids=label)
def test_the_constrained_weight_is_that_of_keras(keras, name, arguments, dtype):
    w = np.random.default_rng(2).normal(size=(5, 4)).astype(dtype)
    w[:, 2] = 0.0
    before = w.copy()
    ours, theirs = (getattr(library.constraints, name)(**arguments)(w) for library in (minirnn, keras))
    assert ours.dtype == dtype and ours.shape == w.shape
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-6 if dtype == "float32" else 1e-14)
    np.testing.assert_array_equal(w, before)


def test_norms_are_what_the_constraints_promise():
    w = np.random.default_rng(3).normal(size=(6, 50))

    def norms(w):
        return np.linalg.norm(w, axis=0)

    np.testing.assert_allclose(norms(UnitNorm()(w)), 1, rtol=1e-6)
    assert norms(w).max() > 2 >= norms(MaxNorm(2)(w)).max() > 1.99
    between = norms(MinMaxNorm(2, 3)(w))
    assert 1.99 < between.min() <= between.max() <= 3
    np.testing.assert_allclose(norms(MinMaxNorm(2, 2, rate=0.5)(w)), (norms(w) + 2) / 2, rtol=1e-6)


def test_a_subclass_must_say_anew_that_it_goes_by_element():
    class Sorted(NonNeg):
        def __call__(self, w):
            return np.sort(w, axis=0)

    assert NonNeg.by_element and not Sorted.by_element and not MaxNorm.by_element


# Names and configurations


@pytest.mark.parametrize(
    "name, cls",
    [("max_norm", MaxNorm), ("MaxNorm", MaxNorm), ("non_neg", NonNeg), ("NonNeg", NonNeg), ("unit_norm", UnitNorm),
     ("UnitNorm", UnitNorm), ("min_max_norm", MinMaxNorm), ("MinMaxNorm", MinMaxNorm)],
)  # fmt: skip
def test_a_name_stands_for_a_constraint_with_the_defaults_of_keras(keras, name, cls):
    found = constraints.get(name)
    assert type(found) is cls and type(constraints.get(cls)) is cls
    assert found.get_config() == keras.constraints.get(name).get_config()


def test_the_public_names_are_those_of_keras(keras):
    names = {name for name in dir(keras.constraints) if not name.startswith("_")}
    assert names <= set(constraints.__all__)
    assert minirnn.constraints is constraints
    assert (constraints.max_norm, constraints.non_neg) == (MaxNorm, NonNeg)
    assert (constraints.unit_norm, constraints.min_max_norm) == (UnitNorm, MinMaxNorm)


@pytest.mark.parametrize("name, arguments", ALL, ids=label)
def test_a_configuration_is_that_of_keras_and_back(keras, name, arguments):
    ours, theirs = (getattr(library.constraints, name)(**arguments) for library in (minirnn, keras))
    config = constraints.serialize(ours)
    assert config == keras.constraints.serialize(theirs)
    assert constraints.serialize(constraints.deserialize(config)) == config
    assert keras.constraints.deserialize(config).get_config() == ours.get_config()


def test_none_stays_none():
    assert constraints.get(None) is None and constraints.serialize(None) is None


def test_a_class_of_ones_own_comes_back_from_its_configuration():
    class Below(Constraint):
        def __init__(self, most):
            self.most = most

        def __call__(self, w):
            return np.minimum(w, self.most)

        def get_config(self):
            return {"most": self.most}

    assert constraints.deserialize(constraints.serialize(Below(0.5)), {"Below": Below}).most == 0.5


# Errors


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: MaxNorm(-1), ValueError, "max_value must be a finite number of at least 0, got -1"),
        (lambda: MaxNorm(float("nan")), ValueError, "max_value must be a finite number of at least 0, got nan"),
        (lambda: MaxNorm("2"), TypeError, "max_value must be a number, got '2'"),
        (lambda: MaxNorm(axis=1.5), TypeError, "axis must be a whole number, a list of them or None, got 1.5"),
        (lambda: UnitNorm(axis="rows"), TypeError, "axis must be a whole number"),
        (lambda: UnitNorm(axis=[0, None]), TypeError, "axis must be a whole number"),
        (lambda: MinMaxNorm(-0.1), ValueError, "min_value must be a finite number of at least 0, got -0.1"),
        (lambda: MinMaxNorm(2, 1), ValueError, "max_value must be a finite number of at least 2, got 1"),
        (lambda: MinMaxNorm(rate=1.5), ValueError, "rate must be a finite number of at least 0 and at most 1, got 1.5"),
        (lambda: MinMaxNorm(rate=True), TypeError, "rate must be a number, got True"),
        (lambda: MaxNorm(axis=2)(np.ones((3, 3))), ValueError, "axis 2 is out of bounds"),
        (lambda: constraints.get("maxnorm"), ValueError, "unknown constraint 'maxnorm'; did you mean 'max_norm'"),
        (lambda: constraints.get(3), TypeError, "constraint must be a name, a configuration or a callable"),
        (lambda: constraints.get({"class_name": "MaxNorm", "config": {"m": 1}}), ValueError, "MaxNorm does not fit"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
