"""1. How many parameters has a layer? Write the formulas.

Each gate of a recurrent layer has a column of weights for every unit: one weight for each feature of x, one for each
unit of h, and a bias. SimpleRNN has one gate, LSTM four, GRU three. A GRU with reset_after=True has two biases: one
beside x W and one beside h U. Dense has neither h nor gates.

1. 파라미터는 몇 개일까? 공식을 완성하라.

순환층의 게이트마다 유닛 하나에 한 열의 가중치가 있다: x의 특성마다 하나, h의 유닛마다 하나, 그리고 편향 하나.
게이트는 SimpleRNN이 1개, LSTM이 4개, GRU가 3개다. reset_after=True인 GRU에는 편향이 두 벌(x W 쪽과 h U 쪽) 있다.
Dense에는 h도 게이트도 없다.
"""

from checking import run, same

import minirnn as keras


def dense(units: int, features: int) -> int:
    raise NotImplementedError("the formula of Dense / Dense의 공식")


def simple_rnn(units: int, features: int) -> int:
    raise NotImplementedError("the formula of SimpleRNN / SimpleRNN의 공식")


def lstm(units: int, features: int) -> int:
    raise NotImplementedError("the formula of LSTM / LSTM의 공식")


def gru(units: int, features: int, reset_after: bool = True) -> int:
    raise NotImplementedError("the formula of GRU, in both conventions / 두 방식의 GRU 공식")


def check() -> None:
    same("dense(5, 10)", dense(5, 10), 55, "a unit has 10 weights and a bias / 유닛마다 가중치 10개와 편향")
    same("simple_rnn(10, 1)", simple_rnn(10, 1), 120, "(1 + 10 + 1) numbers a unit / 유닛마다 (1 + 10 + 1)개")
    same("lstm(10, 1)", lstm(10, 1), 480, "four times a SimpleRNN / SimpleRNN의 네 배")
    same("lstm(256, 4096)", lstm(256, 4096), 4_457_472)
    same("gru(10, 1, reset_after=False)", gru(10, 1, reset_after=False), 360, "three gates / 게이트 3개")
    same("gru(10, 1)", gru(10, 1), 390, "a second bias for each gate / 게이트마다 편향이 하나 더")
    for units, features in ((1, 1), (7, 3), (32, 100)):
        layers = {
            dense: keras.layers.Dense(units), simple_rnn: keras.layers.SimpleRNN(units), lstm: keras.layers.LSTM(units),
            gru: keras.layers.GRU(units),
        }  # fmt: skip
        for formula, layer in layers.items():
            layer.build((None, features) if formula is dense else (None, None, features))
            same(f"{formula.__name__}({units}, {features})", formula(units, features), layer.count_params())


if __name__ == "__main__":
    run(check)
