"""`Static`, `kernel` and `inline`: what Python sees of them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from minirnn.jit import JIT_ENABLED, Static, inline, kernel


@inline
def double(x):
    return 2.0 * x


@inline
def square(x):
    return x * x


@kernel
def apply_to_all(static, x):
    """x = function(x) + shift, and the number of columns"""
    for k in range(x.size):
        x[k] = static.function(x[k]) + static.shift
    return len(static.columns)


def test_statics_of_one_key_are_one_object():
    assert Static(("test", "one")) is Static(("test", "one"))
    assert Static(("test", "one")) is not Static(("test", "two"))


def test_a_static_shows_its_key():
    assert repr(Static(("test", "shown"))) == "Static(test, shown)"


@pytest.mark.parametrize(("function", "expected"), [(double, [3.0, 5.0]), (square, [2.0, 5.0])])
def test_a_kernel_is_compiled_for_the_functions_and_numbers_of_its_static(function, expected):
    static = Static(("test", function.__name__, "1"), function=function, shift=1.0, columns=(0, 0, 0))
    x = np.array([1.0, 2.0])
    assert apply_to_all(static, x) == 3
    assert x.tolist() == expected


def test_a_kernel_keeps_its_name_and_docstring():
    assert apply_to_all.__name__ == "apply_to_all"
    assert apply_to_all.__doc__.startswith("x = function(x)")


def test_an_inline_function_stays_the_plain_function_in_python():
    assert double(np.float32(2)) == 4
    np.testing.assert_array_equal(square(np.arange(3)), [0, 1, 4])


@pytest.mark.needs_jit
def test_specialising_for_equal_types_compiles_once():
    static = Static(("test", "double", "1"), function=double, shift=1.0, columns=(0, 0, 0))
    first = apply_to_all.specialise(static, np.zeros(2))
    assert apply_to_all.specialise(static, np.ones(7)) is first
    assert apply_to_all.specialise(static, np.zeros(2, np.float32)) is not first


def test_threads_that_specialise_at_once_get_one_callable():
    static = Static(("test", "at once"), function=square, shift=0.5, columns=())
    begin, found = threading.Barrier(4), []

    def specialise():
        begin.wait()
        found.append(apply_to_all.specialise(static, np.zeros(2)))

    threads = [threading.Thread(target=specialise) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(f is found[0] for f in found)


def test_without_the_jit_a_kernel_is_its_python_function():
    static = Static(("test", "at once"), function=square, shift=0.5, columns=())
    assert (apply_to_all.specialise(static, np.zeros(2)) is apply_to_all.function) == (not JIT_ENABLED)
