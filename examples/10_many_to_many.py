"""10. Ensemble, many to many: two series in, two answers out; 3,058 parameters.

10. 앙상블 (다:다): 시계열 두 개로 두 가지를 예측한다. 파라미터 3,058개.
"""

import numpy as np

from minirnn.layers import LSTM, Dense, Input, concatenate
from minirnn.models import Model
from minirnn.utils import set_random_seed

set_random_seed(10)

# Rows of x1 and x2 belong together, and so do the three columns of each target. / 같은 행끼리 짝이다.
x1 = np.array([[i, i + 1, i + 2] for i in range(1, 14)], dtype="float32")[..., None] / 10
x2 = np.array([[i + 10, i + 11, i + 12] for i in range(1, 14)], dtype="float32")[..., None] / 10
y1 = np.array([[i + 3, i + 4, i + 5] for i in range(1, 14)], dtype="float32") / 10
y2 = np.array([[i + 13, i + 14, i + 15] for i in range(1, 14)], dtype="float32") / 10

# Model 1 / 모델 1
input1 = Input(shape=(3, 1))
dense1 = LSTM(8, activation="relu")(input1)
dense1 = Dense(4)(dense1)
dense1 = Dense(6)(dense1)
output1 = Dense(2)(dense1)

# Model 2 / 모델 2
input2 = Input(shape=(3, 1))
dense2 = LSTM(8, activation="relu")(input2)
dense2 = Dense(6)(dense2)
output2 = Dense(4)(dense2)

# Both together / 합치기
merge1 = concatenate([output1, output2])
middle1 = Dense(4)(merge1)
middle1 = Dense(10)(middle1)
middle1 = Dense(4)(middle1)

# And apart again: two heads / 다시 나누기: 출력 두 개
head1 = Dense(16)(middle1)
head1 = Dense(32)(head1)
head1 = Dense(3)(head1)

head2 = Dense(64)(middle1)
head2 = Dense(16)(head2)
head2 = Dense(3)(head2)

model = Model(inputs=[input1, input2], outputs=[head1, head2])
model.summary()

# One loss for both, a metric for each: evaluate gives 2n + 1 = 5 numbers. / 손실은 공통, 지표는 각각: 값은 2n+1 = 5개.
model.compile(optimizer="adam", loss="mse", metrics=[["mse"], ["mse"]])
history = model.fit([x1, x2], [y1, y2], epochs=100, batch_size=4, verbose=0)

results = model.evaluate([x1, x2], [y1, y2], batch_size=4, verbose=0)
print(len(results), "numbers:", [round(float(value), 4) for value in results])

y_pred = model.predict([x1, x2], verbose=0)
print([part.shape for part in y_pred])
