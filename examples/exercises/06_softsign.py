"""6. Derive the slope of softsign, from its value alone.

softsign(a) = a / (1 + |a|). A backward pass keeps y = softsign(a), not a: write dy/da in terms of y. (For tanh that
is 1 - y * y.)

6. softsign의 기울기를 출력값만으로 유도하라.

softsign(a) = a / (1 + |a|). 역전파는 a가 아니라 y = softsign(a)를 보관한다. dy/da를 y로 나타내라. (tanh라면 1 - y *
y이다.)
"""

import numpy as np
from checking import run, same, slope


def d_softsign(y):
    raise NotImplementedError("dy/da, written with y / y로 나타낸 dy/da")


def check() -> None:
    a = np.array([-30.0, -2.0, -0.5, 0.25, 1.0, 3.0, 12.0])
    wanted = slope(lambda a: np.sum(a / (1 + np.abs(a))), a)
    same("d_softsign", d_softsign(a / (1 + np.abs(a))), wanted, "what is 1 - |y|? / 1 - |y|는 얼마인가?", 1e-7)


if __name__ == "__main__":
    run(check)
