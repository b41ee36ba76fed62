"""7. Truncated back-propagation through time: a SimpleRNN whose gradient goes back k steps and no further.

h holds the states, h[0] the first one, h[t + 1] that after step t. The gradient dh of the last state is handed back
through the last k steps only; what lies before is treated as a constant. Return dU, the gradient of the recurrent
weights (units, units).

    h[t + 1] = tanh(a_h),  a_h = x[t] W + h[t] U + b

One step back: da_h = dh (1 - h[t + 1]**2); it adds the outer product of h[t] and da_h to dU; and hands on
dh = da_h U^T.

7. 시간 절단 역전파: 기울기가 k 스텝까지만 거슬러 올라가는 SimpleRNN.

h는 상태들이다. h[0]이 처음 상태, h[t + 1]이 스텝 t 다음의 상태다. 마지막 상태의 기울기 dh를 마지막 k 스텝만 거슬러
보내고, 그 앞은 상수로 본다. 순환 가중치의 기울기 dU (units, units)를 돌려주어라. 한 스텝 거슬러 가면
da_h = dh (1 - h[t + 1]**2)이고, dU에 h[t]와 da_h의 외적을 더하며, dh = da_h U^T를 앞 스텝에 넘긴다.
"""

import numpy as np
from checking import run, same

import minirnn as keras


def truncated_dU(h, U, dh, k):
    raise NotImplementedError("a loop over the last k steps, backwards / 마지막 k 스텝을 거꾸로 도는 반복문")


def check() -> None:
    steps, units = 9, 4
    random = np.random.default_rng(7)
    x, dh = random.normal(0, 1, (1, steps, 2)), random.normal(0, 1, (1, units))
    layer = keras.layers.SimpleRNN(units, return_sequences=True, dtype="float64")
    states = np.concatenate([np.zeros((1, units)), layer(x)[0]])
    layer.return_sequences = False
    U = layer.get_weights()[1]
    for k in (1, 4, steps):
        _, (_, wanted, _), _ = layer.vjp(x[:, -k:], dh, initial_state=[states[None, steps - k]])
        found = truncated_dU(states, U, dh[0], k)
        same(f"dU for k={k}", found, wanted, "k steps, no more and no fewer / 더도 덜도 말고 k 스텝")


if __name__ == "__main__":
    run(check)
