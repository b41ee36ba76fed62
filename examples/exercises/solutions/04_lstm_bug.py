"""c is asked from two sides, by h and by the next step, and slopes add up: dc = dc + dh * o * d_activation(y, c).

c는 h와 다음 스텝, 두 곳에서 쓰인다. 기울기는 더해야 한다.
"""

from minirnn.gates.lstm import step_backward  # noqa: F401  (the true one / 올바른 함수)
