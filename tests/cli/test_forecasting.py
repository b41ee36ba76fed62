"""The forecast itself: what it may look at, and that it is worth making."""

import numpy as np
import pytest

from minirnn.datasets import load_air_passengers
from minirnn.forecasting import (
    CELLS,
    Errors,
    Scaling,
    forecast,
    naive,
    season_growth,
    seasonal_naive,
    training_windows,
)

SMALL = {"window": 4, "horizon": 2, "season": 4, "units": 3, "epochs": 2}


@pytest.fixture
def passengers():
    return load_air_passengers()[1]


@pytest.mark.needs_jit
@pytest.mark.parametrize("seed", range(10))
def test_the_airline_forecast_beats_seasonal_naive_by_far_and_loses_to_its_growth_whatever_the_seed(passengers, seed):
    errors = forecast(passengers, seed=seed).errors
    assert errors["network"].rmse < 0.6 * errors["seasonal naive"].rmse
    assert errors["network"].mae < 0.6 * errors["seasonal naive"].mae
    assert errors["network"].mape < 0.6 * errors["seasonal naive"].mape
    # The README says so, too: a naive rule that knows season and growth beats the network.
    assert 1 < errors["network"].rmse / errors["seasonal naive x growth"].rmse < 1.5


@pytest.mark.needs_jit
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_beats_seasonal_naive_on_the_airline_series(passengers, cell):
    errors = forecast(passengers, cell=cell).errors
    assert errors["network"].rmse < 0.75 * errors["seasonal naive"].rmse


def test_the_naive_errors_are_those_of_the_formulas(passengers):
    errors = forecast(passengers, units=2, epochs=1).errors
    last, season, grown = [], [], []
    growth = np.prod([passengers[t] / passengers[t - 12] for t in range(12, 120)]) ** (1 / 108)
    for origin in range(120, 133):
        actual = passengers[origin : origin + 12]
        last.append(passengers[origin - 1] - actual)
        season.append(passengers[origin - 12 : origin] - actual)
        grown.append(growth * passengers[origin - 12 : origin] - actual)
    assert errors["naive"].rmse == pytest.approx(np.sqrt(np.mean(np.square(last))), rel=1e-12)
    assert errors["seasonal naive"].mae == pytest.approx(np.mean(np.abs(season)), rel=1e-12)
    assert errors["seasonal naive x growth"].rmse == pytest.approx(np.sqrt(np.mean(np.square(grown))), rel=1e-12)


@pytest.mark.parametrize("change", [lambda v: 3 * v, lambda v: 0 * v, lambda v: -v], ids=["x 3", "zero", "negative"])
def test_a_forecast_knows_nothing_of_what_comes_after_its_origin(passengers, change):
    whole = forecast(passengers, held_out=24, **SMALL)
    changed = passengers.copy()
    changed[130:] = change(changed[130:])
    other = forecast(changed, held_out=24, **SMALL)
    known = whole.origins <= 130
    assert known.sum() == 11
    np.testing.assert_array_equal(other.held_out[known], whole.held_out[known])
    assert not np.array_equal(other.held_out[-1], whole.held_out[-1])


def test_a_held_out_value_without_a_logarithm_counts_as_it_is_and_is_seen_as_the_smallest_before_it(passengers):
    changed = passengers.copy()
    changed[[125, 131, 140]] = 0.0, -50.0, 0.0
    result = forecast(changed, held_out=24, **SMALL)
    assert result.replaced == 3
    actual = np.stack([changed[t : t + 2] for t in result.origins])
    assert result.errors["network"] == Errors.of(result.held_out, actual)
    assert result.errors["network"].mape is None
    seen = passengers.copy()
    seen[[125, 131, 140]] = passengers[:125].min()
    positive = forecast(seen, held_out=24, **SMALL)
    assert positive.replaced == 0
    np.testing.assert_array_equal(result.held_out, positive.held_out)
    np.testing.assert_array_equal(result.future, positive.future)


def test_a_training_value_that_is_not_positive_turns_logarithms_off(passengers):
    changed = passengers.copy()
    changed[3] = 0.0
    assert Scaling.fit(passengers[:120]).log and not Scaling.fit(changed[:120]).log
    assert forecast(changed, held_out=24, **SMALL).replaced == 0


def test_held_out_forecasts_stand_at_every_origin_with_a_whole_horizon_after_it(passengers):
    result = forecast(passengers, held_out=20, **SMALL)
    assert result.origins.tolist() == list(range(124, 143))
    assert result.held_out.shape == (19, 2)
    assert result.future.shape == (2,)
    assert result.windows == (124 - 1) - (4 + 2) + 1


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(passengers):
    first, again = (forecast(passengers, seed=7, **SMALL).future for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, forecast(passengers, seed=8, **SMALL).future)


def test_progress_is_told_after_every_epoch(passengers):
    told = []
    forecast(passengers, **SMALL, on_epoch=told.append)
    assert told == [1, 2]


