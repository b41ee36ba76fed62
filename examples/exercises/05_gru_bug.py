"""5. Find the mistake: one line of this GRU's backward pass is wrong.

This one is harder to notice: training goes on, only worse. The check compares each gradient with the slope that it
should be. Mend the line in place.

5. 실수를 찾아라: 이 GRU 역전파에는 틀린 줄이 하나 있다.

이번 것은 눈에 잘 띄지 않는다. 학습은 되지만 잘 안 될 뿐이다. 채점은 각 기울기를 수치 미분과 비교한다. 그 줄을
제자리에서 고쳐라.
"""

import numpy as np
from checking import run, same, slope

from minirnn.gates import gru
from minirnn.gates.activations import d_sigmoid, d_tanh


def step_backward(dh, a_z, a_r, a_n, z, r, n, q, h_prev, d_activation=d_tanh, d_recurrent_activation=d_sigmoid):
    dz = dh * (h_prev - n)                          # h = z * h_prev + (1 - z) * n
    dn = dh * z                                     # h = z * h_prev + (1 - z) * n
    dh_prev = dh * z                                # h = z * h_prev + (1 - z) * n
    da_n = dn * d_activation(n, a_n)                # n = activation(a_n + r * q)
    dr = da_n * q                                   # n = activation(a_n + r * q)
    dq = da_n * r                                   # n = activation(a_n + r * q)
    da_r = dr * d_recurrent_activation(r, a_r)      # r = recurrent_activation(a_r)
    da_z = dz * d_recurrent_activation(z, a_z)      # z = recurrent_activation(a_z)
    return da_z, da_r, da_n, dq, dh_prev


def check() -> None:
    random = np.random.default_rng(5)
    x, dh = random.normal(0, 1, (5, 6)), random.normal(0, 1, 6)
    h, z, r, n = gru.step(*x)
    found = step_backward(dh, x[0], x[1], x[2] + r * x[3], z, r, n, x[3], x[4])
    wanted = slope(lambda x: np.sum(gru.step(*x)[0] * dh), x)
    hint = "which share of h is n? / h에서 n이 차지하는 몫은?"
    for name, ours, true in zip(("da_z", "da_r", "da_n", "dq", "dh_prev"), found, wanted, strict=True):
        same(name, ours, true, hint, 1e-7)


if __name__ == "__main__":
    run(check)
