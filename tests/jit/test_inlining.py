"""`inline` functions: no machine code of their own, whichever way a kernel reaches them."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.codegen import JITCodeLibrary

from minirnn.jit import inline, kernel

pytestmark = pytest.mark.needs_jit


@inline
def plus_one(x):
    return x + 1.0


@inline
def plus_two(x):
    return plus_one(plus_one(x))


@inline
def positive(x):
    if x < 0.0:
        raise ValueError("a negative number")
    return x


@kernel
def by_two_paths(x):
    for k in range(x.size):
        x[k] = plus_two(x[k]) * plus_one(x[k])


@kernel
def by_another_kernel(x):
    for k in range(x.size):
        x[k] = plus_two(x[k])


@kernel
def checked(x):
    for k in range(x.size):
        x[k] = plus_one(positive(x[k]))


@pytest.fixture
def emitted(monkeypatch):
    """The names of the libraries of which machine code is made, in order."""
    names = []
    emit = JITCodeLibrary._finalize_specific
    monkeypatch.setattr(JITCodeLibrary, "_finalize_specific", lambda self: names.append(self.name) or emit(self))
    # Compiled in this process, whatever the cache holds.
    for one in (by_two_paths, by_another_kernel, checked):
        monkeypatch.setattr(one._dispatcher._cache, "load_overload", lambda *_: None)
    return names


def test_machine_code_is_made_of_kernels_only(emitted):
    x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0])
    by_two_paths(x)
    by_another_kernel(y)
    assert (x.tolist(), y.tolist()) == ([2.0, 6.0, 12.0], [2.0, 3.0])
    assert [name for name in emitted if "plus" in name] == []
    assert {"by_two_paths", "by_another_kernel"} <= set(emitted)


def test_an_error_raised_in_an_inline_function_reaches_who_called_the_kernel(emitted):
    x = np.array([1.0, -1.0])
    with pytest.raises(ValueError, match="a negative number"):
        checked(x)
    assert x.tolist() == [2.0, -1.0]
