"""Peepholes, coupled gate, layer normalisation, zoneout: the oracle's numbers, and gradients that are slopes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from gradient_check import check_vjp
from hypothesis import given
from hypothesis import strategies as st
from recurrent_cases import SIBLINGS, make

import minirnn
from minirnn import layers
from minirnn.kernels.vec import lanes
from reference import oracle

# Of outputs and gradients, relative to the largest entry of an array, as for the cells that Keras has; dividing by the
# spread of a few units costs the layer-normalised one another digit.
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}
OPTIONS = {
    "last": {},
    "sequence": {"return_sequences": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "masked": {"return_sequences": True, "mask": True},
    "masked, last": {"mask": True},
    "masked, backwards": {"return_sequences": True, "mask": True, "go_backwards": True},
    "masked, zero output": {"return_sequences": True, "mask": True, "zero_output_for_mask": True},
    "no bias": {"return_sequences": True, "use_bias": False},
    "other activations": {"return_sequences": True, "activation": "softsign", "recurrent_activation": "hard_sigmoid"},
    "kept pre-activations": {"return_sequences": True, "activation": "gelu", "recurrent_activation": "swish"},
}
# Zoneout is left away where slopes are taken: its draws are compared with the oracle's below.
DRAWING_NOTHING = {"ZoneoutLSTM": {"zoneout": (0.0, 0.0)}}


def case_of(cell, **options):
    case = make(cell, **DRAWING_NOTHING.get(cell, {}) | options)
    if "activation" in options:  # small weights: without a bound, gates of gates grow fast
        case.layer.set_weights([0.4 * w for w in case.layer.get_weights()])
    return case


def options_of(layer):
    """What a layer was told, for the oracle."""
    names = [field.name for field in dataclasses.fields(oracle.Options) if hasattr(layer, field.name)]
    return oracle.Options(**{name: getattr(layer, name) for name in names})


def truth(case, kept=None):
    """[y, last states .., dx, gradients of the weights .., and of the initial states ..] of the oracle."""
    layer = case.layer
    tape = oracle.forward(
        type(layer).__name__, case.x, layer.get_weights(), case.states, case.mask, options_of(layer), kept
    )
    dy = {"d_sequence" if layer.return_sequences else "d_output": case.dy}
    gradients = oracle.backward(tape, **dy, d_states=case.d_states)
    y = tape.sequence if layer.return_sequences else tape.sequence[:, -1]
    return [y, *tape.states, gradients.dx, *gradients.weights, *gradients.initial_states]


def found_in(case):
    dx, d_weights, d_states = case.vjp()
    return [*case.output(), dx, *d_weights, *d_states]


def assert_same(found, expected, dtype):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE[dtype] * max(1, np.abs(b).max()))


# Kernels of other activations take seconds to compile: one dtype of each every time, the other in `pytest -m slow`.
OFTEN = {"other activations": "float32", "kept pre-activations": "float64"}
BOTH_DTYPES = [
    pytest.param(options, dtype, id=f"{name}-{dtype}", marks=[pytest.mark.slow] * (OFTEN.get(name, dtype) != dtype))
    for name, options in OPTIONS.items()
    for dtype in ("float32", "float64")
]


@pytest.mark.parametrize(("options", "dtype"), BOTH_DTYPES)
@pytest.mark.parametrize("cell", SIBLINGS)
def test_outputs_states_and_gradients_are_the_oracles(cell, options, dtype):
    case = case_of(cell, batch=5, units=5, dtype=dtype, **options)
    assert_same(found_in(case), truth(case), dtype)


@pytest.mark.parametrize("cell", SIBLINGS)
@pytest.mark.parametrize("size", ["batch", "time", "features", "units"])
def test_a_size_of_one_is_no_special_case(cell, size):
    case = case_of(cell, return_sequences=True, **{size: 1})
    assert_same(found_in(case), truth(case), "float64")


@pytest.mark.parametrize("cell", SIBLINGS)
def test_units_may_fill_one_tile_or_spill_into_others(cell, dtype):
    W = lanes(dtype)
    for units in (W, W + 1, 2 * W + 3):
        case = case_of(cell, batch=8, time=3, features=units, units=units, dtype=dtype, return_sequences=True)
        assert_same(found_in(case), truth(case), dtype)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("cell", SIBLINGS)
def test_gradients_of_input_weights_and_states_are_slopes(cell, options):
    if options.get("recurrent_activation") == "hard_sigmoid":  # differences across a kink are no slope: smooth ones
        options = options | {"activation": "sigmoid", "recurrent_activation": "tanh"}
    check_vjp(case_of(cell, batch=5, **options))


@given(
    cell=st.sampled_from(sorted(SIBLINGS)), batch=st.integers(1, 17), time=st.integers(1, 5),
    features=st.integers(1, 7), units=st.integers(1, 20), masked=st.booleans(), return_sequences=st.booleans(),
    go_backwards=st.booleans(), zero_output_for_mask=st.booleans(), use_bias=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_shape_and_any_options(cell, batch, time, features, units, masked, seed, **options):
    mask = np.random.default_rng(seed).random((batch, time)) < 0.6 if masked else None
    case = case_of(cell, batch=batch, time=time, features=features, units=units, mask=mask, seed=seed, **options)
    assert_same(found_in(case), truth(case), "float64")


@pytest.mark.parametrize("cell", SIBLINGS)
def test_wide_inputs_are_multiplied_before_the_loop_with_the_same_result(cell, monkeypatch):
    case = case_of(cell, batch=3, time=4, features=9, units=5, return_sequences=True, mask=True)
    before = found_in(case)
    monkeypatch.setattr(type(case.layer), "_is_wide", lambda self, batch: True)
    assert_same(found_in(case), before, "float64")


@pytest.mark.parametrize("cell", SIBLINGS)
def test_a_tape_used_again_gives_the_same_gradients(cell):
    case = case_of(cell, return_sequences=True, mask=True, batch=5)
    tape = case.layer.new_tape(case.x.shape, True)
    results = []
    for _ in range(2):
        case.layer.forward(case.x, case.mask, tape, True)
        case.layer.backward(case.dy, tape, True)
        results.append([tape.dx.copy(), *(w.gradient_numpy() for w in case.layer.weights)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", SIBLINGS)
def test_a_cell_of_its_configuration_is_the_same_cell(cell):
    case = make(cell, time=2, return_sequences=True)
    twin = type(case.layer).from_config(case.layer.get_config())
    twin.build(case.x.shape)
    twin.set_weights(case.layer.get_weights())
    for a, b in zip(twin(case.x), case.layer(case.x), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", SIBLINGS)
def test_a_model_with_it_learns_and_is_made_again_of_its_configuration(cell):
    minirnn.utils.set_random_seed(1)
    x = np.random.default_rng(0).normal(size=(32, 6, 2)).astype("float32")
    y = x.sum(axis=(1, 2), keepdims=True)[:, 0] / 4
    model = minirnn.Sequential([layers.Input((6, 2)), SIBLINGS[cell][0](8), layers.Dense(1)])
    model.compile(minirnn.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, y, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    twin = minirnn.Sequential.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin.predict(x, verbose=0), model.predict(x, verbose=0))


# --- each by itself ---------------------------------------------------------------------------------------------------


def test_peepholes_of_zero_leave_an_lstm():
    case = make("PeepholeLSTM", return_sequences=True)
    *shared, peepholes = case.layer.get_weights()
    case.layer.set_weights([*shared, np.zeros_like(peepholes)])
    lstm = make("LSTM", return_sequences=True)
    lstm.layer.set_weights(shared)
    for a, b in zip(case.output(), lstm.layer(case.x, initial_state=case.states), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-15)


def test_a_coupled_gate_begins_as_open_as_a_forget_gate():
    layer = layers.CoupledLSTM(3)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.get_weights()[2], [-1] * 3 + [0] * 6)
    layer = layers.CoupledLSTM(3, unit_forget_bias=False)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.get_weights()[2], 0)


@pytest.mark.parametrize("epsilon", [0, -1e-5, True, "small", float("nan"), float("inf")])
def test_an_epsilon_that_is_no_positive_number_is_refused(epsilon):
    with pytest.raises(ValueError, match="epsilon must be a number above 0"):
        layers.LayerNormLSTM(3, epsilon=epsilon)


def test_epsilon_reaches_the_kernels():
    case = make("LayerNormLSTM", epsilon=0.5, return_sequences=True)
    assert_same(found_in(case), truth(case), "float64")
    other = make("LayerNormLSTM", return_sequences=True)
    assert np.abs(other.output()[0] - case.output()[0]).max() > 1e-3


def test_layer_normalisation_takes_away_the_scale_of_the_input():
    case = make("LayerNormLSTM", return_sequences=True, epsilon=1e-12)
    before = case.output()[0]
    case.x *= 100
    np.testing.assert_allclose(case.output()[0], before, rtol=0, atol=1e-8)


# --- zoneout ----------------------------------------------------------------------------------------------------------


def drawn(case):
    """(tape, kept) of a forward pass in training: what was drawn, as the oracle takes it: of h, of c."""
    layer = case.layer
    tape = layer.new_tape(case.x.shape, True)
    layer.forward(case.x, case.mask, tape, True, case.states)
    time = case.x.shape[1]
    of_c, of_h = (kept[:time, :, : layer.units].transpose(1, 0, 2).copy() for kept in tape.kept)
    return tape, [of_h, of_c]


@pytest.mark.parametrize("options", [{}, {"mask": True}, {"go_backwards": True}, {"activation": "gelu"}], ids=str)
def test_a_step_of_training_with_zoneout_is_the_oracles_with_the_same_draws(options, dtype):
    case = make("ZoneoutLSTM", batch=5, units=lanes(dtype) + 1, dtype=dtype, return_sequences=True, **options)
    tape, kept = drawn(case)
    dx = case.layer.backward(case.dy, tape, True, case.d_states, to_initial=True)
    last = case.layer.last_states(tape)
    d_initial = [at[:5, : case.layer.units] for at in (tape.dh, tape.dc)]
    found = [tape.out, *last, dx, *(w.gradient_numpy() for w in case.layer.weights), *d_initial]
    assert all(set(np.unique(share)) == {0, 1} for share in kept)
    assert_same(found, truth(case, kept), dtype)


@pytest.mark.parametrize("options", [{}, {"mask": True}, {"go_backwards": True}], ids=str)
def test_outside_training_zoneout_mixes_old_and_new_by_its_rates(options):
    case = make("ZoneoutLSTM", batch=5, return_sequences=True, **options)
    expected = truth(case, kept=[0.2, 0.4])[:3]
    assert_same(case.output(), expected, "float64")
    assert_same(case.output(), expected, "float64")  # nothing is drawn


def test_zoneout_of_the_rates_is_the_share_of_units_that_keep_their_state():
    case = make("ZoneoutLSTM", batch=50, time=40, units=20)
    _, (of_h, of_c) = drawn(case)
    spread = np.sqrt(0.25 / of_h.size)
    assert abs(of_c.mean() - 0.4) < 4 * spread and abs(of_h.mean() - 0.2) < 4 * spread
    assert abs(np.mean(of_c * of_h) - 0.08) < 4 * spread  # one is drawn without the other


def test_a_seed_repeats_the_draws_of_zoneout():
    seeded = [layers.ZoneoutLSTM(4, seed=seed) for seed in (1, 1, 2)]
    x = np.ones((2, 5, 3), "float32")
    kept = []
    for layer in seeded:
        layer.build(x.shape)
        tape = layer.new_tape(x.shape, True)
        layer.forward(x, None, tape, True)
        kept.append(tape.kept.copy())
    np.testing.assert_array_equal(kept[0], kept[1])
    assert (kept[0] != kept[2]).any()


def test_zoneout_of_zero_leaves_an_lstm():
    case = make("ZoneoutLSTM", return_sequences=True, zoneout=(0.0, 0.0))
    lstm = make("LSTM", return_sequences=True)
    for a, b in zip(found_in(case), found_in(lstm), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)


@pytest.mark.parametrize("zoneout", [0.5, (0.5,), (0.5, 1.0), (-0.1, 0.5), (0.5, 0.05, 0.1), ("a", 0.1), "ab", None])
def test_rates_that_are_none_are_refused_in_one_line(zoneout):
    with pytest.raises(ValueError, match="zoneout must be two rates") as caught:
        layers.ZoneoutLSTM(3, zoneout=zoneout)
    assert "\n" not in str(caught.value)


# --- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", SIBLINGS)
def test_the_number_of_threads_changes_no_bit(cell, same_bits):
    case = case_of(cell, batch=29, time=4, units=20, mask=True, dtype="float32", return_sequences=True)
    same_bits(lambda: found_in(case))
