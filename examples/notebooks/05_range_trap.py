# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5. The range trap / 범위의 함정
#
# A model that is asked outside the range it was trained on, and the way out.
#
# 훈련한 범위 밖의 값을 물으면 어떻게 되는가, 그리고 빠져나오는 길.

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np

import minirnn as keras
from minirnn import study
from minirnn.datasets import load_air_passengers

# Sizes: smaller is faster. / 크기: 작을수록 빠르다.
EPOCHS = 150
UNITS = 32

# %% [markdown]
# ## A promise that tanh cannot keep / tanh가 지킬 수 없는 약속
#
# Learn $y = x$ on 0 .. 1, and ask beyond. $h$ lies between −1 and 1, so there is a largest answer.
#
# 0에서 1까지 $y = x$를 배우게 하고 그 밖을 물어보자. $h$가 −1과 1 사이이므로 답에도 상한이 있다.

# %%
keras.utils.set_random_seed(5)
x = np.linspace(0, 1, 100, dtype="float32").reshape(-1, 1, 1)
model = keras.Sequential([keras.Input((1, 1)), keras.layers.LSTM(UNITS), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.01), "mse")
model.fit(x, x[:, 0], epochs=EPOCHS, verbose=0)

asked = np.linspace(-1, 6, 60, dtype="float32").reshape(-1, 1, 1)
answered = model.predict(asked, verbose=0)[:, 0]
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
axes.plot(asked[:, 0, 0], asked[:, 0, 0], color="0.6", ls=":", label="wanted")
axes.plot(asked[:, 0, 0], answered, color="#0072B2", label="answered")
axes.axvspan(0, 1, color="#E69F00", alpha=0.15, label="trained on")
axes.set(xlabel="asked", ylabel="answer")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Airline passengers / 항공 승객
#
# Nine years to learn from, three to answer for, and every one of these three lies above all that was seen.
#
# 9년을 배우고 3년을 답한다. 그 3년의 여름은 모두 배운 범위를 넘는다.

# %%
months, passengers = load_air_passengers()
passengers = passengers.astype("float32")
cut = len(passengers) - 36


def one_month_ahead(series):
    """Train on windows before the cut, answer for those after it."""
    keras.utils.set_random_seed(12)
    x, y = keras.utils.sliding_windows(series, 12)
    past = np.arange(len(y)) + 12 < cut
    scale = keras.layers.Normalization()
    scale.adapt(x[past])
    model = keras.Sequential([keras.Input((12, 1)), scale, keras.layers.LSTM(UNITS), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    mean, spread = y[past].mean(), y[past].std()
    model.fit(x[past], (y[past] - mean) / spread, epochs=EPOCHS, batch_size=16, verbose=0)
    return model.predict(x[~past], verbose=0)[:, 0] * spread + mean


with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    plain = one_month_ahead(passengers)
print(told[0].message)  # minirnn says so; Keras keeps silent / minirnn은 알려 준다

# %% [markdown]
# ## The way out / 빠져나오는 길
#
# Not the passengers but their changes, in logarithms: those look the same in 1950 and in 1960.
#
# 승객 수가 아니라 로그값의 변화를 배우게 한다. 변화는 1950년에도 1960년에도 비슷하다.

# %%
changes = np.diff(np.log(passengers), prepend=np.log(passengers[0]))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # three months fall more than any before / 세 달은 조금 벗어난다
    followed = passengers[cut - 1 : -1] * np.exp(one_month_ahead(changes))
study.plot_forecast(
    passengers, {"trained on passengers": plain, "trained on changes": followed}, start=cut, labels=months,
    unit="passengers (thousands)",
)  # fmt: skip
plt.show()

# %%
for name, answer in (("passengers", plain), ("changes", followed)):
    error = np.sqrt(np.mean((answer - passengers[cut:]) ** 2))
    print(f"trained on {name:10} RMSE {error:.1f} thousand / 천 명")

# %% [markdown]
# ## Your turn / 직접 해 보기
#
# 1. `LSTM(UNITS, activation="relu")` has no upper limit. Is the trap gone?
# 2. Divide by the mean of each window instead. Which series would that not help?
#
# 1. `LSTM(UNITS, activation="relu")`에는 상한이 없다. 함정이 사라졌는가?
# 2. 창마다 그 평균으로 나누어 보라. 어떤 시계열에는 도움이 되지 않을까?
