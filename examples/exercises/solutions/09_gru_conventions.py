"""r acts on each unit by itself; the two agree for every r only if U_n keeps units apart, that is, if it is diagonal.

r은 유닛마다 따로 작용한다. 모든 r에 대해 두 식이 같으려면 U_n이 유닛을 섞지 않아야, 곧 대각행렬이어야 한다.
"""

import numpy as np


def to_reset_after(weights):
    W, U, b = weights
    units = len(U)
    U_n = U[:, -units:]
    if np.any(U_n != np.diag(np.diag(U_n))):
        raise ValueError("U_n mixes units: only a diagonal one means the same after the reset as before")
    return [W, U, np.stack([b, np.zeros_like(b)])]
