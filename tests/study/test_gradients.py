"""Gradients at every step: they are the kernels' own, and their sums are the gradients of the weights."""

from __future__ import annotations

import numpy as np
import pytest
from trace_cases import BATCH, CELLS, FEATURES, MASK, STEPS, UNITS, layer_of, numbers, stack, states_of

import minirnn as keras
from minirnn import layers

RELATIVE = {"float32": 1e-5, "float64": 1e-10}  # of gradients, as in CONTRIBUTING.md


def close(actual, expected, dtype):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=RELATIVE[dtype] * np.abs(expected).max())


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_weights_inputs_and_states_are_those_of_the_kernels(cell, dtype):
    options = {"zoneout": (0.0, 0.0)} if cell == "ZoneoutLSTM" else {}  # vjp would draw
    layer = layer_of(cell, dtype, **options)
    x, states = numbers(BATCH, STEPS, FEATURES, dtype=dtype), states_of(layer)
    dy, d_states = numbers(BATCH, STEPS, UNITS, dtype=dtype, seed=8), states_of(layer, seed=9)
    found = layer.trace(x, initial_state=states, mask=MASK).backward(dy, d_states)
    dx, of_weights, d_initial = layer.vjp(x, dy, MASK, states, d_states)
    close(found.dx, dx, dtype)
    for weight, gradient in zip(layer.weights, of_weights, strict=True):
        close(found.weights[weight.name], gradient, dtype)
    for mine, gradient in zip(found.d_initial.values(), d_initial, strict=True):
        close(mine, gradient, dtype)


def test_zoneout_passes_its_gradients_on_as_it_kept_its_states():
    layer = layer_of("ZoneoutLSTM")
    x, dy = numbers(1, STEPS, FEATURES), numbers(1, UNITS, seed=8)

    def value(x):
        return float((layer.trace(x).h[:, -1] * dy).sum())

    found, step = layer.trace(x).backward(dy).dx, 1e-6
    for t, k in ((0, 1), (3, 2), (6, 0)):
        up, down = x.copy(), x.copy()
        up[0, t, k] += step
        down[0, t, k] -= step
        assert found[0, t, k] == pytest.approx((value(up) - value(down)) / (2 * step), rel=1e-6, abs=1e-9)


def test_the_whole_gradient_of_a_state_is_the_slope_of_the_output_by_that_state():
    layer = layer_of("LSTM")
    x, dy, step, t = numbers(1, STEPS, FEATURES), numbers(1, UNITS, seed=8), 1e-6, 4
    trace = layer.trace(x)
    found = trace.backward(dy)

    def value(h, c):
        return float((layer(x[:, t:], initial_state=[h, c])[:, -1] * dy).sum())

    h, c = trace.h[:, t - 1], trace.c[:, t - 1]
    for unit in range(UNITS):
        nudge = np.eye(1, UNITS, unit) * step
        by_c = (value(h, c + nudge) - value(h, c - nudge)) / (2 * step)
        by_h = (value(h + nudge, c) - value(h - nudge, c)) / (2 * step)
        assert found.dh[0, t - 1, unit] == pytest.approx(by_h, rel=1e-6, abs=1e-9)
        # dc holds what c gives through its own h, too, which `value` leaves out.
        through_h = by_h * trace.o[0, t - 1, unit] * (1 - np.tanh(c[0, unit]) ** 2)
        assert found.dc[0, t - 1, unit] == pytest.approx(by_c + through_h, rel=1e-6, abs=1e-9)


def test_a_masked_step_has_no_gradient_but_those_that_pass_it():
    layer = layer_of("LSTM")
    found = layer.trace(numbers(BATCH, STEPS, FEATURES), mask=MASK).backward(numbers(BATCH, UNITS))
    assert not found.da_f[~MASK].any() and not found.do[~MASK].any()
    assert np.array_equal(found.dh[0, 5], found.dh[0, 6]) and found.dh[0, 5].any()


# --- models -----------------------------------------------------------------------------------------------------------


def test_sums_over_the_steps_of_a_stack_are_the_gradients_of_its_weights():
    model = stack()
    x, y = numbers(BATCH, STEPS, FEATURES), numbers(BATCH, 2, seed=4)
    x[0, 5:] = 0.0
    loss, gradients, _ = model.compute_gradients(x, y)
    found = model.trace_gradients(x, y)
    assert found.loss == pytest.approx(loss, rel=1e-12)
    by_path = {w.path: g for w, g in zip(model.trainable_weights, gradients, strict=True)}
    for name, part in found.items():
        for weight, gradient in part.weights.items():
            close(gradient, by_path[f"{name.split('/')[-1]}/{weight}"], "float64")
    last = found["last"]
    inputs = model.trace(x)["gru"].h  # what the layer has read
    close(np.einsum("btf,btu->fu", inputs, last.da_f), by_path["last/kernel"][:, UNITS : 2 * UNITS], "float64")
    close(last.da_o.sum(axis=(0, 1)), by_path["last/bias"][3 * UNITS :], "float64")


def test_back_from_an_output_gradient_gives_what_the_loss_does():
    model = stack()
    x, y = numbers(BATCH, STEPS, FEATURES), numbers(BATCH, 2, seed=4)
    trace = model.trace(x)
    found = trace.backward(2 * (trace.output - y) / y.size)  # of the mean squared error
    for name, part in model.trace_gradients(x, y).items():
        for quantity, array in part.items():
            close(found[name][quantity], array, "float64")
    with pytest.raises(RuntimeError, match="trace again"):
        trace.backward(y)


