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
# # 4. The same as Keras / Keras와 같은가
#
# The same weights in both libraries, and then numbers against numbers. Needs Keras: `pip install keras tensorflow`.
#
# 같은 가중치를 두 라이브러리에 넣고 숫자와 숫자를 비교한다. Keras가 필요하다: `pip install keras tensorflow`.

# %%
import keras as theirs
import numpy as np

import minirnn as ours

# Sizes: smaller is faster. / 크기: 작을수록 빠르다.
UNITS = 8
EPOCHS = 20

# %% [markdown]
# ## One layer / 층 하나
#
# Random weights that differ for every gate: with constant ones, swapped gates would go unnoticed. In float64, so that
# an error of rounding cannot hide a mistake.
#
# 게이트마다 서로 다른 난수 가중치를 쓴다. 모두 같은 값이면 게이트가 뒤바뀌어도 알 수 없다. 반올림 오차가 실수를 가리지
# 못하도록 float64로 계산한다.

# %%
rng = np.random.default_rng(4)
x = rng.normal(size=(4, 10, 3))
for cell in ("SimpleRNN", "LSTM", "GRU"):
    layers = [getattr(library.layers, cell)(UNITS, dtype="float64") for library in (ours, theirs)]
    for layer in layers:
        layer.build(x.shape)
    assert layers[0].count_params() == layers[1].count_params()
    weights = [rng.normal(scale=0.5, size=w.shape) for w in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    difference = np.abs(layers[0](x) - np.asarray(layers[1](x))).max()
    print(f"{cell:10} {layers[0].count_params():4} parameters, largest difference / 최대 차이 {difference:.1e}")
    assert difference < 1e-12

# %% [markdown]
# ## A whole training run / 학습 전체
#
# Forward, backward, Adam, epoch after epoch, from the same start and in the same order of rows. An error anywhere would
# grow.
#
# 순전파, 역전파, Adam을 여러 에포크 반복한다. 시작 가중치와 행의 순서가 같으므로, 어디든 틀리면 차이가 커진다.

# %%
x = rng.normal(size=(32, 10, 3)).astype("float32")
y = x[:, :, 0].sum(axis=1)


def model_of(library):
    model = library.Sequential([library.Input((10, 3)), library.layers.LSTM(UNITS), library.layers.Dense(1)])
    model.compile(library.optimizers.Adam(0.01), "mse")
    return model


models = [model_of(library) for library in (ours, theirs)]
models[1].set_weights(models[0].get_weights())
losses = [m.fit(x, y, epochs=EPOCHS, batch_size=16, shuffle=False, verbose=0).history["loss"] for m in models]
for epoch in range(0, EPOCHS, max(1, EPOCHS // 5)):
    print(f"epoch {epoch + 1:2}   minirnn {losses[0][epoch]:.6f}   Keras {losses[1][epoch]:.6f}")
largest = np.max(np.abs(np.array(losses[0]) / np.array(losses[1]) - 1))
print(f"largest relative difference / 최대 상대 차이: {largest:.1e}")
assert largest < 1e-4

# %% [markdown]
# ## Your turn / 직접 해 보기
#
# 1. Exchange the columns of i and f in one library's weights. Which comparison notices?
# 2. The same with all weights at 0.1. And now?
#
# 1. 한쪽 가중치에서 i와 f의 열을 맞바꿔 보라. 어느 비교가 알아차리는가?
# 2. 모든 가중치를 0.1로 하고 다시 해 보라. 이번에는?
