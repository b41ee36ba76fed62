"""`minirnn demo`: one LSTM step as numbers, a forecast, where to go next."""

from __future__ import annotations

import argparse

from rich.console import Console

from minirnn.cli import forecast
from minirnn.gates import lstm

X, H_PREV, C_PREV = 1.0, 0.5, -0.2
WEIGHTS = {"i": (0.9, 0.4, 0.0), "f": (-0.3, 0.2, 1.0), "g": (0.7, -0.6, 0.1), "o": (0.5, 0.8, 0.0)}
ROLES = {
    "i": "input gate: what to write",
    "f": "forget gate: what to keep",
    "g": "candidate: the new content",
    "o": "output gate: what to show",
}
NEXT = """\
minirnn forecast your.csv --plot out.png      the same on your own numbers
minirnn forecast --cell gru                   another cell on the same series
minirnn params lstm --units 256 --input 4096  where parameter counts come from
import minirnn as keras                       runs a recurrent Keras script
minirnn/gates/lstm.py                         these equations, and backward"""


def one_step() -> str:
    """One LSTM step of one unit on one feature: the equations, with the numbers that `minirnn.gates.lstm` gives."""
    a = {gate: w * X + u * H_PREV + b for gate, (w, u, b) in WEIGHTS.items()}
    h, c, i, f, g, o = map(float, lstm.step(a["i"], a["f"], a["g"], a["o"], C_PREV))
    lines = [f"x = {X}, h_prev = {H_PREV}, c_prev = {C_PREV}", ""]
    for gate, value in {"i": i, "f": f, "g": g, "o": o}.items():
        w, u, b = WEIGHTS[gate]
        activation = "tanh" if gate == "g" else "sigmoid"
        lines += [
            f"a_{gate} = W_{gate} x + U_{gate} h_prev + b_{gate} = {w} * {X} + {u} * {H_PREV} + {b} = {a[gate]:.3f}",
            f"  {gate} = {activation}(a_{gate}) = {value:.3f}".ljust(30) + ROLES[gate],
        ]
    lines += [
        "",
        f"c = f c_prev + i g = {f:.3f} * {C_PREV} + {i:.3f} * {g:.3f} = {c:.3f}".ljust(59) + "new cell state",
        f"h = o tanh(c) = {o:.3f} * tanh({c:.3f}) = {h:.3f}".ljust(59) + "new hidden state",
    ]
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The demo has no choices."""


def run(arguments: argparse.Namespace, out: Console) -> None:
    defaults = argparse.ArgumentParser()
    forecast.add_arguments(defaults)

    out.print("1. One step of an LSTM: one unit, one feature\n", style="bold")
    out.print(one_step())
    out.print("\n2. A forecast: airline passengers, thousands a month\n", style="bold")
    forecast.run(defaults.parse_args([]), out)
    out.print("\n3. Where to go next\n", style="bold")
    out.print(NEXT)
