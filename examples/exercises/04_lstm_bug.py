"""4. Find the mistake: one line of this LSTM's backward pass is wrong.

It trains a one-step series perfectly, and learns nothing that lies further back. The check compares each gradient
with the slope that it should be. Mend the line in place.

4. 실수를 찾아라: 이 LSTM 역전파에는 틀린 줄이 하나 있다.

한 스텝짜리 시계열은 완벽하게 학습하지만, 더 먼 과거는 전혀 배우지 못한다. 채점은 각 기울기를 수치 미분과 비교한다. 그
줄을 제자리에서 고쳐라.
"""

import numpy as np
from checking import run, same, slope

from minirnn.gates import lstm
from minirnn.gates.activations import d_sigmoid, d_tanh
from minirnn.gates.elementary import tanh


def step_backward(
    dh, dc, a_i, a_f, a_g, a_o, i, f, g, o, c_prev, c,
    activation=tanh, d_activation=d_tanh, d_recurrent_activation=d_sigmoid,
):  # fmt: skip
    y = activation(c)
    do = dh * y                                     # h = o * activation(c)
    dc = dh * o * d_activation(y, c)                # h = o * activation(c)
    df = dc * c_prev                                # c = f * c_prev + i * g
    dc_prev = dc * f                                # c = f * c_prev + i * g
    di = dc * g                                     # c = f * c_prev + i * g
    dg = dc * i                                     # c = f * c_prev + i * g
    da_o = do * d_recurrent_activation(o, a_o)      # o = recurrent_activation(a_o)
    da_g = dg * d_activation(g, a_g)                # g = activation(a_g)
    da_f = df * d_recurrent_activation(f, a_f)      # f = recurrent_activation(a_f)
    da_i = di * d_recurrent_activation(i, a_i)      # i = recurrent_activation(a_i)
    return da_i, da_f, da_g, da_o, dc_prev


def check() -> None:
    random = np.random.default_rng(4)
    x, (dh, dc) = random.normal(0, 1, (5, 6)), random.normal(0, 1, (2, 6))

    def asked(x):
        h, c, *_ = lstm.step(*x)
        return np.sum(h * dh + c * dc)

    h, c, i, f, g, o = lstm.step(*x)
    last_step = step_backward(dh, 0.0, *x[:4], i, f, g, o, x[4], c)
    wanted = lstm.step_backward(dh, 0.0, *x[:4], i, f, g, o, x[4], c)
    names = ("da_i", "da_f", "da_g", "da_o", "dc_prev")
    for name, ours, true in zip(names, last_step, wanted, strict=True):
        same(f"{name} of the last step", ours, true, "this was right before: look elsewhere / 여기는 원래 맞았다")
    found = step_backward(dh, dc, *x[:4], i, f, g, o, x[4], c)
    hint = "what do later steps ask of c? / 이후 스텝은 c에 무엇을 요구하는가?"
    for name, ours, true in zip(names, found, slope(asked, x), strict=True):
        same(name, ours, true, hint, 1e-7)


if __name__ == "__main__":
    run(check)
