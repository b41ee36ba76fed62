"""Older spellings warn once in a process: each test begins as a new one."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager

import pytest

from minirnn.compat import spelling


@pytest.fixture(autouse=True)
def nothing_was_warned_about():
    spelling.forget_warnings()
    yield
    spelling.forget_warnings()


@pytest.fixture
def older():
    """`with older() as warned: ..`: the older spellings that a block warned about, `warned()` with their new ones."""

    @contextmanager
    def block():
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            yield lambda: [tuple(str(w.message).split(" is an older spelling: write ")) for w in found]
        for warning in found:
            assert warning.category is DeprecationWarning, warning
            assert "/minirnn/" not in warning.filename and warning.filename.endswith(".py"), warning

    return block


@pytest.fixture
def without_keras():
    """A process in which Keras was not imported, until the test ends."""
    hidden = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "keras"}
    for name in hidden:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "keras"]:
        del sys.modules[name]
    sys.modules.update(hidden)
