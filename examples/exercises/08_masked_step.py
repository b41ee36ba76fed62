"""8. The gradient through a masked step.

A masked step of a padded series does not count: h and c stay what they were. For each row, `counts` (rows, 1) is True
where the step counts:

    h = h_new where it counts, else h_prev              c = c_new where it counts, else c_prev

Given dh and dc, the gradients of h and c, write the gradients of h_new, c_new, h_prev and c_prev.

8. 마스크된 스텝을 지나는 기울기.

패딩된 시계열에서 마스크된 스텝은 세지 않는다. h와 c는 그대로 남는다. 행마다 counts (rows, 1)가 True이면 그 스텝을
센다. h와 c의 기울기 dh, dc가 주어졌을 때 h_new, c_new, h_prev, c_prev의 기울기를 써라.
"""

import numpy as np
from checking import run, same, slope

import minirnn as keras


def masked_backward(dh, dc, counts):
    """Returns (dh_new, dc_new, dh_prev, dc_prev), each of the shape of dh (rows, units)."""
    raise NotImplementedError("four gradients / 네 개의 기울기")


def check() -> None:
    random = np.random.default_rng(8)
    counts = np.array([[True], [False], [True]])
    dh, dc = random.normal(0, 1, (2, 3, 4))
    names = ("dh_new", "dc_new", "dh_prev", "dc_prev")
    parts = dict(zip(names, random.normal(0, 1, (4, 3, 4)), strict=True))
    found = dict(zip(names, masked_backward(dh, dc, counts), strict=True))
    for name in names:

        def asked(value, name=name):
            h_new, c_new, h_prev, c_prev = (parts | {name: value}).values()
            return np.sum(np.where(counts, h_new, h_prev) * dh + np.where(counts, c_new, c_prev) * dc)

        same(name, found[name], slope(asked, parts[name]), "each row goes one way / 행마다 한쪽 길로만 간다", 1e-7)

    # The same in a layer: rows whose last step is masked get no gradient of x there. / 층에서도 마찬가지다.
    layer = keras.layers.LSTM(4, dtype="float64")
    x = random.normal(0, 1, (3, 5, 2))
    mask = np.ones((3, 5), bool)
    mask[:, -1] = counts[:, 0]
    dx, *_ = layer.vjp(x, dh, mask=mask)
    same("dx of the masked last step", dx[1, -1], np.zeros(2))
    assert np.any(dx[1, -2]) and np.any(dx[0, -1])


if __name__ == "__main__":
    run(check)
