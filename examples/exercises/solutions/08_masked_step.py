"""Where a step counts, all of the gradient goes to the new state; where it does not, all of it passes by.

세는 스텝에서는 기울기가 모두 새 상태로 가고, 세지 않는 스텝에서는 모두 이전 상태로 지나간다.
"""

import numpy as np


def masked_backward(dh, dc, counts):
    return np.where(counts, dh, 0), np.where(counts, dc, 0), np.where(counts, 0, dh), np.where(counts, 0, dc)
