"""5. Stop in time: validation data and EarlyStopping.

5. 제때 멈추기: 검증 데이터와 EarlyStopping.
"""

import numpy as np

from minirnn.callbacks import EarlyStopping, ReduceLROnPlateau
from minirnn.layers import LSTM, Dense, Input
from minirnn.models import Sequential
from minirnn.utils import set_random_seed

set_random_seed(5)

rng = np.random.default_rng(5)
time = np.arange(240, dtype="float32")
series = np.sin(time / 5) + rng.normal(0, 0.1, 240).astype("float32")
x = np.stack([series[i : i + 12] for i in range(228)])[..., None]
y = series[12:]

model = Sequential([Input((12, 1)), LSTM(16), Dense(1)])
model.compile(optimizer="adam", loss="mse")

# Patience: how many epochs without a better val_loss. / patience: val_loss가 나아지지 않아도 참는 에포크 수.
stop = EarlyStopping(monitor="val_loss", patience=8, restore_best_weights=True, verbose=1)
slower = ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=4)
history = model.fit(x, y, epochs=100, batch_size=16, validation_split=0.2, callbacks=[stop, slower], verbose=0)

print(len(history.history["loss"]), "epochs; keys:", sorted(history.history))
print(f"best val_loss {min(history.history['val_loss']):.4f}; on all rows {model.evaluate(x, y, verbose=0):.4f}")
