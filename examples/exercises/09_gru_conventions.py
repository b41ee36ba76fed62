"""9. One GRU written as the other, where that is possible.

reset_after=False:  n = tanh(x W_n + b_n + (r h_prev) U_n)            bias (3 units,)
reset_after=True:   n = tanh(x W_n + b_n + r (h_prev U_n + p_n))      bias (2, 3 units): b, then p

z and r are the same in both but for the second bias. When is (r h_prev) U_n the same as r (h_prev U_n), for all r and
h_prev? Write `to_reset_after`: from the weights [W, U, b] of a reset_after=False layer those of a reset_after=True
layer with the same outputs; or raise ValueError where there are none. Columns are z, r, n.

9. 한 방식의 GRU를 다른 방식으로 옮기기 (가능할 때만).

z와 r은 둘째 편향 말고는 두 방식이 같다. (r h_prev) U_n이 모든 r과 h_prev에 대해 r (h_prev U_n)과 같으려면 U_n이 어떤
행렬이어야 할까? reset_after=False 층의 가중치 [W, U, b]로부터 같은 출력을 내는 reset_after=True 층의 가중치를
돌려주는 `to_reset_after`를 써라. 불가능하면 ValueError를 일으켜라. 열의 순서는 z, r, n이다.
"""

import numpy as np
from checking import run, same

import minirnn as keras


def to_reset_after(weights):
    raise NotImplementedError("[W, U, bias (2, 3 units)], or ValueError / 또는 ValueError")


def check() -> None:
    random = np.random.default_rng(9)
    hint = "the recurrent side needs no bias of its own / 순환 쪽 편향은 필요 없다"
    for units in (1, 3):
        before, after = (keras.layers.GRU(units, reset_after=r, dtype="float64") for r in (False, True))
        for layer in (before, after):
            layer.build((None, None, 2))
        weights = [random.normal(0, 0.8, w.shape) for w in before.get_weights()]
        weights[1][:, -units:] = np.diag(random.normal(0, 0.8, units))
        converted = to_reset_after([w.copy() for w in weights])
        for name, found, wanted in zip(("W", "U", "b"), converted, after.get_weights(), strict=True):
            assert np.shape(found) == wanted.shape, f"{name} has shape {np.shape(found)}, expected {wanted.shape}"
        before.set_weights(weights)
        after.set_weights(converted)
        x = random.normal(0, 1, (2, 6, 2))
        same(f"the output of {units} unit(s)", after(x), before(x), hint)
    try:
        to_reset_after([random.normal(0, 1, w.shape) for w in weights])
    except ValueError:
        return
    raise AssertionError("a U_n that mixes units: raise ValueError / 유닛을 섞는 U_n은 옮길 수 없다: ValueError")


if __name__ == "__main__":
    run(check)