def test_a_wrong_output_gradient_uses_nothing_up():
    model = stack()
    trace = model.trace(numbers(BATCH, STEPS, FEATURES))
    with pytest.raises(ValueError, match=r"dy: got shape \(2, 2\), expected \(3, 2\)"):
        trace.backward(np.ones((2, 2)))
    for wrong in ("x", {"a": 1}, None, np.full((BATCH, 2), np.nan)):
        with pytest.raises((ValueError, TypeError), match="dy") as error:
            trace.backward(wrong)
        assert "\n" not in str(error.value)
    assert list(trace.backward(np.ones((BATCH, 2)))) == list(trace)


def test_the_gradients_of_several_outputs_are_given_as_these_are():
    x, h = keras.Input((STEPS, FEATURES)), layers.LSTM(UNITS, name="lstm")
    h = h(x)
    model = keras.Model(x, {"b": layers.Dense(1)(h), "a": layers.Dense(2)(h)})
    data, d_a, d_b = numbers(2, STEPS, FEATURES), np.ones((2, 2)), np.zeros((2, 1))
    by_name = model.trace(data).backward({"b": d_b, "a": d_a}).only
    alone = keras.Model(x, model.output["a"]).trace(data).backward(d_a).only
    assert np.array_equal(by_name.dh, alone.dh) and by_name.dh.any()


def test_a_part_of_the_gradients_is_that_part_of_the_whole():
    model = stack()
    x, y = numbers(BATCH, STEPS, FEATURES), numbers(BATCH, 2, seed=4)
    whole, part = (model.trace_gradients(x, y, **c)["last"] for c in ({}, {"rows": 1, "steps": [6, 0], "units": 2}))
    for name, array in part.items():
        np.testing.assert_allclose(array, whole[name][1:2, [6, 0], 2:3], rtol=1e-9, atol=1e-15)
    assert part.distance.tolist() == [0, STEPS - 1]


def test_gradients_need_a_compiled_model_and_an_output_s_shape():
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layers.LSTM(3)])
    x = numbers(2, STEPS, FEATURES)
    with pytest.raises(ValueError, match="trace_gradients needs an optimizer and a loss"):
        model.trace_gradients(x, np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"dy: got shape \(2, 4\), expected \(2, 3\) or \(2, 7, 3\)"):
        model.trace(x).only.backward(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"dy: got shape \(2, 1, 3\), expected \(2, 3\) or \(2, 7, 3\)"):
        model.trace(x, steps=0).only.backward(np.ones((2, 1, 3)))


def test_gradients_reach_a_cell_of_one_state_through_its_last_state():
    x = keras.Input((STEPS, FEATURES))
    _, state = layers.GRU(3, return_state=True)(x)
    model, data = keras.Model(x, layers.Dense(1)(state)), numbers(2, STEPS, FEATURES)
    assert model.trace(data).backward(np.ones((2, 1))).only.dh.any()


def test_dropout_draws_for_gradients_as_training_does():
    def gradients(call):
        layer = layers.LSTM(UNITS, dtype="float64", dropout=0.5, recurrent_dropout=0.5, seed=1, name="lstm")
        model = keras.Sequential([keras.Input((STEPS, FEATURES), dtype="float64"), layer])
        model.compile("sgd", "mse")
        model.set_weights([numbers(*w.shape, seed=k) for k, w in enumerate(model.weights)])
        return call(model)

    x, y = numbers(BATCH, STEPS, FEATURES), numbers(BATCH, UNITS, seed=4)
    _, expected, _ = gradients(lambda model: model.compute_gradients(x, y))
    found = gradients(lambda model: model.trace_gradients(x, y)).only
    for mine, gradient in zip(found.weights.values(), expected, strict=True):
        close(mine, gradient, "float64")


# --- against the distance in time -------------------------------------------------------------------------------------


def test_norms_shrink_and_grow_with_the_recurrent_weights():
    def norms(size):
        layer = layers.SimpleRNN(4, activation="linear", recurrent_initializer="orthogonal", dtype="float64")
        x = numbers(2, 12, 1)
        layer(x)
        layer.set_weights([layer.get_weights()[0], size * layer.get_weights()[1], layer.get_weights()[2]])
        return layer.trace(x).backward(np.ones((2, 4))).norm("dh")

    for size in (0.5, 1.0, 1.5):  # an orthogonal matrix keeps lengths: each step back multiplies the norm by `size`
        np.testing.assert_allclose(norms(size), np.sqrt(8) * size ** np.arange(11, -1, -1), rtol=1e-9)


def test_norms_by_unit_make_up_the_whole_norm():
    found = layer_of("LSTM").trace(numbers(BATCH, STEPS, FEATURES)).backward(numbers(BATCH, UNITS))
    for name in ("dh", "da_f", "dc"):
        by_unit = found.norm(name, per_unit=True)
        assert by_unit.shape == (STEPS, UNITS)
        np.testing.assert_allclose(np.sqrt((by_unit**2).sum(axis=1)), found.norm(name), rtol=1e-12)
    assert found.distance.tolist() == [6, 5, 4, 3, 2, 1, 0]
