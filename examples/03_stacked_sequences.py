"""3. return_sequences: an LSTM that hands every step on to the next LSTM.

3. return_sequences: 모든 시점의 출력을 다음 LSTM에 넘겨준다.
"""

import numpy as np

from minirnn.layers import LSTM, Dense, Input
from minirnn.models import Sequential
from minirnn.utils import set_random_seed

set_random_seed(3)

x = np.array([[i, i + 1, i + 2] for i in range(1, 11)] + [[20, 30, 40], [30, 40, 50], [40, 50, 60]], dtype="float32")
y = np.array([*range(4, 14), 50, 60, 70], dtype="float32")
x = x[..., None]  # (13, 3, 1)

model = Sequential(
    [
        Input((3, 1)),
        LSTM(10, activation="relu", return_sequences=True),  # (None, 3, 10): one output a step / 시점마다 출력
        LSTM(10, activation="relu"),  # (None, 10): the last step only / 마지막 시점만
        Dense(5, activation="relu"),
        Dense(1),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
history = model.fit(x, y, epochs=300, batch_size=1, verbose=0)

y_pred = model.predict(np.array([50, 60, 70], dtype="float32").reshape(1, 3, 1), verbose=0)
print(f"mae: {history.history['mae'][-1]:.3f};  50, 60, 70 -> {y_pred[0, 0]:.1f}")
