"""What a case has to do at the least: its floating-point operations, and the bytes it has to move.

FLOPs are those of the matrix products, a multiply and an add counted as two, with G gates (LSTM 4, GRU 3, SimpleRNN 1):

    product            inference and step       training
    x W                2 B T F G U              and as much again for dW; above a first layer also for dx
    h U                2 B T U G U              and twice as much again, for dU and for dh
    Dense(1) head      2 B U                    and twice as much again; T times as much where each step is answered

Not counted: biases, activations, the loss, Adam, and the gradient of x, which no weight needs.
The product of U with the initial state of zeros is counted, as the equation of the layer has it. Masked and dropped
cases count as the plain one, whatever a library leaves out.

Bytes are those that must go between memory and the processor once, if its caches keep all else within a call:

    inference          x and the weights are read, y is written
    training           and x is read once more, for dW; the weights' gradients and Adam's two moments are read and
                       written, the weights written; gates and states of each step are written and read by the backward
"""

from __future__ import annotations

from benchmarks.cases import EPOCHS, GATES, Case

STATES = {"lstm": 2, "gru": 1, "gru_reset_before": 1, "simple_rnn": 1}


def _repeats(case: Case) -> int:
    return EPOCHS if case.mode == "fit" else 1


def _answers(case: Case) -> int:
    """Rows that the head sees."""
    return case.rows * (case.time if case.sequences else 1)


def _features(case: Case) -> list[int]:
    """Of each recurrent layer, from below."""
    return [case.features, *[case.units] * (case.layers - 1)]


def flops(case: Case) -> int:
    """Floating-point operations of one call."""
    gates = GATES[case.cell] * case.units
    head = 2 * _answers(case) * case.units
    total = head * (3 if case.trains else 1)
    for number, features in enumerate(_features(case)):
        of_x = 2 * case.rows * case.time * features * gates
        of_h = 2 * case.rows * case.time * case.units * gates
        total += (2 + (number > 0)) * of_x + 3 * of_h if case.trains else of_x + of_h
    return total * _repeats(case)


def parameters(case: Case) -> int:
    """Numbers that are trained."""
    gates = GATES[case.cell] * case.units
    biases = gates * (2 if case.cell == "gru" else 1)
    return sum((features + case.units) * gates + biases for features in _features(case)) + case.units + 1


def traffic(case: Case) -> int:
    """Bytes that one call has to move. A loop over batches moves the weights once for each of them."""
    batches = -(-case.rows // case.batch) if case.mode in ("fit", "predict") else 1
    weights = parameters(case) * batches
    x, y = case.rows * case.time * case.features, _answers(case)
    numbers = weights + x + y
    if case.trains:
        kept = case.rows * case.time * case.units * (GATES[case.cell] + STATES[case.cell]) * case.layers
        numbers += x + weights * (2 + 4 + 1) + 2 * kept
    return numbers * (8 if case.dtype == "float64" else 4) * _repeats(case)


def intensity(case: Case) -> float:
    """FLOPs for each byte that has to be moved."""
    return flops(case) / traffic(case)
