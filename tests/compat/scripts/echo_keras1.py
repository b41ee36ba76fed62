# Keras 1: a sequence out for a sequence in, with RepeatVector and TimeDistributedDense
# ruff: noqa
import numpy as np
from keras.layers import LSTM, RepeatVector, SimpleRNN, TimeDistributedDense
from keras.models import Sequential
from keras.objectives import mean_squared_error

x = np.random.RandomState(2).uniform(size=(30, 4, 2))
model = Sequential()
model.add(LSTM(6, input_dim=2, input_length=4, dropout_W=0.0, dropout_U=0.0))
model.add(RepeatVector(4))
model.add(SimpleRNN(6, return_sequences=True, W_regularizer=None))
model.add(TimeDistributedDense(2))
model.compile(loss=mean_squared_error, optimizer="adagrad")
hist = model.fit(x, x, nb_epoch=3, batch_size=10, verbose=0)

assert model.predict(x).shape == x.shape and hist.history["loss"][-1] < hist.history["loss"][0]
WARNS = [
    "minirnn.layers.TimeDistributedDense", "minirnn.objectives", "input_length=", "dropout_W=", "dropout_U=",
    "W_regularizer=", "nb_epoch=",
]  # fmt: skip
