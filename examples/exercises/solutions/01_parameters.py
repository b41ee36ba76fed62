"""For each unit of each gate: weights of x, weights of h, and a bias.

게이트의 유닛마다 x의 가중치, h의 가중치, 그리고 편향이 있다.
"""


def dense(units, features):
    return units * (features + 1)


def simple_rnn(units, features):
    return units * (features + units + 1)


def lstm(units, features):
    return 4 * simple_rnn(units, features)


def gru(units, features, reset_after=True):
    return 3 * units * (features + units + (2 if reset_after else 1))
