"""Forecasts of one series by a recurrent network, measured on an end of the series that was never trained on.

The network sees `window` steps and answers with the next `horizon` steps at once (a direct multi-step forecast). A step
is the difference of one value from the value before it, of logarithms where every training value is positive: so a
trend or a growth in per cent stays in the range that was trained, whatever the level. It is told nothing about seasons.

Split: the last `held_out` values are never trained on, nor used to choose and fit the scaling. Where that takes
logarithms and a held-out value is not positive, the network is shown the smallest positive value before it instead;
the errors are those against the value itself. Every place in that end from which
`horizon` values follow is the origin of one forecast: the values before the origin are known, the others are not. The
naive forecasts are made from the same origins over the same horizon:

    naive                     the last known value, repeated
    seasonal naive            the value one season earlier, the last known season repeated
    seasonal naive x growth   the same, times the average growth from season to season in the training part
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minirnn import layers, optimizers
from minirnn.boundary import whole
from minirnn.callbacks import LambdaCallback
from minirnn.choices import one_of
from minirnn.models import Sequential
from minirnn.utils import set_random_seed

CELLS = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}
LEARNING_RATE = 0.01
LARGEST = 1e100  # squared errors of larger values would leave float64


@dataclass(frozen=True)
class Scaling:
    """Values to standardised steps and back; `mean` and `scale` are those of the training part's steps."""

    log: bool
    mean: float
    scale: float

    @classmethod
    def fit(cls, training: np.ndarray) -> Scaling:
        """The scaling of a training part: of logarithms if all of its (n,) values are positive."""
        log = bool(np.all(training > 0))
        steps = np.diff(np.log(training) if log else training)
        return cls(log, float(steps.mean()), float(steps.std()) or 1.0)

    def shown(self, values: np.ndarray) -> np.ndarray:
        """The (n,) values as the network is shown them: one without a logarithm as the smallest positive before it.

        >>> Scaling(log=True, mean=0.0, scale=1.0).shown(np.array([5.0, 3.0, 4.0, 0.0, 2.0, -1.0]))
        array([5., 3., 4., 3., 2., 2.])
        """
        if not self.log:
            return values
        return np.where(values > 0, values, np.minimum.accumulate(np.where(values > 0, values, np.inf)))

    def to_steps(self, shown: np.ndarray) -> np.ndarray:
        """(n,) values as `shown` to the (n - 1,) standardised steps between them."""
        return (np.diff(np.log(shown) if self.log else shown) - self.mean) / self.scale

    def from_steps(self, last: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """(m,) last known values as `shown`, and the (m, horizon) steps that follow them, to (m, horizon) values."""
        path = np.cumsum(steps.astype(np.float64) * self.scale + self.mean, axis=1)
        return last[:, None] * np.exp(path) if self.log else last[:, None] + path


@dataclass(frozen=True)
class Errors:
    """Errors of many forecasts taken together; `mape` is in per cent, and None where an actual value is 0."""

    rmse: float
    mae: float
    mape: float | None

    @classmethod
    def of(cls, predicted: np.ndarray, actual: np.ndarray) -> Errors:
        error = predicted - actual
        mape = float(100 * np.mean(np.abs(error / actual))) if np.all(actual) else None
        return cls(float(np.sqrt(np.mean(error**2))), float(np.mean(np.abs(error))), mape)


@dataclass(frozen=True)
class Forecast:
    """What `forecast` learnt about a series of n values.

    origins    (m,) how many values were known when each held-out forecast was made
    held_out   (m, horizon) the network's forecasts from these origins
    errors     Errors on the held-out end by name: "network", "naive", "seasonal naive", and "seasonal naive x growth"
               where the training part has a growth: only positive values, and more than a season of them
    future     (horizon,) the network's forecast of the values after the end of the series
    windows    number of training windows
    params     number of trained parameters
    replaced   number of held-out values that the network was not shown as they are, having no logarithm
    """

    origins: np.ndarray
    held_out: np.ndarray
    errors: dict[str, Errors]
    future: np.ndarray
    windows: int
    params: int
    replaced: int


def forecast(
    values: np.ndarray,
    *,
    window: int = 12,
    horizon: int = 12,
    season: int = 12,
    held_out: int | None = None,
    cell: str = "lstm",
    units: int = 32,
    epochs: int = 100,
    batch_size: int = 16,
    seed: int = 0,
    on_epoch: Callable[[int], None] | None = None,
) -> Forecast:
    """Train a network on the early part of a series, measure it on the end, forecast what comes after.

    values      (n,) finite numbers in time order, evenly spaced
    season      values in a season, for the seasonal-naive forecasts only
    held_out    values at the end that are never trained on; None: a sixth of the series, at least two horizons
    seed        seeds all of minirnn's random numbers: the same seed gives the same forecast, bit for bit
    on_epoch    called after every epoch with the number of epochs done

    Raises ValueError for a series that is too short for the window, horizon, season and held-out end, for values that
    are not finite, and for counts below 1; TypeError for counts that are not whole numbers.
    """
    values = np.asarray(values, dtype=np.float64)
    one_of(cell, "cell", list(CELLS))
    for name, count in {"window": window, "horizon": horizon, "season": season}.items():
        whole(count, name)
    if held_out is None:
        held_out = default_held_out(len(values), horizon)
    check_series(values, window, horizon, season, held_out)

    train_end = len(values) - held_out
    scaling = Scaling.fit(values[:train_end])
    shown = scaling.shown(values)
    steps = scaling.to_steps(shown)
    x, y = training_windows(steps[: train_end - 1], window, horizon)

    model = train(x, y, cell, units, epochs, batch_size, seed, on_epoch)

    def predict(origins: np.ndarray) -> np.ndarray:
        seen = np.stack([steps[t - 1 - window : t - 1] for t in origins])
        return scaling.from_steps(shown[origins - 1], np.asarray(model.predict(seen[:, :, None], verbose=0)))

    origins = np.arange(train_end, len(values) - horizon + 1)
    predictions = {
        "network": predict(origins),
        "naive": np.stack([naive(values[:t], horizon) for t in origins]),
        "seasonal naive": np.stack([seasonal_naive(values[:t], horizon, season) for t in origins]),
    }
    growth = season_growth(values[:train_end], season)
    if growth is not None:
        factors = growth ** (1 + np.arange(horizon) // season)
        predictions["seasonal naive x growth"] = factors * predictions["seasonal naive"]
    actual = np.stack([values[t : t + horizon] for t in origins])
    return Forecast(
        origins=origins,
        held_out=predictions["network"],
        errors={name: Errors.of(predicted, actual) for name, predicted in predictions.items()},
        future=predict(np.array([len(values)]))[0],
        windows=len(x),
        params=model.count_params(),
        replaced=int(np.sum(shown != values)),
    )


def naive(known: np.ndarray, horizon: int) -> np.ndarray:
    """The last known value, `horizon` times."""
    return np.full(horizon, known[-1])


def seasonal_naive(known: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """The last known season of `season` values, repeated over `horizon` values."""
    return np.resize(known[-season:], horizon)


def season_growth(training: np.ndarray, season: int) -> float | None:
    """The geometric mean of value / value one season earlier; None unless all are positive and one has a season before.

    >>> round(season_growth(np.array([1.0, 10.0, 2.0, 20.0]), season=2), 6)
    2.0
    """
    if len(training) <= season or not np.all(training > 0):
        return None
    logs = np.log(training)
    return float(np.exp(np.mean(logs[season:] - logs[:-season])))


def default_held_out(rows: int, horizon: int) -> int:
    """A sixth of the series, at least two horizons."""
    return max(rows // 6, 2 * horizon)


def training_windows(steps: np.ndarray, window: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Every stretch of the (n,) steps as x (m, window, 1) and the y (m, horizon) that follows it."""
    stretches = np.lib.stride_tricks.sliding_window_view(steps, window + horizon)
    return stretches[:, :window, None], stretches[:, window:]


def train(
    x: np.ndarray,
    y: np.ndarray,
    cell: str,
    units: int,
    epochs: int,
    batch_size: int,
    seed: int,
    on_epoch: Callable[[int], None] | None = None,
) -> Sequential:
    """One recurrent layer and a Dense layer that answers with all steps of the horizon, trained with Adam on mse."""
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}; a model that was never trained foretells nothing")
    model = network(x.shape[1:], cell, units, y.shape[1], seed)
    model.compile(optimizer=optimizers.Adam(LEARNING_RATE), loss="mse")
    progress = [LambdaCallback(on_epoch_end=lambda epoch, logs: on_epoch(epoch + 1))] if on_epoch else []
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=progress)
    return model


def network(shape: tuple[int, ...], cell: str, units: int, horizon: int, seed: int) -> Sequential:
    """The network that `train` trains, for inputs (window, features); the global seed is `seed` before its weights."""
    set_random_seed(seed)
    return Sequential([layers.Input(shape), getattr(layers, CELLS[cell])(units), layers.Dense(horizon)])


def check_series(values: np.ndarray, window: int, horizon: int, season: int, held_out: int) -> None:
    """Raise a one-line error unless the values are finite and enough."""
    if values.ndim != 1 or not np.all(np.abs(values) < LARGEST):
        raise ValueError(f"values must be a one-dimensional series of finite numbers below {LARGEST:g} in size")
    if whole(held_out, "held_out") < horizon:
        raise ValueError(f"held_out must be at least the horizon of {horizon}, got {held_out}")
    needed = max(window + 1 + horizon, season) + held_out
    if len(values) < needed:
        raise ValueError(
            f"too few rows: got {len(values)}, but window {window}, horizon {horizon}, season {season} and "
            f"{held_out} rows held out need {needed}; make one of them smaller"
        )
