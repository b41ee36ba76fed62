"""The options of `python -m benchmarks`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import GATES, MODES, SHAPES, VARIANTS
from benchmarks.contenders import CONTENDERS
from benchmarks.history import THRESHOLD

# In this order; the curves only if asked for.
PARTS = ("cases", "coldstart", "overhead", "stream", "long", "curves")
CHECKED_PARTS = ("cases", "coldstart", "stream", "long")
ROUNDS, ROUNDS_OF_CHECK, ROUNDS_OF_QUICK = 9, 5, 3
# Who is not asked when targets are checked. Keras on PyTorch runs PyTorch's own operations, one step of time after the
# other in Python: it is never the fastest, and the slowest to wait for.
NO_RIVALS = ("keras-torch",)

EXAMPLES = """
examples:
  python -m benchmarks --quick                                   a first impression, in under a minute
  python -m benchmarks --case medium --cell lstm --threads 1     one shape, inference and training
  python -m benchmarks --case 8x20x3x16 --mode training          any sizes: batch x time x features x units
  python -m benchmarks --case 'seed*' --contender minirnn --contender torch
  python -m benchmarks --profile --case medium                   where the time of minirnn's calls goes
  python -m benchmarks --check                                   every promise, met or missed
  python -m benchmarks --check --case large --cell lstm          the promises of one case
  python -m benchmarks --baseline run.json                       what changed since that run
  python -m benchmarks --curves --contender minirnn              cost against time, batch, units and features
  python -m benchmarks --part coldstart                          import time, first fit, memory, size on the disk
  python -m benchmarks --json run.json --markdown run.md --pictures docs/pictures --html report.html

Contenders that are not installed are named and left out. Every contender runs in a process of its own; results are
compared before anything is timed; a ratio compares times of the same round. Seconds change with the machine and its
day: quote the ratios.
"""


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def share(text: str) -> float:
    """A share such as 0.1 or 10%, for argparse."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a share such as 0.1 or 10%")
    return number


def parser() -> argparse.ArgumentParser:
    """All options."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Race minirnn against Keras (TensorFlow, JAX, torch), PyTorch and ONNX Runtime on this CPU.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cores = min(2, os.cpu_count() or 1)
    shapes = f"a shape ({', '.join(SHAPES)}), one with a variant (-{', -'.join(VARIANTS)}), four sizes, or a name"
    chosen = options.add_argument_group("what is run; filters narrow each other, and each may be repeated").add_argument
    chosen("--case", action="append", default=[], metavar="PATTERN", help=f"{shapes}; '*' allowed")
    chosen("--cell", action="append", default=[], choices=GATES, help="only this cell")
    chosen("--mode", action="append", default=[], choices=MODES, help="only this mode")
    chosen("--contender", action="append", default=[], choices=CONTENDERS, help="only this contender")
    parts = "only this part (default: all but curves, or cases if selected)"
    chosen("--part", action="append", default=[], choices=PARTS, help=parts)
    chosen("--threads", type=positive, default=cores, metavar="N", help="threads (default: %(default)s)")
    rounds = f"rounds of each case (default: {ROUNDS}; --check {ROUNDS_OF_CHECK}; --quick {ROUNDS_OF_QUICK})"
    chosen("--rounds", type=positive, metavar="N", help=rounds)
    chosen("--quick", action="store_true", help="few cases and rounds: under a minute for everything")

    asked = options.add_argument_group("what is asked").add_argument
    asked("--list", action="store_true", help="print the cases that the filters leave and the contenders, and stop")
    asked("--check", action="store_true", help="hold every promise against this run; exit code 1 if one is missed")
    asked("--baseline", type=Path, metavar="FILE", help="compare minirnn with an earlier run that --json wrote")
    threshold = "share by which a case may be slower than there before the exit code is 1 (default: %(default)s)"
    asked("--threshold", type=share, default=THRESHOLD, metavar="SHARE", help=threshold)
    asked("--profile", action="store_true", help="split minirnn's calls: Python, hand-over, matmul, gates, optimizer")
    curves = "also measure cost against time, batch, units and features, each with its slope (log-log)"
    asked("--curves", action="store_true", help=curves)

    written = options.add_argument_group("what is written").add_argument
    written("--json", type=Path, metavar="FILE", help="all numbers")
    written("--markdown", type=Path, metavar="FILE", help="the tables of the README")
    written("--plot", type=Path, metavar="FILE", help="the picture of the race (PNG, SVG or PDF; needs matplotlib)")
    written("--pictures", type=Path, metavar="FOLDER", help="race.png, roofline.png, curves.png")
    written("--html", type=Path, metavar="FILE", help="one page with all tables and pictures in it")
    return options


def chosen_parts(options: argparse.Namespace) -> Sequence[str]:
    """The parts asked for; a filter on cases, or --quick, asks for the cases, --curves for the curves beside them."""
    if options.part:
        parts = list(options.part)
    elif options.quick or options.case or options.cell or options.mode:
        parts = [] if options.curves and not options.case else ["cases"]
    else:
        parts = list(CHECKED_PARTS if options.check else PARTS[:-1])
    return parts + ["curves"] * (options.curves and "curves" not in parts)


def chosen_rounds(options: argparse.Namespace) -> int:
    """Rounds of each case."""
    return options.rounds or (ROUNDS_OF_QUICK if options.quick else ROUNDS_OF_CHECK if options.check else ROUNDS)


def chosen_contenders(options: argparse.Namespace, known: dict[str, str]) -> dict[str, str]:
    """Name -> module of those who are asked, in the registry's order."""
    wanted = options.contender or [name for name in known if not (options.check and name in NO_RIVALS)]
    return {name: module for name, module in known.items() if name in wanted}
