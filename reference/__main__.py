"""`python -m reference`: compare minirnn with Keras on the standard set; `--draws 5000`: on layers drawn at random.

`python -m reference model.keras`: the certificate of a model file, what minirnn makes of it beside what Keras does.
`--mutants`: thousands of mistakes in the gate functions, and which check catches each.

The exit code is 0 when everything agrees, 1 when anything differs, 2 when Keras, or a file, cannot be loaded.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

from rich.console import Console


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m reference",
        description="Compare minirnn with Keras on TensorFlow: parameters, outputs, states, gradients, training runs.",
        epilog="examples: python -m reference --json > parity.json; python -m reference model.keras --input x.npy",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="a model file: compare what both libraries make of it"
    )
    parser.add_argument(
        "--keras", type=Path, metavar="FILE", help="the model that Keras reads, e.g. what FILE was converted from"
    )
    parser.add_argument(
        "--input", type=Path, action="append", default=[], metavar="FILE",
        help="compare on these inputs, too: .npy, .npz or .csv, as for minirnn predict; again for each further one",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the random inputs (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--draws", type=int, metavar="N", help="instead of the standard set N layers, options and masks drawn at random"
    )
    parser.add_argument(
        "--mutants", action="store_true", help="instead: put one mistake at a time into the gates; say what catches it"
    )
    options = parser.parse_args(arguments)
    if options.file is None and (options.keras or options.input or options.seed):
        parser.error("--keras, --input and --seed go with a model file")
    if options.file is not None and (options.mutants or options.draws):
        parser.error("a model file is compared by itself, without --draws and --mutants")
    if options.seed < 0:
        parser.error(f"--seed must be at least 0, got {options.seed}")

    if options.mutants:
        return _judge_mutants(options.json)

    import minirnn
    from reference import keras_side, report, suite

    try:
        keras_side.load()
    except (ModuleNotFoundError, RuntimeError) as error:
        print(f"python -m reference: {error}", file=sys.stderr)
        return 2

    if options.file is not None:
        return _certify(options)
    if options.draws:
        return _draw(options.draws)
    with Console(stderr=True).status("starting") as status:
        result = suite.run(minirnn, progress=status.update)
    if options.json:
        print(report.as_json(result))
    else:
        report.print_tables(Console(), result)
    return 0 if result.passed else 1


def _certify(options: argparse.Namespace) -> int:
    """Print the certificate of a model file."""
    from minirnn.cli.files import reason
    from minirnn.cli.inputs import read_inputs
    from reference import certificate, certificate_report

    given = [(", ".join(map(str, options.input)), partial(read_inputs, options.input))] if options.input else []
    try:
        with Console(stderr=True).status("starting") as status:
            found = certificate.certify(options.file, options.keras, given, options.seed, progress=status.update)
    except OSError as error:
        return _failure(reason(error))
    except (ValueError, TypeError, ArithmeticError, NotImplementedError, MemoryError) as error:
        return _failure(str(error) or type(error).__name__)
    if options.json:
        print(certificate_report.as_json(found))
    else:
        certificate_report.print_table(Console(), found)
    return 0 if found.passed else 1


def _failure(message: str) -> int:
    print(f"python -m reference: error: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _draw(count: int) -> int:
    """Compare so many draws, and print the simplest one that differs."""
    from reference import drawing

    with Console(stderr=True).status("starting") as status:
        difference = drawing.run(count, progress=status.update)
    print(difference or f"minirnn and Keras agree in {count} draws.")
    return 1 if difference else 0


def _judge_mutants(json: bool) -> int:
    """Judge the tests: does a check catch every mistake? Needs no Keras."""
    from reference import mutants

    with Console(stderr=True).status("starting") as status:
        verdicts = mutants.judge(progress=status.update)
    if json:
        print(mutants.as_json(verdicts))
    else:
        mutants.print_table(Console(), verdicts)
    return 0 if all(verdict.passed for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
