"""Rows of `docs/differences.md` and their tests correspond one to one."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

from deliberate import TESTED

from reference.differences import TABLE, named, rows

FILES = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))


def test_every_row_has_one_test_and_every_test_its_row():
    for name in FILES:
        importlib.import_module(name)
    tested = Counter(named(words) for words, _ in TESTED)
    assert [f"{row}: {tested[row]} tests" for row in rows() if tested[row] != 1] == []
    assert len(TESTED) == len(rows())


def test_every_row_says_what_both_libraries_do_and_why():
    assert len(rows()) > 30
    for row in rows():
        assert row.keras and row.minirnn and row.why
    assert len({row.keras for row in rows()}) == len(rows())


def test_the_readme_leads_to_the_table():
    assert "(docs/differences.md)" in (TABLE.parent.parent / "README.md").read_text(encoding="utf-8")
