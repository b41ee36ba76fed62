"""The command in an empty folder: in this process, or in one of its own where a process is what the test is about."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from minirnn.backend import clear_session
from minirnn.cli import main

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def minirnn(tmp_path, monkeypatch):
    """Run `minirnn` with the arguments in tmp_path; stdout and stderr are no terminals.

    In this process, which saves a second of imports each time, unless a `command` or `environment` is given, if it be
    the environment as it is (`own_process=True`): those start `python -m minirnn`, or the command.
    """

    def in_process(*arguments: str) -> Result:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        clear_session()  # names of layers begin anew, as in a new process
        with monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(tmp_path)
            for name in ("COLUMNS", "FORCE_COLOR"):
                patch.delenv(name, raising=False)
            try:
                code = main(arguments)
            except SystemExit as end:
                code = end.code or 0
        return Result(code, *(pipe.buffer.getvalue().decode() for pipe in (out, err)))

    def of_its_own(*arguments: str, command, **environment: str) -> Result:
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
        env = {**inherited, "PYTHONPATH": str(REPOSITORY), **environment}
        done = subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=300
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def run(*arguments, command=None, own_process=False, **environment):
        words = [str(argument) for argument in arguments]
        if command or own_process or environment:
            return of_its_own(*words, command=command or (sys.executable, "-m", "minirnn"), **environment)
        return in_process(*words)

    return run
