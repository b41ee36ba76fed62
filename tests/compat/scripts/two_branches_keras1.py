# Keras 1: two inputs, joined by merge(mode="concat")
# ruff: noqa
# needs: concatenate
import numpy as np
from keras.layers import LSTM, Dense, Input, merge
from keras.models import Model

a, b = Input(shape=(5, 2)), Input(shape=(3,))
joined = merge([LSTM(4)(a), b], mode="concat", concat_axis=-1)
model = Model(input=[a, b], output=Dense(1)(joined))
model.compile("rmsprop", "mse")
rng = np.random.RandomState(5)
x, z = rng.uniform(size=(20, 5, 2)), rng.uniform(size=(20, 3))
hist = model.fit([x, z], x[:, 0, 0] + z[:, 0], nb_epoch=5, verbose=0)

assert model.layers[-1].input_shape == (None, 7)
assert hist.history["loss"][-1] < hist.history["loss"][0]
WARNS = ["merge(mode='concat')", "input=", "output=", "nb_epoch="]
