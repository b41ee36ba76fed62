"""2. One step of an LSTM, with pen and paper.

One unit, one feature. So that no calculator is needed, the gates use hard_sigmoid(a) = a/6 + 1/2 (between 0 and 1),
and the candidate and the output use relu(a) = max(a, 0):

    x = 2    h_prev = 1    c_prev = 3

            W     U     b
    i      -1     1     1
    f       1    0.5   -1
    g       1     1     1
    o      -1    0.5    0

Each a is x W + h_prev U + b. Write your numbers into FORWARD. Then go back: the loss asks dh = 1 of h, and nothing of
c (dc = 0). Write the gradients into BACKWARD. Fractions may stay fractions: 1 / 6.

2. LSTM 한 스텝을 종이와 연필로.

유닛 하나, 특성 하나. 계산기 없이 풀 수 있도록 게이트는 hard_sigmoid(a) = a/6 + 1/2 (0과 1 사이), 후보와 출력은
relu(a) = max(a, 0)를 쓴다. 각 a는 x W + h_prev U + b이다. 구한 값을 FORWARD에 적어라. 그다음 거꾸로: 손실이 h에
dh=1을 요구하고 c에는 아무것도 요구하지 않을 때(dc = 0), 기울기를 BACKWARD에 적어라. 분수는 1 / 6처럼 그대로 써도 된다.
"""

import numpy as np
from checking import run, same

from minirnn.gates import lstm
from minirnn.gates.activations import d_hard_sigmoid, d_relu, hard_sigmoid, relu

X, H_PREV, C_PREV = 2.0, 1.0, 3.0
W = {"i": -1.0, "f": 1.0, "g": 1.0, "o": -1.0}
U = {"i": 1.0, "f": 0.5, "g": 1.0, "o": 0.5}
B = {"i": 1.0, "f": -1.0, "g": 1.0, "o": 0.0}

FORWARD = {
    "a_i": ..., "a_f": ..., "a_g": ..., "a_o": ...,
    "i": ..., "f": ..., "g": ..., "o": ...,
    "c": ..., "h": ...,
}  # fmt: skip
BACKWARD = {"da_i": ..., "da_f": ..., "da_g": ..., "da_o": ..., "dc_prev": ...}

HINTS = {
    "a_i": "2 * (-1) + 1 * 1 + 1",
    "i": "hard_sigmoid(0) = 1/2",
    "c": "f c_prev + i g",
    "h": "o relu(c)",
    "da_i": "dc = dh o relu'(c), di = dc g, da_i = di / 6",
    "da_g": "dg = dc i, and the slope of relu is 1 / relu의 기울기는 1",
    "da_o": "do = dh relu(c)",
}


def check() -> None:
    a = {f"a_{k}": X * W[k] + H_PREV * U[k] + B[k] for k in "ifgo"}
    h, c, i, f, g, o = lstm.step(*a.values(), C_PREV, relu, hard_sigmoid)
    forward = a | {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}
    for name, wanted in forward.items():
        same(name, FORWARD[name], wanted, HINTS.get(name, ""))
    one, nothing = np.float64(1.0), np.float64(0.0)
    gradients = lstm.step_backward(
        one, nothing, *a.values(), i, f, g, o, C_PREV, c, relu, d_relu, d_hard_sigmoid
    )  # fmt: skip
    for name, wanted in zip(BACKWARD, gradients, strict=True):
        same(name, BACKWARD[name], wanted, HINTS.get(name, ""))


if __name__ == "__main__":
    run(check)
