"""`minirnn predict`: what a saved model gives for the numbers of a file."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from minirnn.cli import files, inputs, models
from minirnn.files.atomic import replace_file
from minirnn.utils.nested import flatten

_DIGITS = {"float32": "%.9g", "float64": "%.17g"}  # enough to read the same number again
_KINDS = (".npy", ".npz", ".csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="file of a saved model")
    parser.add_argument(
        "input", type=Path, nargs="+", metavar="INPUT", help=f"{inputs.HELP}; again for each further input"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="write there instead of to stdout: .npy, .npz (an array for each output, by its name) or .csv",
    )  # fmt: skip
    parser.add_argument("--encoding", default="utf-8-sig", metavar="NAME", help="of CSV files (default: utf-8)")


def run(arguments: argparse.Namespace, out: Console) -> None:
    path: Path | None = arguments.out
    if path is not None:
        if path.suffix.lower() not in _KINDS:
            raise ValueError(f"--out {path}: expected a file that ends in one of {', '.join(_KINDS)}")
        files.check_writable(path)
        files.check_apart(path, [arguments.model, *arguments.input])
    model = models.load(arguments.model)
    xs = inputs.read_inputs(
        arguments.input, model, arguments.encoding, lambda line: print(f"minirnn predict: {line}", file=sys.stderr)
    )
    outputs = flatten(model.predict(xs[0] if len(xs) == 1 else xs, verbose=0))
    named = dict(zip(_names(model), outputs, strict=True))
    if path is None:
        out.file.write(_as_csv(named))
        return
    replace_file(path, [_as_bytes(path, named)])
    shapes = ", ".join(f"{name} {array.shape}" for name, array in named.items())
    out.print(f"Wrote {path}: {shapes}", soft_wrap=True)


def _names(model: Any) -> list[str]:
    """A name for each output: those of their layers, numbered where one makes several."""
    names = model.output_names
    return names if len(set(names)) == len(names) else [f"{name}_{number}" for number, name in enumerate(names)]


def _as_bytes(path: Path, outputs: dict[str, NDArray[Any]]) -> bytes:
    kind, written = path.suffix.lower(), io.BytesIO()
    if kind == ".csv":
        return _as_csv(outputs).encode()
    if kind == ".npz":
        np.savez(written, **outputs)  # type: ignore[arg-type]
    elif len(outputs) > 1:
        raise ValueError(f"--out {path}: the model has {len(outputs)} outputs ({', '.join(outputs)}); use .npz")
    else:
        np.save(written, next(iter(outputs.values())))
    return written.getvalue()


def _as_csv(outputs: dict[str, NDArray[Any]]) -> str:
    """A line for each row, or for each step of each row, of all outputs side by side."""
    leading = {array.shape[:-1] for array in outputs.values()}
    if len(leading) > 1 or len(shape := next(iter(leading))) > 2:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in outputs.items())
        raise ValueError(f"outputs of shape {shapes} are no lines of one table; write them with --out FILE.npz")
    columns = [column for name, array in outputs.items() for column in _columns(name, array.shape[-1])]
    places: Sequence[str] = ("row", "step") if len(shape) == 2 else ()
    lines = [",".join([*places, *columns])]
    for place in np.ndindex(*shape):
        numbers = [_DIGITS[array.dtype.name] % value for array in outputs.values() for value in array[place].tolist()]
        lines.append(",".join([*(map(str, place) if places else ()), *numbers]))
    return "\n".join(lines) + "\n"


def _columns(name: str, width: int) -> list[str]:
    return [name] if width == 1 else [f"{name}_{number}" for number in range(width)]
