"""13. Attention: an encoder reads a series, a decoder looks back at it and writes it in reverse.

13. 어텐션: 인코더가 읽은 시계열을 디코더가 되돌아보며 거꾸로 쓴다.
"""

import numpy as np

from minirnn.layers import GRU, LSTM, Attention, Concatenate, Dense, Input, RepeatVector
from minirnn.models import Model
from minirnn.utils import set_random_seed

set_random_seed(13)

# What is to be written is what was read, last number first. / 읽은 순서를 뒤집은 것이 정답이다.
rng = np.random.default_rng(13)
x = rng.uniform(-1, 1, (200, 5, 1)).astype("float32")
y = x[:, ::-1].copy()

# The encoder keeps a state for each step. / 인코더는 단계마다 상태를 남긴다.
series = Input(shape=(5, 1))
states, last, _ = LSTM(16, return_sequences=True, return_state=True)(series)

# The decoder begins with the last state; at each step it asks all states.
# 디코더는 마지막 상태에서 시작하고, 단계마다 모든 상태에 묻는다.
asked = GRU(16, return_sequences=True)(RepeatVector(5)(last))
context, scores = Attention()([asked, states], return_attention_scores=True)
output = Dense(1)(Concatenate()([asked, context]))

model = Model(inputs=series, outputs=output)
model.summary()

model.compile(optimizer="adam", loss="mse")
history = model.fit(x, y, epochs=60, batch_size=10, verbose=0)
results = model.evaluate(x, y, verbose=0)
y_pred = model.predict(x[:1], verbose=0)
print("mean squared error:", round(float(results), 4))
print("read", x[0, :, 0].round(2), "wrote", y_pred[0, :, 0].round(2))

# Where it looked: a row for each step that is written, a column for each that was read; rows add up to 1.
# 어디를 보았는가: 행은 쓰는 단계, 열은 읽은 단계. 각 행의 합은 1이다.
look = Model(inputs=series, outputs=scores)
print("attention", look.predict(x[:1], verbose=0)[0].round(2), sep="\n")