@pytest.mark.parametrize("shift", [0.0, -300.0])
def test_a_forecast_of_a_scaled_series_is_the_scaled_forecast(passengers, shift):
    series = passengers + shift
    small, large = (forecast(series * factor, **SMALL).future for factor in (1.0, 1000.0))
    np.testing.assert_allclose(large, 1000 * small, rtol=1e-4)


@pytest.mark.parametrize("values", [np.full(60, 5.0), np.zeros(60), np.arange(-30.0, 30.0)])
def test_a_series_without_variation_in_its_steps_is_forecast_in_finite_numbers(values):
    result = forecast(values, **SMALL)
    assert np.isfinite(result.future).all()
    assert np.isfinite(result.errors["network"].rmse)


@pytest.mark.parametrize(("shift", "log"), [(0, True), (-300.5, False)])
def test_steps_lead_back_to_the_values(passengers, shift, log):
    series = passengers + shift
    scaling = Scaling.fit(series[:100])
    assert scaling.log is log
    steps = scaling.to_steps(series)
    assert steps[:99].mean() == pytest.approx(0, abs=1e-12)
    assert steps[:99].std() == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(scaling.from_steps(series[:1], steps[None])[0], series[1:], rtol=1e-10)


def test_training_windows_are_followed_by_their_targets():
    x, y = training_windows(np.arange(7.0), window=3, horizon=2)
    assert x[:, :, 0].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert y.tolist() == [[3, 4], [4, 5], [5, 6]]


def test_naive_forecasts_repeat_the_last_value_and_the_last_season():
    known = np.array([9.0, 1, 2, 3])
    assert naive(known, 2).tolist() == [3, 3]
    assert seasonal_naive(known, 5, season=3).tolist() == [1, 2, 3, 1, 2]


def test_growth_is_applied_once_for_every_season_ahead():
    season = np.array([3.0, 1.0, 2.0])
    series = np.concatenate([season * 1.5**k for k in range(12)])
    result = forecast(series, window=3, horizon=7, season=3, units=2, epochs=1)
    assert result.errors["seasonal naive x growth"].mape == pytest.approx(0, abs=1e-10)
    assert result.errors["seasonal naive"].mape > 30


def test_growth_is_that_of_the_training_part_and_left_out_where_there_is_none(passengers):
    assert season_growth(np.array([2.0, 3.0, 4.0, 12.0]), season=2) == pytest.approx(8**0.5, rel=1e-15)
    assert season_growth(np.array([2.0, 3.0]), season=2) is None
    assert season_growth(np.array([2.0, 0.0, 4.0]), season=1) is None
    names = ["network", "naive", "seasonal naive"]
    assert list(forecast(passengers, **SMALL).errors) == [*names, "seasonal naive x growth"]
    assert list(forecast(passengers - 300, **SMALL).errors) == names
    changed = passengers.copy()
    changed[-24:] = np.resize([1.0, 1000.0], 24)
    whole, other = (forecast(v, **{**SMALL, "held_out": 24}) for v in (passengers, changed))
    known = passengers[116:120] * season_growth(passengers[:120], 4) - changed[120:124]
    assert other.errors["seasonal naive x growth"] != whole.errors["seasonal naive x growth"]
    only = forecast(changed[:122], **{**SMALL, "held_out": 2}).errors["seasonal naive x growth"]
    assert only.mae == pytest.approx(np.mean(np.abs(known[:2])), rel=1e-12)


def test_errors_are_those_of_the_textbook_and_mape_is_left_out_at_zero():
    predicted, actual = np.array([[1.0, 5.0]]), np.array([[2.0, 2.0]])
    assert Errors.of(predicted, actual) == Errors(rmse=5**0.5, mae=2.0, mape=100.0)
    assert Errors.of(predicted, np.array([[0.0, 2.0]])).mape is None


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"cell": "rnn"}, ValueError, "cell must be 'lstm', 'gru' or 'simple_rnn', got 'rnn'"),
        ({"window": 0}, ValueError, "window must be at least 1, got 0"),
        ({"horizon": -1}, ValueError, "horizon must be at least 1, got -1"),
        ({"season": 2.5}, TypeError, "season must be a whole number of at least 1, got 2.5"),
        ({"held_out": 1}, ValueError, "held_out must be at least the horizon of 2, got 1"),
        ({"units": 0}, ValueError, "units must be at least 1, got 0"),
        ({"epochs": 0}, ValueError, "epochs"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"seed": -1}, ValueError, "seed"),
        ({"window": 40}, ValueError, "got 50, but window 40, horizon 2, season 4 and 8 rows held out need 51"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(change, error, words):
    with pytest.raises(error) as caught:
        forecast(np.arange(50.0), **{**SMALL, **change})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
def test_values_that_are_not_finite_or_too_large_are_refused(bad):
    with pytest.raises(ValueError, match="finite numbers below"):
        forecast(np.append(np.arange(50.0), bad), **SMALL)
