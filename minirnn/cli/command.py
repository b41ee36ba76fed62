"""Choice of the subcommand, and what becomes of its errors: one line on stderr and exit code 2."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from rich.console import Console

import minirnn
from minirnn.cli import demo, forecast, params, script


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def parser() -> Parser:
    top = Parser(
        prog="minirnn",
        description="Recurrent neural networks from scratch, at work.",
        epilog="examples:\n  minirnn demo\n  minirnn forecast --plot forecast.png\n"
        "  minirnn params lstm --units 256 --input 4096",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"minirnn {minirnn.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, module: ModuleType, summary: str, *examples: str) -> None:
        command = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog="\n  ".join(["examples:", *examples]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)

    add("forecast", forecast, "train on the start of a series, measure on its end, forecast on",
        "minirnn forecast --plot forecast.png", "minirnn forecast sales.csv --column total --season 7 --horizon 14")
    add("params", params, "count the parameters of a layer, with the formula",
        "minirnn params lstm --units 256 --input 4096", "minirnn params gru --units 32 --input 8 --no-reset-after")
    add("run", script, "run a script that imports Keras with minirnn in its place",
        "minirnn run lstm_example.py", "minirnn run train.py --epochs 5")
    add("demo", demo, "one LSTM step as numbers, a forecast, and where to go next", "minirnn demo")
    return top


def run(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, by default those of the process; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    chosen = parser().parse_args(arguments)
    out = Console(markup=False, highlight=False, emoji=False)
    try:
        chosen.run(chosen, out)
    except OSError as error:
        return failure(chosen.command, f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (ValueError, TypeError, MemoryError, ArithmeticError, RuntimeError) as error:
        return failure(chosen.command, str(error) or type(error).__name__)
    return 0


def failure(command: str, message: str) -> int:
    print(f"minirnn {command}: error: {' '.join(message.split())}", file=sys.stderr)
    return 2
