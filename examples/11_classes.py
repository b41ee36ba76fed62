"""11. Classes instead of numbers: which way does the series go?

11. 분류: 시계열이 어느 쪽으로 가는가?
"""

import numpy as np

from minirnn.layers import GRU, Dense, Input
from minirnn.models import Sequential
from minirnn.utils import set_random_seed, to_categorical

set_random_seed(11)

rng = np.random.default_rng(11)
slopes = rng.integers(-1, 2, 300)  # down, level, up / 하강, 유지, 상승
x = (slopes[:, None] * np.arange(8) / 8 + rng.normal(0, 0.2, (300, 8))).astype("float32")[..., None]
y = to_categorical(slopes + 1)  # (300, 3), one-hot / 원-핫 인코딩

model = Sequential([Input((8, 1)), GRU(12), Dense(3, activation="softmax")])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["acc"])
history = model.fit(x, y, epochs=20, batch_size=32, validation_split=0.2, verbose=0)

# The key in the history is spelled as the metric was. / 기록의 이름은 지정한 철자를 따른다.
print("keys:", list(history.history))
loss, accuracy = model.evaluate(x, y, verbose=0)
y_pred = model.predict(x, verbose=0).argmax(axis=1)
print(f"accuracy {accuracy:.3f}, of it by hand {np.mean(y_pred == slopes + 1):.3f}")
