"""`minirnn run`: a script in which `import keras` means minirnn."""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from pathlib import Path

from rich.console import Console

from minirnn.cli.files import check_there
from minirnn.compat import as_keras


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT", help="Python file, run as it is")
    rest = parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="..", help="what the script finds in sys.argv"
    )
    rest.required = False  # nor does an error say so


def run(chosen: argparse.Namespace, out: Console) -> None:
    """Run the script as Python would. Its exit code is the command's, its errors keep their traceback (code 1).

    Raises ValueError if there is no such file, OSError if it cannot be read.
    """
    path = Path(chosen.script)
    check_there(path, "a Python script")
    path.open("rb").close()
    before = sys.argv, sys.path
    sys.argv, sys.path = [chosen.script, *chosen.arguments], [str(path.resolve().parent), *sys.path]
    try:
        with as_keras():
            runpy.run_path(chosen.script, run_name="__main__")
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    finally:
        sys.argv, sys.path = before
