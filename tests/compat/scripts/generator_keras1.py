# Keras 1: fit_generator counts samples
# ruff: noqa
import numpy as np
from keras.layers import Dense, SimpleRNN
from keras.models import Sequential

made = []


def batches():
    rng = np.random.RandomState(0)
    while True:
        x = rng.uniform(size=(20, 6, 1))
        made.append(len(x))
        yield x, x.sum(axis=1)


model = Sequential()
model.add(SimpleRNN(5, input_shape=(6, 1)))
model.add(Dense(1))
model.compile("adam", "mse")
history = model.fit_generator(
    batches(), samples_per_epoch=90, nb_epoch=3, validation_data=batches(), nb_val_samples=40, verbose=0
)

assert model.optimizer.iterations == 3 * 5  # ceil(90 / 20) steps an epoch
assert sum(made) == 20 * (3 * 5 + 3 * 2) and len(history.history["val_loss"]) == 3
WARNS = ["model.fit_generator(generator)", "nb_epoch=", "samples_per_epoch=", "nb_val_samples="]
