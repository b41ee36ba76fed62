"""`minirnn summary`: the layers of a model, and with --ledger where each parameter comes from."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from minirnn.cli import models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    help_ = "file of a saved model; without it, the network of minirnn forecast"
    parser.add_argument("model", nargs="?", type=Path, metavar="MODEL", help=help_)
    parser.add_argument(
        "--ledger", action="store_true", help="formulas with numbers, weights, bytes, multiply-adds of each layer"
    )


def run(arguments: argparse.Namespace, out: Console) -> None:
    model = models.airline_network() if arguments.model is None else models.load(arguments.model)
    model.summary(ledger=arguments.ledger, print_fn=lambda text: out.print(text.rstrip(), soft_wrap=True))
