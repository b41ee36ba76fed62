# Keras 1: input_dim and output_dim, layers by keyword, initializers and inner activations by their first names
# ruff: noqa
import keras
import numpy as np
from keras.layers.core import *
from keras.layers.recurrent import *
from keras.models import Sequential

data = np.sin(np.linspace(0, 20, 120))
rows = np.array([data[i : i + 11] for i in range(100)])
X, y = rows[:, :-1, None], rows[:, -1]

model = Sequential()
model.add(
    LSTM(input_dim=1, input_length=10, output_dim=8, init="uniform", inner_init="orthogonal",
         inner_activation="hard_sigmoid", consume_less="gpu", return_sequences=True)
)  # fmt: skip
model.add(Dropout(0.2))
model.add(GRU(output_dim=6, activation="relu"))
model.add(Dense(output_dim=1, init="normal", bias=True))
model.add(Activation("linear"))
model.compile(loss="mse", optimizer=keras.optimizers.SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True))
hist = model.fit(X, y, batch_size=25, nb_epoch=4, validation_split=0.05, verbose=0)

assert model.layers[0].recurrent_activation == "hard_sigmoid" and model.input_shape == (None, 10, 1)
assert hist.history["loss"][-1] < hist.history["loss"][0] and len(hist.history["val_loss"]) == 4
WARNS = [
    "minirnn.layers.core", "minirnn.layers.recurrent", "input_length=", "output_dim=", "init=", "inner_init=",
    "inner_activation=", "consume_less=", "bias=", "lr=", "decay=", "nb_epoch=",
]  # fmt: skip
