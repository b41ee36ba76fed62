# Keras 2.2: TimeseriesGenerator, fit_generator with a generator to validate on, the other *_generator methods
# ruff: noqa
import numpy as np
from keras.layers import GRU, Dense
from keras.models import Sequential
from keras.optimizers import Adam
from keras.preprocessing.sequence import TimeseriesGenerator

float_data = np.stack([np.sin(np.arange(300) / 8.0), np.cos(np.arange(300) / 5.0)], axis=1)
lookback, batch_size = 12, 16
train_gen = TimeseriesGenerator(
    float_data, float_data[:, 0], length=lookback, sampling_rate=2, end_index=199, shuffle=True, batch_size=batch_size
)


def generator(data, lookback, min_index, max_index, batch_size=16, step=2):
    i = min_index + lookback
    while 1:
        if i + batch_size >= max_index:
            i = min_index + lookback
        rows = np.arange(i, min(i + batch_size, max_index))
        i += len(rows)
        samples = np.array([data[row - lookback : row : step] for row in rows])
        yield samples, data[rows, 0]


val_gen = generator(float_data, lookback, 200, 299)
val_steps = (299 - 200 - lookback) // batch_size
model = Sequential()
model.add(GRU(8, input_shape=(None, float_data.shape[-1])))
model.add(Dense(1))
model.compile(optimizer=Adam(lr=0.01, beta_1=0.9, beta_2=0.999, epsilon=None, decay=0.0), loss="mae")
history = model.fit_generator(
    train_gen, steps_per_epoch=len(train_gen), epochs=4, validation_data=val_gen, validation_steps=val_steps,
    workers=1, use_multiprocessing=False, max_queue_size=10, verbose=0,
)  # fmt: skip
test_gen = TimeseriesGenerator(float_data, float_data[:, 0], length=lookback, sampling_rate=2, batch_size=batch_size)

assert history.history["val_loss"][-1] < history.history["val_loss"][0]
assert model.predict_generator(test_gen, steps=len(test_gen)).shape == (288, 1)
assert np.isfinite(model.evaluate_generator(test_gen))
WARNS = [
    "lr=", "epsilon=None", "decay=", "model.fit_generator(generator)", "workers=", "use_multiprocessing=",
    "max_queue_size=", "model.predict_generator(generator)", "model.evaluate_generator(generator)",
]  # fmt: skip
