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
# # 3. Vanishing gradients / 사라지는 기울기
#
# How far back can a cell learn? Ask the backward pass itself.
#
# 셀은 얼마나 먼 과거까지 배울 수 있을까? 역전파에 직접 물어보자.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minirnn as keras
from minirnn import study

# Sizes: smaller is faster. / 크기: 작을수록 빠르다.
STEPS = 100
UNITS = 32
EPOCHS = 60

# %% [markdown]
# ## New cells / 새로 만든 셀
#
# A gradient of 1 at the last step, and what is left of it so many steps back. The scale is logarithmic: a straight line
# down is a factor below 1 at every step.
#
# 마지막 스텝에서 크기가 1인 기울기가 거슬러 올라가며 얼마나 남는지 본다. 세로축은 로그이므로, 내려가는 직선은 스텝마다
# 1보다 작은 수가 곱해진다는 뜻이다.

# %%
x = np.random.default_rng(0).normal(size=(16, STEPS, 4))
found = study.gradients_of_cells(x, units=UNITS, recurrent_initializer="glorot_uniform")
study.plot_gradient_flow(found)
plt.show()

# %%
for name, gradients in found.items():
    norm = gradients.norm("dh")[::-1]
    factor = (norm[-1] / norm[0]) ** (1 / (STEPS - 1))
    print(f"{name:10} on average times {factor:.3f} a step / 스텝마다 평균 {factor:.3f}배")
    assert factor < 1

# %% [markdown]
# ## A gate is a handle / 게이트는 손잡이다
#
# Open the forget gates by their bias, and the gradient stays. A SimpleRNN has nothing to turn.
#
# 편향으로 망각 게이트를 열면 기울기가 남는다. SimpleRNN에는 돌릴 손잡이가 없다.

# %%
keras.utils.set_random_seed(0)
opened = keras.layers.LSTM(UNITS, dtype="float64")
opened.build(x.shape)
kernel, recurrent, bias = opened.get_weights()
bias[UNITS : 2 * UNITS] = 5.0  # the columns of f: sigmoid(5) = 0.993 / f의 열
opened.set_weights([kernel, recurrent, bias])
found["LSTM, f open"] = opened.trace(x).backward(np.ones((16, UNITS)))
study.plot_gradient_flow(found)
plt.show()

# %% [markdown]
# ## Does it matter? / 그래서 무엇이 달라지나?
#
# A task that needs a memory: say at the end which sign the *first* of forty numbers had. All later ones are noise, and
# half of all guesses are right.
#
# 기억이 필요한 과제: 숫자 마흔 개 가운데 *첫* 숫자의 부호를 마지막에 맞혀라. 나머지는 모두 잡음이고, 찍으면 절반은
# 맞는다.

# %%
rng = np.random.default_rng(3)
questions = rng.normal(size=(512, 40, 1)).astype("float32")
answers = (questions[:, 0, 0] > 0).astype("float32")


def accuracy(layer, seed, opened=None):
    """The share of right answers to questions never seen; `opened` is which gate's bias starts at 4."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((40, 1)), layer, keras.layers.Dense(1, activation="sigmoid")])
    if opened is not None:
        *weights, bias = layer.get_weights()
        rows = bias.size // bias.shape[-1]  # a GRU's bias has two, which add up / GRU의 편향은 두 줄이고 서로 더해진다
        bias[..., opened * layer.units : (opened + 1) * layer.units] = 4.0 / rows
        layer.set_weights([*weights, bias])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(questions[:384], answers[:384], epochs=EPOCHS, batch_size=32, verbose=0)
    return model.evaluate(questions[384:], answers[384:], verbose=0)[1]


SimpleRNN, LSTM, GRU = keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU
for name, cell, opened in (
    ("SimpleRNN", SimpleRNN, None), ("LSTM", LSTM, None), ("GRU", GRU, None), ("LSTM, f open", LSTM, 1),
    ("GRU, z open", GRU, 0),
):  # fmt: skip
    right = [accuracy(cell(16), seed, opened) for seed in (3, 4, 5)]
    print(f"{name:13}", "  ".join(f"{share:4.0%}" for share in right))

# %% [markdown]
# Each row has three seeds. As they are made, a cell learns the task by luck or not at all; with its gates open it
# learns it every time. The gradient has to reach the first number before anything can be learnt of it.
#
# 한 줄에 시드 세 개의 결과가 있다. 만든 그대로의 셀은 운이 좋아야 배우지만, 게이트를 열어 두면 매번 배운다. 기울기가 첫
# 숫자까지 닿아야 그 숫자에 대해 무엇이든 배울 수 있다.

# %% [markdown]
# ## Your turn / 직접 해 보기
#
# 1. Without `recurrent_initializer` the matrix U is orthogonal. Which line changes most, and why?
# 2. Make the questions 100 steps long. Which cell still learns, and how far must its gates be open?
#
# 1. `recurrent_initializer`를 빼면 U는 직교행렬이 된다. 어느 선이 가장 많이 달라지며, 이유는 무엇인가?
# 2. 문제를 100 스텝으로 늘려 보라. 어느 셀이 여전히 배우며, 게이트를 얼마나 열어 두어야 하는가?
