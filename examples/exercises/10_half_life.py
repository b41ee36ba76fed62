"""10. How long does an LSTM remember? Choose the bias of its forget gate.

While nothing is written, c shrinks by the factor f at each step. With small weights f = sigmoid(b_f). Write the bias
after which half of c is left after k steps.

10. LSTM은 얼마나 오래 기억할까? 망각 게이트의 편향을 정하라.

아무것도 쓰지 않는 동안 c는 스텝마다 f배로 줄어든다. 가중치가 작으면 f = sigmoid(b_f)이다. k 스텝 뒤에 c가 절반 남게
하는 편향을 구하라.
"""

import numpy as np
from checking import run, same

import minirnn as keras


def forget_bias(k):
    raise NotImplementedError("b_f with sigmoid(b_f) ** k = 1/2 / sigmoid(b_f) ** k = 1/2인 b_f")


def check() -> None:
    same("forget_bias(1)", forget_bias(1), 0.0, "sigmoid(0) = 1/2")
    f = 0.5 ** (1 / 10)
    hint = "f = 0.5 ** (1 / k), then sigmoid's inverse / 그리고 sigmoid의 역함수"
    same("sigmoid(forget_bias(10))", 1 / (1 + np.exp(-forget_bias(10))), f, hint)
    # In a layer that does nothing but forget. / 잊기만 하는 층으로 확인한다.
    for k in (2, 25, 100):
        layer = keras.layers.LSTM(1, dtype="float64")
        layer.build((None, None, 1))
        kernel, recurrent, bias = (np.zeros(w.shape) for w in layer.get_weights())
        bias[:] = [-800.0, forget_bias(k), 0.0, 0.0]  # the input gate is shut / 입력 게이트는 닫혀 있다
        layer.set_weights([kernel, recurrent, bias])
        c = layer.trace(np.zeros((1, k, 1)), initial_state=[np.zeros((1, 1)), np.ones((1, 1))]).c
        same(f"c after {k} steps", c[0, -1, 0], 0.5)


if __name__ == "__main__":
    run(check)
