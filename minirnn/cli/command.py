"""Choice of the subcommand, and what becomes of its errors: one line on stderr and exit code 2."""

from __future__ import annotations

import argparse
import io
import itertools
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import IO, Any, NoReturn, cast

from rich.console import Console

import minirnn
from minirnn.choices import closest
from minirnn.cli import convert, demo, files, forecast, params, predict, script, stream, summary, trace, warmup


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what is not known is an error of the subcommand it stands behind, with the nearest."""
        words = list(sys.argv[1:] if args is None else args)
        for word in self._own(words):
            name = word.partition("=")[0]
            if not any(option.startswith(name) for option in self._option_string_actions):
                self.error(f"unknown option {name}{self._nearest(name)}")
        found, left = super().parse_known_args(words, namespace)
        if left:
            self.error(f"unexpected argument {left[0]!r}")
        return found, left

    def _own(self, words: list[str]) -> list[str]:
        """The long options among the words: those up to a `--`, or to the first word whose followers are others'."""
        ours = itertools.takewhile("--".__ne__, words)
        if any(action.nargs in (argparse.PARSER, argparse.REMAINDER) for action in self._actions):
            ours = itertools.takewhile(lambda word: word.startswith("-"), ours)
        return [word for word in ours if word.startswith("--")]

    def _nearest(self, name: str) -> str:
        return closest(name, [option for option in self._option_string_actions if option.startswith("--")])

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """ArgumentError for what is none of the choices, with the nearest of them."""
        if action.choices is not None and value not in action.choices:
            known = ", ".join(map(str, action.choices))
            hint = closest(value, action.choices)
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}, expected one of {known}{hint}")


class Trimmed:
    """A stream without spaces at the ends of lines, with which rich fills the last column of a table."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(re.sub(r" +$", "", text, flags=re.MULTILINE))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def parser() -> Parser:
    top = Parser(
        prog="minirnn",
        description="SimpleRNN, LSTM and GRU from scratch: forecast a series, count parameters, see one step.",
        epilog="examples:\n  minirnn demo\n  minirnn forecast --plot forecast.png\n"
        "  minirnn params lstm --units 256 --input 4096",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"minirnn {minirnn.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

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

    add("convert", convert, "a model, or its weights, from one kind of file to another",
        "minirnn convert old.h5 new.keras", "minirnn convert net.safetensors net.keras --order lstm,fc --last")
    add("demo", demo, "one LSTM step as numbers, a forecast, and where to go next", "minirnn demo")
    add("forecast", forecast, "train on the start of a series, measure on its end, forecast on",
        "minirnn forecast --plot forecast.png", "minirnn forecast sales.csv --column total --season 7 --horizon 14")
    add("params", params, "count the parameters of a layer, with the formula",
        "minirnn params lstm --units 256 --input 4096", "minirnn params gru --units 32 --input 8 --no-reset-after")
    add("predict", predict, "what a saved model gives for the numbers of a file",
        "minirnn predict model.keras input.csv", "minirnn predict model.keras x.npy --out y.npy")
    add("run", script, "run a script that imports Keras with minirnn in its place",
        "minirnn run lstm_example.py", "minirnn run train.py --epochs 5")
    add("stream", stream, "answer each line of numbers on stdin with a line, at once",
        "minirnn stream demo < numbers.txt", "sensor | minirnn stream model.keras | display")
    add("summary", summary, "the layers of a model, and where its parameters come from",
        "minirnn summary --ledger", "minirnn summary model.keras")
    add("trace", trace, "what each gate of a recurrent layer does at each step",
        "minirnn trace", "minirnn trace --unit 3 --png gates.png --html explain.html",
        "minirnn trace model.keras input.csv --layer lstm")
    add("warmup", warmup, "compile ahead of time, for the image of a container or the cache of a CI",
        "minirnn warmup", "MINIRNN_CACHE_DIR=/opt/kernels minirnn warmup lstm gru --units 64 --input 8")
    return top


def run(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, by default those of the process; returns the exit code."""
    for pipe in (sys.stdout, sys.stderr):
        if isinstance(pipe, io.TextIOWrapper):
            pipe.reconfigure(errors="backslashreplace")
    top = parser()
    chosen = top.parse_args(arguments)
    if chosen.command is None:
        top.print_help(sys.stderr)
        return 2
    out = Console(file=cast(IO[str], Trimmed(sys.stdout)), markup=False, highlight=False, emoji=False)
    try:
        chosen.run(chosen, out)
    except OSError as error:
        return failure(chosen.command, files.reason(error))
    except MemoryError as error:
        return failure(chosen.command, f"not enough memory: {error}; make --units, --window or --batch-size smaller")
    except (ValueError, TypeError, ArithmeticError, RuntimeError) as error:
        return failure(chosen.command, str(error) or type(error).__name__)
    return 0


def failure(command: str, message: str) -> int:
    print(f"minirnn {command}: error: {' '.join(message.split())}", file=sys.stderr)
    return 2
