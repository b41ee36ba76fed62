"""The command as a user runs it: a process of its own, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def minirnn(tmp_path):
    """Run `python -m minirnn` with the arguments in tmp_path; stdout and stderr are pipes."""

    def run(*arguments, command=(sys.executable, "-m", "minirnn"), **environment):
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
        env = {**inherited, "PYTHONPATH": str(REPOSITORY), **environment}
        done = subprocess.run(
            [*command, *map(str, arguments)], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=300
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run
