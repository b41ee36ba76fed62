"""`python -m reference`: compare minirnn with Keras on the standard set; `--draws 5000`: on layers drawn at random.

`--mutants`: thousands of mistakes in the gate functions, and which check catches each.

The exit code is 0 when everything agrees, 1 when anything differs, 2 when Keras cannot be loaded.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m reference",
        description="Compare minirnn with Keras on TensorFlow: parameters, outputs, states, gradients, training runs.",
        epilog="example: python -m reference --json > parity.json",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--draws", type=int, metavar="N", help="instead of the standard set N layers, options and masks drawn at random"
    )
    parser.add_argument(
        "--mutants", action="store_true", help="instead: put one mistake at a time into the gates; say what catches it"
    )
    options = parser.parse_args(arguments)

    if options.mutants:
        return _judge_mutants(options.json)

    import minirnn
    from reference import keras_side, report, suite

    try:
        keras_side.load()
    except (ModuleNotFoundError, RuntimeError) as error:
        print(f"python -m reference: {error}", file=sys.stderr)
        return 2

    if options.draws:
        return _draw(options.draws)
    with Console(stderr=True).status("starting") as status:
        result = suite.run(minirnn, progress=status.update)
    if options.json:
        print(report.as_json(result))
    else:
        report.print_tables(Console(), result)
    return 0 if result.passed else 1


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
