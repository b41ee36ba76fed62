"""The comparison finds what is wrong and says where. Keras stands on both sides here, so that nothing else differs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from reference import cases, compare, keras_side
from reference.compare import Mismatch, compare_arrays, require
from reference.twin import to_keras

CASE = cases.ModelCase("LSTM", lambda k, d: [k.LSTM(4, name="lstm", dtype=d), k.Dense(2, name="head", dtype=d)])


@pytest.fixture
def model(keras, dtype):
    with keras_side.precision(dtype):
        return cases.build_model(CASE, keras, dtype)


@pytest.fixture
def data(model, dtype):
    return cases.model_data(CASE, model.output_shape, dtype)


def swap_gates(layer, first, second):
    """Exchange two gates of an LSTM in all of its weights."""
    order = list("ifgo")
    i, j = order.index(first), order.index(second)
    order[i], order[j] = order[j], order[i]
    exchanged = []
    for weight in layer.get_weights():
        gates = dict(zip("ifgo", np.split(weight, 4, axis=-1), strict=True))
        exchanged.append(np.concatenate([gates[gate] for gate in order], axis=-1))
    layer.set_weights(exchanged)


def test_a_model_agrees_with_its_twin(model, data):
    checks = [*compare.compare_counts(model), *compare.compare_model(model, *data)]
    require(checks)
    names = {check.name for check in checks}
    assert names >= {"lstm/kernel", "lstm/recurrent_kernel", "lstm/bias", "head/kernel", "head/bias", "x", "output"}


@pytest.mark.parametrize("pair", ["io", "if", "fo", "ig"])
def test_swapped_gates_are_found(model, data, pair):
    twin = to_keras(model)
    swap_gates(twin.layers[0], *pair)
    checks = compare.compare_model(model, *data, keras_twin=twin)
    assert not compare.worst(checks, "outputs").passed
    assert not compare.worst(checks, "gradients").passed
    with pytest.raises(Mismatch, match="output"):
        require(checks)


def test_one_wrong_weight_is_found(model, data, dtype):
    twin = to_keras(model)
    weights = twin.get_weights()
    weights[1][2, 3] += 1e-4 if dtype == "float32" else 1e-10
    twin.set_weights(weights)
    assert not compare.worst(compare.compare_model(model, *data, keras_twin=twin), "outputs").passed


def test_one_wrong_gradient_is_found_and_named_with_its_index_and_gate(model, data, dtype, monkeypatch):
    right, off = compare.model_gradients, 2 * compare.TOLERANCES[dtype]["gradients"].allowed

    def wrong(*arguments):
        loss, gradients, dx = right(*arguments)
        gradients[1] = gradients[1].astype(float)
        gradients[1][2, 5] += off * np.abs(gradients[1]).max()
        return loss, gradients, dx

    monkeypatch.setattr(compare, "model_gradients", wrong)
    checks = compare.compare_model(model, *data)
    (failed,) = [check for check in checks if not check.passed]
    with pytest.raises(Mismatch, match=re.escape("lstm/recurrent_kernel[2, 5] (gate f) differs (gradients): minirnn")):
        require(checks)
    assert f"{failed.ours:.17g}, Keras {failed.keras:.17g}" in str(failed)


def test_a_missing_gradient_is_found(model, data, monkeypatch):
    right = compare.model_gradients

    def one_short(*arguments):
        loss, gradients, dx = right(*arguments)
        return loss, gradients[:-1], dx

    monkeypatch.setattr(compare, "model_gradients", one_short)
    with pytest.raises(Mismatch, match="4 arrays instead of 5"):
        require(compare.compare_model(model, *data))


def test_another_number_of_parameters_is_found(keras, model):
    other = keras.Sequential([keras.Input((12, 5)), keras.layers.LSTM(4), keras.layers.Dense(3)])
    failed = [check for check in compare.compare_counts(model, other) if not check.passed]
    assert [(check.ours, check.keras) for check in failed] == [(10, 15), (170, 175)]


@pytest.mark.parametrize(
    "optimizer", ["Adam", *(pytest.param(name, marks=pytest.mark.slow) for name in ("RMSprop", "SGD"))]
)
def test_a_training_run_agrees_with_its_twin_and_not_with_another_learning_rate(
    keras, model, data, optimizer, monkeypatch
):
    require(compare.compare_training(model, *data, optimizer, {"learning_rate": 0.01}, epochs=2))

    class Slightly(getattr(keras.optimizers, optimizer)):
        rates = iter([0.01, 0.0102])

        def __init__(self):
            super().__init__(learning_rate=next(self.rates))

    monkeypatch.setattr(keras.optimizers, "Slightly", Slightly, raising=False)
    with pytest.raises(Mismatch, match="loss of epoch"):
        require(compare.compare_training(model, *data, "Slightly", epochs=2))


def test_a_layer_agrees_with_its_twin_and_a_wrong_state_is_found(keras, dtype):
    case = next(case for case in cases.LAYERS if case.masked)
    layer = cases.build_layer(case, keras, dtype)
    x, initial_state, mask = cases.layer_data(case, layer.units, 2, dtype)
    checks = compare.compare_layer(layer, x, initial_state, mask)
    require(checks)
    expected = {
        f"{layer.name} {name}" for name in ("output", "state h", "state c", "x", "initial state h", "initial state c")
    }
    assert {check.name for check in checks} >= expected

    swapped = cases.build_layer(case, keras, dtype)
    swap_gates(swapped, "f", "o")
    failed = [
        check.name
        for check in compare.compare_layer(layer, x, initial_state, mask, keras_layer=swapped)
        if not check.passed
    ]
    assert set(failed) >= expected


def test_not_a_number_fails():
    check = compare_arrays("outputs", "h", [[0.5, np.nan]], [[0.5, 0.5]], "float32")
    assert not check.passed
    assert "h[0, 1] differs (outputs): minirnn nan, Keras 0.5" in str(check)
    assert compare.worst([compare_arrays("outputs", "c", [1.0], [0.0], "float32"), check], "outputs") is check


def test_another_shape_fails_even_where_it_would_broadcast():
    check = compare_arrays("outputs", "h", [[1.0, 1.0]], [1.0, 1.0], "float64")
    assert not check.passed
    assert "h of shape (1, 2) instead of (2,)" in str(check)


@pytest.mark.parametrize(
    ("quantity", "keras_values", "expected"),
    [
        ("outputs", [0.5, 0.25], 1e-3),
        ("outputs", [10.0, 0.25], 1e-4),
        ("gradients", [0.5, 0.25], 2e-3),
        ("gradients", [1e-6, 5e-7], 1e3),
        ("losses", [0.5, 0.25], 4e-3),
    ],
)
def test_a_difference_is_measured_as_the_tolerances_define_it(quantity, keras_values, expected):
    ours = np.array(keras_values) + [0, 1e-3]
    assert compare_arrays(quantity, "a", ours, keras_values, "float64").error == pytest.approx(expected)


def test_two_gradients_of_zero_agree_and_zero_against_anything_does_not():
    zero = np.zeros(3)
    assert compare_arrays("gradients", "a", zero, zero, "float64").passed
    assert not compare_arrays("gradients", "a", zero + 1e-300, zero, "float64").passed
