"""9. Ensemble, one to many: one series in, two answers out.

9. 앙상블 (1:다): 시계열 하나로 두 가지를 예측한다.
"""

import numpy as np

from minirnn.layers import LSTM, Dense, Input
from minirnn.models import Model
from minirnn.utils import set_random_seed

set_random_seed(9)

x = np.array([[i, i + 1, i + 2] for i in range(20)], dtype="float32")[..., None] / 20
y_next = x[:, -1] + 1 / 20  # a number / 다음 값
y_large = (x[:, -1] > 0.5).astype("float32")  # yes or no / 큰 값인가

input1 = Input(shape=(3, 1))
shared = LSTM(12)(input1)
output1 = Dense(1, name="next")(shared)
output2 = Dense(1, activation="sigmoid", name="large")(shared)
model = Model(inputs=input1, outputs=[output1, output2])

# A loss, a weight and a metric for each output, by its name. / 출력마다 손실, 가중치, 평가 지표를 이름으로 정한다.
model.compile(
    optimizer="adam",
    loss={"next": "mse", "large": "binary_crossentropy"},
    loss_weights={"next": 1.0, "large": 0.5},
    metrics={"next": ["mae"], "large": ["accuracy"]},
)
history = model.fit(x, {"next": y_next, "large": y_large}, epochs=300, batch_size=5, verbose=0)

results = model.evaluate(x, {"next": y_next, "large": y_large}, verbose=0, return_dict=True)
for name, value in results.items():
    print(f"{name:16} {value:.4f}")
y_pred = model.predict(x, verbose=0)
