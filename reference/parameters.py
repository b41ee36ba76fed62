"""The number of parameters of a layer, spelled out: the formula, the formula with its numbers, the count.

A recurrent gate of `units` numbers reads the input, the previous output and a constant 1 (its bias), each through one
weight per unit: (input + units + 1) * units. A SimpleRNN is one such gate, a GRU three, an LSTM four. The GRU with
reset_after=True keeps the biases of the input and of the recurrent product apart, so it has two of them.
"""

from __future__ import annotations

GATES = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}


def count(kind: str, units: int, input_size: int, use_bias: bool = True, reset_after: bool = True) -> tuple[int, str]:
    """The count, and the text `formula = formula in numbers = count`.

    Args:
        kind: "Dense", "SimpleRNN", "GRU" or "LSTM".
        units: the size of the output.
        input_size: the size of the input's last axis.
        use_bias: whether the layer has a bias.
        reset_after: the GRU's convention; other layers have none.

    Raises:
        ValueError: the formula of that kind of layer is not known.
    """
    if kind != "Dense" and kind not in GATES:
        raise ValueError(f"kind={kind!r} has no parameter formula; expected Dense, {', '.join(GATES)}.")
    biases = (2 if kind == "GRU" and reset_after else 1) if use_bias else 0
    constant = f" + {biases}" if biases else ""
    if kind == "Dense":
        total = (input_size + biases) * units
        symbols, numbers = f"(input{constant}) * units", f"({input_size}{constant}) * {units}"
    else:
        total = GATES[kind] * (units + input_size + biases) * units
        symbols, numbers = f"(units + input{constant}) * units", f"({units} + {input_size}{constant}) * {units}"
        if GATES[kind] > 1:
            symbols, numbers = f"{GATES[kind]} * [{symbols}]", f"{GATES[kind]} * [{numbers}]"
    return total, f"{symbols} = {numbers} = {total:,}"
