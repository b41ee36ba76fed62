"""6. Scaled data and a fair test: scikit-learn beside minirnn.

6. 데이터 스케일링과 공정한 평가: scikit-learn과 함께.
"""

import numpy as np
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from minirnn.layers import LSTM, Dense, Input
from minirnn.models import Sequential
from minirnn.utils import set_random_seed

set_random_seed(6)

x = np.array([[i, i + 1, i + 2] for i in range(100)], dtype="float32")
y = np.array([i + 3 for i in range(100)], dtype="float32")

# train_test_split divides several arrays alike. / 여러 배열을 같은 방식으로 나눈다.
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=6)

# The scaler learns from the training part only. / 스케일러는 훈련 데이터로만 맞춘다.
scaler = MinMaxScaler().fit(x_train)
x_train, x_test = scaler.transform(x_train)[..., None], scaler.transform(x_test)[..., None]

model = Sequential([Input((3, 1)), LSTM(16), Dense(1)])
model.compile(optimizer="adam", loss="mse")
history = model.fit(x_train, y_train / 100, epochs=60, batch_size=8, verbose=0)

y_pred = model.predict(x_test, verbose=0)[:, 0] * 100
print(f"RMSE {np.sqrt(np.mean((y_pred - y_test) ** 2)):.2f}, R2 {r2_score(y_test, y_pred):.4f}")
