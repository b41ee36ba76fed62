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
# # 2. Watch the gates / 게이트 관찰하기
#
# Train an LSTM on the airline passengers, and look at what each gate does, month by month.
#
# 항공 승객 수로 LSTM을 학습시키고, 달마다 각 게이트가 무엇을 하는지 살펴본다.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minirnn as keras
from minirnn import study
from minirnn.datasets import load_air_passengers

# Sizes: smaller is faster. / 크기: 작을수록 빠르다.
EPOCHS = 100
UNITS = 16

# %% [markdown]
# ## The series / 시계열
#
# Passengers double in twelve years. The changes of their logarithm from month to month stay in one range, and that is
# what the network sees.
#
# 승객은 12년 동안 두 배가 넘게 늘어난다. 로그값의 월별 변화는 일정한 범위에 머무르므로, 이것을 신경망에 보여 준다.

# %%
months, passengers = load_air_passengers()
changes = np.diff(np.log(passengers))
changes = ((changes - changes.mean()) / changes.std()).astype("float32")
x, y = keras.utils.sliding_windows(changes, 12)
print(x.shape, y.shape)

# %%
keras.utils.set_random_seed(2)
model = keras.Sequential([keras.Input((None, 1)), keras.layers.LSTM(UNITS), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.01), "mse")
history = model.fit(x[:-24], y[:-24], epochs=EPOCHS, batch_size=16, verbose=0)
study.plot_history(history)
plt.show()

# %% [markdown]
# ## Every gate, every month / 모든 게이트, 모든 달
#
# Yellow is open, blue is shut. Look for stripes that come back after twelve months.
#
# 노란색은 열림, 파란색은 닫힘이다. 열두 달마다 되풀이되는 줄무늬를 찾아보라.

# %%
series = changes[None, -48:, None]
trace = model.trace(series)
study.plot_gates(trace, series)
plt.show()

# %% [markdown]
# ## Memory / 기억
#
# The cell states that move most: some keep a year, some a month.
#
# 가장 많이 움직이는 셀 상태들. 한 해를 기억하는 것도, 한 달을 기억하는 것도 있다.

# %%
study.plot_cell_state(trace)
plt.show()

# %%
study.plot_saturation(trace)
plt.show()

# %% [markdown]
# ## How long does a unit remember? / 유닛은 얼마나 오래 기억하나?
#
# While nothing is written, $c$ is multiplied by $f$ at each step. The mean of $\log f$ over all months gives the number
# of steps after which half of it is left.
#
# 아무것도 쓰지 않으면 $c$는 스텝마다 $f$배가 된다. 모든 달의 $\log f$ 평균으로 절반이 남는 스텝 수를 구한다.

# %%
half_life = np.log(0.5) / np.log(trace.only.f[0]).mean(axis=0)
for unit in np.argsort(-half_life)[:5]:
    print(f"unit {unit:2}: half is left after {half_life[unit]:.1f} months / {half_life[unit]:.1f}개월 뒤 절반")
assert (half_life > 0).all()

# %% [markdown]
# ## Your turn / 직접 해 보기
#
# 1. Give the model random numbers in place of `series`. Do the stripes remain?
# 2. `GRU` in the place of `LSTM`: which gate plays the part of $f$? (`trace.only.z`)
#
# 1. `series` 대신 난수를 넣어 보라. 줄무늬가 남는가?
# 2. `LSTM` 대신 `GRU`를 써 보라. 어느 게이트가 $f$의 역할을 하는가? (`trace.only.z`)
