"""7. The functional API: the same model, drawn as a graph.

7. 함수형 모델: 같은 모델을 그래프로 그린다.
"""

import numpy as np

from minirnn.layers import LSTM, Dense, Input
from minirnn.models import Model, Sequential
from minirnn.utils import set_random_seed

set_random_seed(7)

chain = Sequential([Input((3, 1)), LSTM(8), Dense(4, activation="relu"), Dense(1)])

# Every call of a layer on a symbolic tensor is an edge of the graph. / 층을 호출할 때마다 그래프의 선이 하나 생긴다.
input1 = Input(shape=(3, 1))
lstm = LSTM(8)(input1)
dense = Dense(4, activation="relu")(lstm)
output = Dense(1)(dense)
model = Model(inputs=input1, outputs=output)
model.summary()

# With the same weights both give the same numbers. / 가중치가 같으면 결과도 같다.
model.set_weights(chain.get_weights())
x = np.arange(12, dtype="float32").reshape(4, 3, 1) / 10
y = np.array([[0.3], [0.6], [0.9], [1.2]], dtype="float32")
difference = np.abs(model.predict(x, verbose=0) - chain.predict(x, verbose=0)).max()
print("largest difference:", difference)

model.compile(optimizer="adam", loss="mse")
history = model.fit(x, y, epochs=50, verbose=0)
y_pred = model.predict(x, verbose=0)

# A model of the inner tensors shows what the LSTM says. / 중간 텐서로 만든 모델은 LSTM의 출력을 보여 준다.
inner = Model(model.input, model.layers[1].output)
print("h of the LSTM:", inner.predict(x, verbose=0).shape)
