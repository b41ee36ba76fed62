"""2. SimpleRNN, GRU and LSTM: how many parameters each has, and why.

2. SimpleRNN, GRU, LSTM: 파라미터 개수와 그 이유.
"""

from minirnn.layers import GRU, LSTM, Dense, Input, SimpleRNN
from minirnn.models import Sequential

units, features = 10, 1

# For each gate: a weight from every feature, from every unit, and a bias. LSTM has 4 gates, SimpleRNN 1.
# 게이트 하나마다 (특성 수 + 유닛 수 + 편향 1) x 유닛 수. LSTM은 4배, SimpleRNN은 1배.
formulas = {
    SimpleRNN: 1 * (units + features + 1) * units,
    LSTM: 4 * (units + features + 1) * units,
    # GRU with reset_after=True (the default) has two biases a gate. / reset_after=True이면 편향이 두 개.
    GRU: 3 * (units + features + 2) * units,
}

counts = {}
for cell, expected in formulas.items():
    model = Sequential([Input((3, features)), cell(units), Dense(1)])
    counts[cell.__name__] = model.layers[0].count_params()
    print(f"{cell.__name__:10} {counts[cell.__name__]:4} parameters, by the formula {expected}")
    model.summary()
