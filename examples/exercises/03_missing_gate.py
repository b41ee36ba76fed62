"""3. A gate is missing: write the LSTM's forget gate, and the cell state that it keeps.

Everything else of the step stands there already. The forget gate looks at a_f, lies between 0 and 1, and says how
much of c_prev is kept; the input gate says how much of the candidate g is added.

3. 게이트가 하나 빠졌다: LSTM의 망각 게이트와, 그 게이트가 유지하는 셀 상태를 써라.

나머지는 이미 다 있다. 망각 게이트는 a_f를 보고 0과 1 사이의 값을 내며, c_prev를 얼마나 남길지 정한다. 입력 게이트는
후보 g를 얼마나 더할지 정한다.
"""

import numpy as np
from checking import run, same

from minirnn.gates import lstm
from minirnn.gates.activations import sigmoid


def step(a_i, a_f, a_g, a_o, c_prev):
    i = sigmoid(a_i)
    f = ...
    g = np.tanh(a_g)
    o = sigmoid(a_o)
    if f is ...:
        raise NotImplementedError("the forget gate f / 망각 게이트 f")
    c = ...
    if c is ...:
        raise NotImplementedError("the cell state c / 셀 상태 c")
    h = o * np.tanh(c)
    return h, c, i, f, g, o


def check() -> None:
    a = np.random.default_rng(3).normal(0, 2, (5, 8))
    found, wanted = step(*a), lstm.step(*a)
    hints = {
        "f": "like i and o, from its own a / i, o처럼 자기 a로",
        "c": "what is kept plus what is written / 남긴 것 + 쓴 것",
    }
    for name in ("f", "c", "h"):
        place = "hcifgo".index(name)
        same(name, found[place], wanted[place], hints.get(name, ""))


if __name__ == "__main__":
    run(check)
