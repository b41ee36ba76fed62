# Keras 1: a convolution and pooling before an LSTM
# ruff: noqa
import numpy as np
from keras.layers.convolutional import Convolution1D, MaxPooling1D
from keras.layers.core import Dense
from keras.layers.normalization import BatchNormalization
from keras.layers.recurrent import LSTM
from keras.models import Sequential

model = Sequential()
model.add(Convolution1D(nb_filter=4, filter_length=3, border_mode="same", subsample_length=1, input_shape=(8, 2)))
model.add(BatchNormalization(beta_init="zero", gamma_init="one"))
model.add(MaxPooling1D(pool_length=2, stride=2, border_mode="valid"))
model.add(LSTM(3))
model.add(Dense(1))
model.compile("rmsprop", "mse")
x = np.random.RandomState(5).uniform(size=(20, 8, 2))
hist = model.fit(x, x[:, 0, 0], nb_epoch=5, verbose=0)

assert model.layers[2].output_shape == (None, 4, 4)
assert hist.history["loss"][-1] < hist.history["loss"][0]
WARNS = [
    "minirnn.layers.convolutional", "minirnn.layers.core", "minirnn.layers.normalization", "minirnn.layers.recurrent",
    "nb_filter=", "filter_length=", "border_mode=", "subsample_length=", "beta_init=", "gamma_init=", "pool_length=",
    "stride=", "nb_epoch=",
]
