# Keras 2.0: a stateful network, fed by hand, states reset between epochs
# ruff: noqa
import numpy as np
from keras.layers import LSTM, Dense
from keras.models import Sequential

batch_size, time_steps = 4, 1
wave = np.sin(np.arange(200) / 10.0).reshape(-1, 1, 1)
x, y = wave[:-4], wave[4:, 0]

model = Sequential()
model.add(
    LSTM(8, input_shape=(time_steps, 1), batch_size=batch_size, return_sequences=True, stateful=True)
)
model.add(LSTM(8, batch_input_shape=(batch_size, time_steps, 8), return_sequences=False, stateful=True))
model.add(Dense(1))
model.compile(loss="mse", optimizer="rmsprop")
losses = []
for i in range(4):
    history = model.fit(x, y, batch_size=batch_size, epochs=1, shuffle=False, verbose=0)
    losses.append(history.history["loss"][0])
    model.reset_states()

first = model.predict(x[:4], batch_size=batch_size)
again = model.predict(x[:4], batch_size=batch_size)
model.reset_states()
assert losses[-1] < losses[0]
assert not np.array_equal(first, again)
assert np.array_equal(first, model.predict(x[:4], batch_size=batch_size))
WARNS = ["batch_input_shape="]
