"""8. Ensemble, many to one: two series in, one number out.

8. 앙상블 (다:1): 시계열 두 개로 값 하나를 예측한다.
"""

import numpy as np

from minirnn.layers import LSTM, Dense, Input, concatenate
from minirnn.models import Model
from minirnn.utils import set_random_seed

set_random_seed(8)

x1 = np.array([[i, i + 1, i + 2] for i in range(1, 14)], dtype="float32")[..., None] / 10
x2 = np.array([[10 * i, 10 * i + 10, 10 * i + 20] for i in range(1, 14)], dtype="float32")[..., None] / 100
y = np.array([i + 3 for i in range(1, 14)], dtype="float32") / 10

input1 = Input(shape=(3, 1), name="small")
branch1 = Dense(5, activation="relu")(LSTM(10)(input1))

input2 = Input(shape=(3, 1), name="large")
branch2 = Dense(5, activation="relu")(LSTM(10)(input2))

# The branches meet. / 두 가지가 여기서 만난다.
merged = concatenate([branch1, branch2])
output = Dense(1)(Dense(8, activation="relu")(merged))

model = Model(inputs=[input1, input2], outputs=output)
model.summary()
model.compile(optimizer="adam", loss="mse")
history = model.fit([x1, x2], y, epochs=100, batch_size=4, verbose=0)

print("evaluate:", model.evaluate([x1, x2], y, verbose=0))
# Inputs by their names work, too. / 입력을 이름으로 줄 수도 있다.
y_pred = model.predict({"small": x1[:2], "large": x2[:2]}, verbose=0)
print("wanted", y[:2], "got", y_pred[:, 0])
