"""1. A first LSTM: three numbers in, the next one out.

1. 첫 번째 LSTM: 숫자 세 개로 다음 숫자를 예측한다.
"""

import numpy as np

from minirnn.layers import LSTM, Dense, Input
from minirnn.models import Sequential
from minirnn.utils import set_random_seed

set_random_seed(1)

# Each row of x is a short series, y what follows it. / x의 한 행이 하나의 시계열, y는 그다음 값.
x = np.array([[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6, 7], [6, 7, 8], [7, 8, 9]], dtype="float32")
y = np.array([4, 5, 6, 7, 8, 9, 10], dtype="float32")

# A recurrent layer reads (rows, time, features). / 순환층의 입력은 (행, 시간, 특성) 3차원이다.
x = x.reshape(7, 3, 1)

model = Sequential()
model.add(Input((3, 1)))
model.add(LSTM(10, activation="relu"))
model.add(Dense(5, activation="relu"))
model.add(Dense(1))
model.summary()

model.compile(optimizer="adam", loss="mse")
history = model.fit(x, y, batch_size=1, epochs=200, verbose=0)
print(f"loss: {history.history['loss'][0]:.3f} at first, {history.history['loss'][-1]:.5f} at last")

y_pred = model.predict(np.array([8, 9, 10], dtype="float32").reshape(1, 3, 1), verbose=0)
print(f"8, 9, 10 -> {y_pred[0, 0]:.2f} (11 was wanted / 정답은 11)")
