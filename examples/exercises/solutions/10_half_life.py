"""f = 0.5 ** (1 / k), and the inverse of sigmoid is log(f / (1 - f)).

f = 0.5 ** (1 / k)이고, sigmoid의 역함수는 log(f / (1 - f))이다.
"""

import numpy as np


def forget_bias(k):
    f = 0.5 ** (1 / k)
    return np.log(f / (1 - f))
