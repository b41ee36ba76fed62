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
# # 1. Gates by hand / 손으로 계산하는 게이트
#
# One step of an LSTM, three times: with your own numbers, by the gate function that trains, and by a layer.
#
# LSTM의 한 스텝을 세 번 계산한다: 직접 고른 숫자로, 실제로 학습하는 게이트 함수로, 그리고 층으로.

# %%
import numpy as np

import minirnn as keras
from minirnn.gates import lstm

# %% [markdown]
# ## One unit, one feature / 유닛 하나, 특성 하나
#
# Each gate sees the input $x$ and the last output $h$ through weights of its own: $a = x W + h_{prev} U + b$.
# Change a number and run the cells below again.
#
# 게이트마다 입력 $x$와 직전 출력 $h$를 자기 가중치로 본다: $a = x W + h_{prev} U + b$. 숫자를 바꾸고 아래 셀을 다시
# 실행해 보라.

# %%
x, h_prev, c_prev = 1.0, 0.5, -0.2
weights = {"i": (0.9, 0.4, 0.0), "f": (-0.3, 0.2, 1.0), "g": (0.7, -0.6, 0.1), "o": (0.5, 0.8, 0.0)}  # W, U, b

a = {gate: x * W + h_prev * U + b for gate, (W, U, b) in weights.items()}
print({gate: round(value, 4) for gate, value in a.items()})

# %% [markdown]
# Gates are numbers between 0 (shut) and 1 (open); the candidate $g$ lies between −1 and 1.
#
# 게이트는 0(닫힘)과 1(열림) 사이, 후보 $g$는 −1과 1 사이의 값이다.

# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


i, f, g, o = sigmoid(a["i"]), sigmoid(a["f"]), np.tanh(a["g"]), sigmoid(a["o"])
c = f * c_prev + i * g  # keep a part of the old, add a part of the new / 옛것을 남기고 새것을 더한다
h = o * np.tanh(c)  # show a part of it / 일부를 보여 준다
print(f"i {i:.4f}   f {f:.4f}   g {g:.4f}   o {o:.4f}   c {c:.4f}   h {h:.4f}")

# %% [markdown]
# ## The function that trains / 학습하는 함수
#
# `minirnn.gates.lstm.step` holds the same lines; the kernels compile this very function.
#
# `minirnn.gates.lstm.step`에 같은 줄이 들어 있다. 커널은 바로 이 함수를 컴파일한다.

# %%
found = lstm.step(a["i"], a["f"], a["g"], a["o"], c_prev)
print([round(float(value), 4) for value in found])
assert np.allclose(found, (h, c, i, f, g, o), rtol=0, atol=1e-15)

# %% [markdown]
# ## The layer / 층
#
# A layer keeps the four gates side by side, in the order i, f, g, o. `trace` shows every quantity of every step.
#
# 층은 네 게이트를 i, f, g, o 순서로 나란히 보관한다. `trace`는 모든 스텝의 모든 값을 보여 준다.

# %%
layer = keras.layers.LSTM(1, dtype="float64")
layer.build((None, None, 1))
W, U, b = (np.array([weights[gate][k] for gate in "ifgo"]) for k in range(3))
layer.set_weights([W[None], U[None], b])

states = [np.array([[h_prev]]), np.array([[c_prev]])]
trace = layer.trace(np.array([[[x]]]), initial_state=states)
for name in ("i", "f", "g", "o", "c", "h"):
    print(name, float(trace[name][0, 0, 0]))
assert np.allclose(trace.h, h, rtol=0, atol=1e-14)

# %% [markdown]
# ## Backwards / 거꾸로
#
# The loss asks 1 of $h$. Which number should move, and how far? Compare with a small change of each.
#
# 손실이 $h$에 1을 요구한다. 어떤 값을 얼마나 움직여야 할까? 값을 조금씩 바꾸어 비교한다.

# %%
gradients = lstm.step_backward(1.0, 0.0, *a.values(), i, f, g, o, c_prev, c)
step = 1e-6
for k, name in enumerate(["a_i", "a_f", "a_g", "a_o", "c_prev"]):
    ahead, behind = ([*a.values(), c_prev] for _ in range(2))
    ahead[k] += step
    behind[k] -= step
    slope = (lstm.step(*ahead)[0] - lstm.step(*behind)[0]) / (2 * step)
    print(f"d{name:7} {float(gradients[k]):9.6f}   by a small change / 수치 미분 {float(slope):9.6f}")
    assert abs(gradients[k] - slope) < 1e-8

# %% [markdown]
# ## Your turn / 직접 해 보기
#
# 1. Make the forget gate forget everything. Which number do you change, and what becomes of `c`?
# 2. Make the unit keep `c_prev` as it is, whatever `x` says.
#
# 1. 망각 게이트가 모두 잊게 하라. 어떤 숫자를 바꾸며, `c`는 어떻게 되는가?
# 2. `x`가 무엇이든 `c_prev`가 그대로 남게 하라.
