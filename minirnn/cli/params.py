"""`minirnn params`: how many parameters a layer has, and why."""

from __future__ import annotations

import argparse
import math
from typing import Literal

from rich.console import Console
from rich.table import Table

from minirnn.boundary import whole
from minirnn.models.ledger import product

GATES = {"lstm": "ifgo", "gru": "zrn", "simple_rnn": "", "dense": ""}


def count_params(layer: str, units: int, inputs: int, bias: bool = True, reset_after: bool = True) -> tuple[str, int]:
    """The formula with its numbers, and the count: of a layer on `inputs` features.

    Each gate has an input kernel (inputs x units), a recurrent kernel (units x units) and a bias (units), the GRU with
    reset_after two biases; a dense layer has no recurrent kernel. Raises ValueError for counts below 1.

    >>> count_params("lstm", 8, 1)
    ('4 * [(units + input + 1) * units] = 4 * [(8 + 1 + 1) * 8]', 320)
    """
    units, inputs = whole(units, "units"), whole(inputs, "input")
    rows = {"input": inputs} if layer == "dense" else {"units": units, "input": inputs}
    if bias:
        biases = 2 if layer == "gru" and reset_after else 1
        rows[str(biases)] = biases
    gates = len(GATES[layer]) or 1
    formula = f"{product(gates, rows, 'units')} = {product(gates, map(str, rows.values()), str(units))}"
    return formula, gates * sum(rows.values()) * units


def weights(
    layer: str, units: int, inputs: int, bias: bool = True, reset_after: bool = True
) -> list[tuple[str, tuple[int, ...], str]]:
    """Name, shape and meaning of each of the layer's weights, the gates side by side in the last axis.

    >>> for weight in weights("gru", 8, 1):
    ...     print(*weight)
    kernel (1, 24) the input, to gates z r n
    recurrent_kernel (8, 24) the last state, to gates z r n
    bias (2, 24) added to either product
    """
    gates = GATES[layer]
    width = (len(gates) or 1) * units
    to = f", to gates {' '.join(gates)}" if gates else ""
    found: list[tuple[str, tuple[int, ...], str]] = [("kernel", (inputs, width), f"the input{to}")]
    if layer != "dense":
        found.append(("recurrent_kernel", (units, width), f"the last state{to}"))
    if bias and layer == "gru" and reset_after:
        found.append(("bias", (2, width), "added to either product"))
    elif bias:
        found.append(("bias", (width,), "added to their sum" if layer != "dense" else "added to the product"))
    return found


def layer_kind(text: str) -> str:
    """A kind of layer in any case, and as Keras writes it: "LSTM", "SimpleRNN".

    >>> layer_kind("SimpleRNN"), layer_kind("Gru")
    ('simple_rnn', 'gru')
    """
    kind = text.lower().replace("-", "_")
    return "simple_rnn" if kind == "simplernn" else kind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = "kind of layer: " + ", ".join(GATES)
    parser.add_argument("layer", type=layer_kind, choices=GATES, metavar="LAYER", help=kinds)
    parser.add_argument("--units", type=int, required=True, metavar="N", help="width of the layer")
    parser.add_argument("--input", type=int, required=True, metavar="N", help="number of features that come in")
    parser.add_argument("--no-bias", action="store_true", help="the layer was made with use_bias=False")
    parser.add_argument(
        "--reset-after",
        action=argparse.BooleanOptionalAction,
        help="gru only: reset gate after the recurrent product, with a bias of its own (default: yes, as in CuDNN)",
    )


def run(arguments: argparse.Namespace, out: Console) -> None:
    if arguments.reset_after is not None and arguments.layer != "gru":
        raise ValueError(f"--reset-after is a choice of the gru only, got {arguments.layer}")
    bias, reset_after = not arguments.no_bias, arguments.reset_after is not False
    choice = arguments.layer, arguments.units, arguments.input, bias, reset_after
    formula, count = count_params(*choice)
    out.print(f"{formula} = {count:,}\n", soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    sides: tuple[Literal["left", "right"], ...] = ("left", "left", "right", "left")
    for side in sides:
        table.add_column(justify=side)
    for name, shape, meaning in weights(*choice):
        table.add_row(f"  {name}", str(shape), f"{math.prod(shape):,}", meaning)
    out.print(table)
