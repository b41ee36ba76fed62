"""Contenders made of a few lines, for workers that start in a moment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

HEAD = """
import time
from benchmarks.contenders.base import Contender, Task

class Entrant(Contender):
    versions = {"fake": "1"}

    def __init__(self, threads):
        pass

"""


@pytest.fixture
def contender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Write a contender with this body of its class, and give the name of its module."""
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)

    def write(name: str, body: str) -> str:
        indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
        (tmp_path / f"{name}.py").write_text(HEAD + indented)
        return name

    return write
