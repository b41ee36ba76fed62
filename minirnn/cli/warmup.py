"""`minirnn warmup`: compile ahead of time, for the image of a container or the cache of a CI."""

from __future__ import annotations

import argparse
import warnings

from rich.console import Console

from minirnn import ahead
from minirnn.cli.params import layer_kind
from minirnn.jit import JIT_ENABLED, cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = "kinds of layer: some of " + ", ".join(ahead.CELLS) + " (default: all)"
    parser.add_argument("cells", type=layer_kind, nargs="*", metavar="LAYER", help=kinds)
    parser.add_argument("--units", type=int, default=32, metavar="N", help="width of the layer (default: 32)")
    parser.add_argument("--input", type=int, default=1, metavar="N", help="number of features (default: 1)")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32", help="default: float32")


def run(arguments: argparse.Namespace, out: Console) -> None:
    if not JIT_ENABLED:
        raise RuntimeError("nothing is compiled where NUMBA_DISABLE_JIT is set; unset it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told below, in one line
        place = cache.folder()
    if place is None:
        raise RuntimeError(
            f"machine code cannot be kept in {cache.base_folder()}; set MINIRNN_CACHE_DIR to a private, writable folder"
        )
    seconds = ahead.warmup(
        arguments.cells or list(ahead.CELLS), arguments.units, arguments.input, arguments.dtype,
        print_fn=lambda line: out.print(line, soft_wrap=True),
    )  # fmt: skip
    out.print(f"{seconds:.1f} s; later processes load it from there", soft_wrap=True)
