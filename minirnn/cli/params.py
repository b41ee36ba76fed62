"""`minirnn params`: how many parameters a layer has, and why."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from rich.console import Console

from minirnn.boundary import whole

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1, "dense": 1}


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
    gates = GATES[layer]
    formula = f"{product(gates, rows, 'units')} = {product(gates, map(str, rows.values()), str(units))}"
    return formula, gates * sum(rows.values()) * units


def product(gates: int, rows: Iterable[str], units: str) -> str:
    rows = list(rows)
    of_a_gate = f"({' + '.join(rows)}) * {units}" if len(rows) > 1 else f"{rows[0]} * {units}"
    return f"{gates} * [{of_a_gate}]" if gates > 1 else of_a_gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("layer", choices=GATES, help="kind of layer")
    parser.add_argument("--units", type=int, required=True, help="width of the layer")
    parser.add_argument("--input", type=int, required=True, help="number of features that come in")
    parser.add_argument("--no-bias", action="store_true", help="the layer was made with use_bias=False")
    parser.add_argument(
        "--reset-after",
        action=argparse.BooleanOptionalAction,
        help="gru only: reset gate after the recurrent product, with a bias of its own (default: yes, as in CuDNN)",
    )


def run(arguments: argparse.Namespace, out: Console) -> None:
    if arguments.reset_after is not None and arguments.layer != "gru":
        raise ValueError(f"--reset-after is a choice of the gru only, got {arguments.layer}")
    formula, count = count_params(
        arguments.layer, arguments.units, arguments.input, not arguments.no_bias, arguments.reset_after is not False
    )
    out.print(f"{formula} = {count:,}", soft_wrap=True)
