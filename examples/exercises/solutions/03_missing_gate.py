"""f = sigmoid(a_f) and c = f c_prev + i g: two lines of minirnn/gates/lstm.py.

f = sigmoid(a_f)와 c = f c_prev + i g, minirnn/gates/lstm.py의 두 줄이다.
"""

import numpy as np

from minirnn.gates.activations import sigmoid


def step(a_i, a_f, a_g, a_o, c_prev):
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    g = np.tanh(a_g)
    o = sigmoid(a_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c, i, f, g, o
