"""h = z h_prev + (1 - z) n: the share of n is 1 - z, so dn = dh * (1.0 - z).

h에서 n의 몫은 1 - z이므로 dn = dh * (1.0 - z)이다.
"""

from minirnn.gates.gru import step_backward  # noqa: F401  (the true one / 올바른 함수)
