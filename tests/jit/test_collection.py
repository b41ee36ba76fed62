"""No search for garbage while a kernel is compiled; and again afterwards, whatever happens meanwhile."""

from __future__ import annotations

import gc
import os
import threading

import pytest

from minirnn.jit import compiler


@pytest.mark.parametrize("on", [True, False])
def test_garbage_is_searched_for_afterwards_if_it_was_before(on):
    if not on:
        gc.disable()
    try:
        with compiler._no_collection():
            assert not gc.isenabled()
            with compiler._no_collection():  # a kernel that is compiled for another one
                pass
            assert not gc.isenabled()
        assert gc.isenabled() == on
        with pytest.raises(ZeroDivisionError), compiler._no_collection():
            raise ZeroDivisionError
        assert gc.isenabled() == on
    finally:
        gc.enable()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("on", [True, False])
def test_a_child_that_is_forked_while_another_thread_compiles_searches_for_garbage_as_its_parent(on):
    compiling, done = threading.Event(), threading.Event()

    def compile_something():
        with compiler._compiling, compiler._no_collection():
            compiling.set()
            done.wait(60)

    other = threading.Thread(target=compile_something)
    if not on:
        gc.disable()
    try:
        other.start()
        assert compiling.wait(60)
        child = os.fork()
        if child == 0:
            os._exit(0 if gc.isenabled() == on and compiler._compiling.acquire(blocking=False) else 1)
        done.set()
        other.join()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert gc.isenabled() == on
    finally:
        gc.enable()
