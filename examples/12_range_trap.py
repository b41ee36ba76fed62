"""12. The trap: asking a model outside the range that it was trained on.

12. 함정: 훈련한 범위 밖의 값을 물어보기.
"""

import sys
import warnings
from textwrap import fill

import numpy as np

from minirnn.datasets import load_air_passengers
from minirnn.layers import LSTM, Dense, Input, Normalization
from minirnn.models import Sequential
from minirnn.utils import set_random_seed, sliding_windows

# Airline passengers double in twelve years: the last three years lie above all that was seen before.
# 항공 승객 수는 계속 늘어난다. 마지막 3년은 훈련 데이터의 범위를 벗어난다.
months, passengers = load_air_passengers()
passengers = passengers.astype("float32")
cut = len(passengers) - 36


def errors(series, back):
    """Train on windows before the cut, ask about those after it: what was wanted and what came."""
    set_random_seed(12)
    x, y = sliding_windows(series, 12)
    past = np.arange(len(y)) + 12 < cut
    scale = Normalization()  # keeps the mean and the variance inside the model / 평균과 분산을 모델 안에 보관
    scale.adapt(x[past])
    model = Sequential([Input((12, 1)), scale, LSTM(32), Dense(1)])
    model.compile("adam", "mse")
    mean, spread = y[past].mean(), y[past].std()
    model.fit(x[past], (y[past] - mean) / spread, epochs=150, batch_size=16, verbose=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answer = model.predict(x[~past], verbose=0)[:, 0] * spread + mean
    if told:
        print(fill(f"minirnn warns: {told[0].message}", 100, initial_indent="  ", subsequent_indent="    "))
    return back(answer), model


wanted = passengers[cut:]

print("Passengers as they are / 원래 값 그대로:")
plain, _ = errors(passengers, lambda answer: answer)

print("Differences from month to month, in logarithms / 로그 차분:")
steps = np.diff(np.log(passengers), prepend=np.log(passengers[0]))
changes, _ = errors(steps, lambda answer: passengers[cut - 1 : -1] * np.exp(answer))


def rmse(answer):
    return float(np.sqrt(np.mean((answer - wanted) ** 2)))


print(f"RMSE of one month ahead, last three years: {rmse(plain):.1f} as they are, {rmse(changes):.1f} as differences")

if len(sys.argv) > 1:  # a picture / 그림 저장: python examples/12_range_trap.py trap.png
    from matplotlib.figure import Figure

    figure = Figure((8, 4), layout="constrained")
    axes = figure.subplots()
    years = 1949 + np.arange(len(passengers)) / 12
    axes.plot(years, passengers, color="0.6", label="passengers (thousands)")
    axes.plot(years[cut:], plain, color="tab:red", label="trained on passengers")
    axes.plot(years[cut:], changes, color="tab:blue", label="trained on changes of the logarithm")
    axes.axhspan(passengers[:cut].min(), passengers[:cut].max(), color="tab:green", alpha=0.08, label="range seen")
    axes.axvline(years[cut], color="0.8", linestyle=":")
    axes.set(xlabel="year", title="Outside the range it was trained on, a model stays below")
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(sys.argv[1], dpi=150)
    print("picture:", sys.argv[1])
