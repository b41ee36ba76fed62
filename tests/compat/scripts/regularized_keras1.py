# Keras 1: regularizers and constraints under their first names
# ruff: noqa
import numpy as np
from keras.constraints import maxnorm, nonneg
from keras.layers import LSTM, Dense
from keras.models import Sequential
from keras.regularizers import activity_l2, l1l2, l2

x = np.random.RandomState(2).uniform(size=(30, 4, 2))
model = Sequential()
model.add(
    LSTM(6, input_shape=(4, 2), W_regularizer=l2(0.01), U_regularizer=l1l2(l1=0.01, l2=0.01), b_regularizer="l2",
         activity_regularizer=activity_l2(0.01), U_constraint=maxnorm(1))
)  # fmt: skip
model.add(Dense(1, W_constraint=nonneg(), b_constraint="non_neg"))
model.compile(loss="mse", optimizer="sgd")
hist = model.fit(x, x.mean(axis=(1, 2)), nb_epoch=3, batch_size=10, verbose=0)

kernel, recurrent, bias = model.layers[0].get_weights()
assert hist.history["loss"][-1] < hist.history["loss"][0] and len(model.losses) == 4
assert np.linalg.norm(recurrent, axis=0).max() <= 1 and model.layers[1].get_weights()[0].min() >= 0
WARNS = [
    "minirnn.constraints.maxnorm", "minirnn.constraints.nonneg", "minirnn.regularizers.activity_l2",
    "minirnn.regularizers.l1l2", "W_regularizer=", "U_regularizer=", "b_regularizer=", "W_constraint=", "U_constraint=",
    "b_constraint=", "nb_epoch=",
]  # fmt: skip
