"""`minirnn stream`: numbers in from stdin, a line for each step, and the model's answer to each at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from rich.console import Console

from minirnn.cli import models
from minirnn.cli.wave import wave_model
from minirnn.utils.nested import flatten

DEMO = "demo"
_FORMATS = {"float32": "%.9g", "float64": "%.17g"}  # as many digits as it takes to read the same number again


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="MODEL",
        help="file of a saved model with one input, or demo: a small LSTM, trained at the start on sines to foretell "
        "their next value; it takes numbers between -1 and 1",
    )  # fmt: skip


def run(chosen: argparse.Namespace, out: Console) -> None:
    """Answer every line of stdin with a line on stdout, flushed, until stdin ends, or nobody reads stdout any more.

    Raises ValueError with the line's number for one that is no step of the model, for a model that cannot be streamed,
    and if there is no such file.
    """
    take = within_waves(one_line(wave_model())) if chosen.model == DEMO else one_line(models.load(Path(chosen.model)))
    try:
        answer(sys.stdin, sys.stdout, take)
    except BrokenPipeError:
        # As after `| head`: what Python flushes at its end goes nowhere, and is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def answer(lines: Iterable[str], out: IO[str], take: Callable[[str], str]) -> None:
    """`take` each line, and write what it gives. Raises ValueError with the number of the line it was raised for."""
    for place, line in enumerate(lines, 1):
        try:
            answered = take(line)
        except ValueError as error:
            raise ValueError(f"line {place}: {error}") from None
        out.write(answered)
        out.flush()


def one_line(model: Any) -> Callable[[str], str]:
    """The function from a line of numbers to the line of the outputs after that step, of all of them in their order.

    Numbers stand apart by commas or spaces, in the answer by spaces, in as many digits as their dtype has. Raises
    ValueError for a model of several inputs, or of one that is not (batch, time, features) or (batch, time).
    """
    shapes = [tensor.shape for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) > 3:
        raise ValueError(f"a line is a step of one input, (batch, time, features); the model has {shapes}")
    stream = model.stream()
    size = 1 if len(shapes[0]) == 2 else shapes[0][2]
    x = np.empty((1, *shapes[0][2:]), np.dtype(model.input_dtype(0)))
    row, whole = x.reshape(-1), x.dtype.kind != "f"
    most = 0.0 if whole else float(np.finfo(x.dtype).max)
    answer_as = [_FORMATS[np.dtype(tensor.dtype).name] for tensor in model.outputs]

    def take(line: str) -> str:
        words = line.replace(",", " ").split()
        if len(words) != size:
            raise ValueError(f"got {len(words)} numbers, expected {size}, apart by commas or spaces")
        numbers = [number(word) for word in words]
        if whole:  # which numbers are whole, the stream tells
            outputs = stream.step(np.array(numbers).reshape(x.shape))
        else:
            for k, value in enumerate(numbers):
                row[k] = value if -most <= value <= most else value * np.inf
            outputs = stream.step(x)
        ys = (outputs,) if type(outputs) is np.ndarray else flatten(outputs)
        said = [form % value for form, y in zip(answer_as, ys, strict=True) for value in y.ravel().tolist()]
        return " ".join(said) + "\n"

    return take


def within_waves(take: Callable[[str], str]) -> Callable[[str], str]:
    """`take`, which answers for waves, with one line on stderr at the first number that no wave reaches."""
    told = False

    def watched(line: str) -> str:
        nonlocal told
        answered = take(line)
        value = number(line.replace(",", " "))
        if not told and abs(value) > 1:
            told = True
            said = f"the demo knows waves between -1 and 1, got {value:g}; scale your numbers to lie there"
            print(f"minirnn stream: {said}", file=sys.stderr)
        return answered

    return watched


def number(word: str) -> float:
    """A word as a number; ValueError if it is none."""
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"got {word!r:.40}, expected a number") from None
