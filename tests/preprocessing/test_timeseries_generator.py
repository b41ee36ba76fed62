"""TimeseriesGenerator: batches as Keras makes them, in fit, evaluate and predict; errors of one line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minirnn
from minirnn.preprocessing import sequence
from minirnn.preprocessing.sequence import TimeseriesGenerator

SERIES = np.sin(np.arange(60) / 4.0)[:, None]


@pytest.fixture(scope="module")
def theirs(keras):
    return pytest.importorskip("keras.src.legacy.preprocessing.sequence").TimeseriesGenerator


@given(
    steps=st.integers(2, 25),
    features=st.sampled_from([(), (1,), (2, 3)]),
    as_list=st.booleans(),
    end=st.one_of(st.none(), st.integers(0, 24)),
    options=st.fixed_dictionaries(
        {
            "length": st.integers(1, 8),
            "sampling_rate": st.integers(1, 4),
            "stride": st.integers(1, 5),
            "start_index": st.integers(0, 6),
            "reverse": st.booleans(),
            "batch_size": st.integers(1, 9),
        }
    ),
)
def test_batches_are_those_of_keras(theirs, steps, features, as_list, end, options):
    last = steps - 1 if end is None else end
    assume(options["start_index"] + options["length"] <= last <= steps - 1)
    data = np.arange(steps * int(np.prod(features))).reshape(steps, *features)
    targets = 100 + np.arange(steps)
    given_data = (data.tolist(), targets.tolist()) if as_list else (data, targets)
    ours, other = (cls(*given_data, end_index=end, **options) for cls in (TimeseriesGenerator, theirs))
    assert len(ours) == len(other)
    for index in range(len(other)):
        for one, expected in zip(ours[index], other[index], strict=True):
            np.testing.assert_array_equal(one, expected)
            assert one.dtype == expected.dtype
    for name in ("length", "sampling_rate", "stride", "start_index", "end_index", "reverse", "batch_size"):
        assert getattr(ours, name) == getattr(other, name)


def test_shuffled_batches_are_windows_with_their_own_targets_from_the_allowed_rows():
    data = np.arange(50)
    batches = TimeseriesGenerator(data, data, 4, shuffle=True, batch_size=16, start_index=10, end_index=30)
    minirnn.utils.set_random_seed(3)
    first = [batches[i] for i in range(len(batches))]
    minirnn.utils.set_random_seed(3)
    for (windows, targets), (again, _) in zip(first, [batches[i] for i in range(len(batches))], strict=True):
        assert windows.shape == (16, 4) and 14 <= targets.min() and targets.max() <= 30
        np.testing.assert_array_equal(windows, targets[:, None] + np.arange(-4, 0))
        np.testing.assert_array_equal(windows, again)
    assert len(np.unique(np.concatenate([targets for _, targets in first]))) > 5


def test_a_model_trains_is_measured_and_predicts_on_the_windows():
    train = TimeseriesGenerator(SERIES, SERIES, 6, batch_size=16)
    model = minirnn.Sequential([minirnn.layers.GRU(4, input_shape=(6, 1)), minirnn.layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(train, epochs=5, verbose=0, validation_data=TimeseriesGenerator(SERIES, SERIES, 6))
    assert history.history["val_loss"][-1] < history.history["val_loss"][0]
    windows = np.lib.stride_tricks.sliding_window_view(SERIES[:-1, 0], 6)[..., None]
    np.testing.assert_allclose(model.predict(train, verbose=0), model.predict(windows, verbose=0), rtol=0, atol=1e-6)
    expected = model.evaluate(windows, SERIES[6:], verbose=0)
    assert model.evaluate(train, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_the_configuration_makes_an_equal_generator():
    batches = TimeseriesGenerator(SERIES, SERIES[:, 0], 5, sampling_rate=2, start_index=3, batch_size=7, reverse=True)
    again = sequence.timeseries_generator_from_json(batches.to_json(indent=1))
    assert again.get_config() == batches.get_config() and len(again) == len(batches)
    for one, other in zip(again[2], batches[2], strict=True):
        np.testing.assert_array_equal(one, other)


def test_batches_are_numbered_like_a_list():
    batches = TimeseriesGenerator(range(10), range(10), 3, batch_size=2)
    np.testing.assert_array_equal(batches[-1][1], batches[3][1])
    assert [list(targets) for _, targets in batches] == [[3, 4], [5, 6], [7, 8], [9]]
    for index in (4, -5):
        with pytest.raises(IndexError, match=f"got the batch number {index}, expected one below 4"):
            batches[index]


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"targets": range(9)}, ValueError, r"data and targets must be of one length, got shapes \(10,\) and \(9,\)"),
        ({"targets": 3}, ValueError, "data and targets must be of one length"),
        ({"length": 10}, ValueError, "no window: start_index \\+ length is 10, which lies after the end_index 9"),
        ({"length": 0}, ValueError, "length must be at least 1, got 0"),
        ({"length": 2.5}, TypeError, "length must be a whole number"),
        ({"stride": 0}, ValueError, "stride must be at least 1"),
        ({"sampling_rate": -1}, ValueError, "sampling_rate must be at least 1"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"end_index": 10}, ValueError, "end_index must be at most 9, the last step of data, got 10"),
        ({"start_index": -1}, ValueError, "start_index must be at least 0"),
        ({"workers": -1}, ValueError, "workers must be at least 0"),
    ],
)
def test_bad_arguments_are_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as raised:
        TimeseriesGenerator(**{"data": range(10), "targets": range(10), "length": 3} | arguments)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"config": {"data": "[1]"}}', None])
def test_a_text_that_is_no_configuration_is_one_line(text):
    with pytest.raises(ValueError, match="timeseries_generator_from_json needs what to_json gave"):
        sequence.timeseries_generator_from_json(text)
