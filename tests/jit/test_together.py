"""Compiling on two processors: the same results, less to do for this process, nothing lost whatever the helper does."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from fresh import run
from numba import types

from minirnn.jit import ArrayType, Static, cache, compiler, kernel, together
from minirnn.jit.compiler import Kernel
from minirnn.jit.together import compiled_together
from minirnn.kernels.optimizer_options import clip, decay, scale

pytestmark = pytest.mark.needs_jit

# Trains one step; says how many kernels were compiled here and how many found on disk, and every weight.
TRAIN = """
import gc, sys
import numpy as np
import minirnn as keras
from minirnn.jit import Kernel
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((3, 1)), keras.layers.SimpleRNN(4), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.train_on_batch(np.ones((2, 3, 1)), np.ones((2, 1)))
stats = [k._dispatcher.stats for k in gc.get_objects() if type(k) is Kernel]
print(sum(sum(s.cache_misses.values()) for s in stats), sum(sum(s.cache_hits.values()) for s in stats))
print([w.tobytes().hex() for w in model.get_weights()])
"""


def counts(lines):
    return tuple(map(int, lines[0].split()))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="one processor")
def test_a_first_fit_is_compiled_by_two_processes_and_gives_what_one_gives(tmp_path):
    alone = run(TRAIN, tmp_path / "one")
    both = run(TRAIN, tmp_path / "two", MINIRNN_COMPILERS="2")
    again = run(TRAIN, tmp_path / "two", MINIRNN_COMPILERS="2")
    assert alone[1] == both[1] == again[1]
    (here, found), every = counts(both), counts(alone)[0]
    assert counts(alone) == (every, 0) and counts(again) == (0, every)
    assert here + found == every and found > 0
    kept = [sorted(file.name for file in (tmp_path / name).rglob("*.bin")) for name in ("one", "two")]
    assert kept[0] == kept[1] and len(kept[0]) == every


# --- in this process: three small kernels, compiled anew ------------------------------------------------------------


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A function that makes something of small kernels that are not compiled yet, kept in a folder of their own."""
    monkeypatch.setenv("MINIRNN_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("MINIRNN_COMPILERS")
    monkeypatch.setattr(together, "_may_have_help", lambda: True)
    monkeypatch.setattr(cache, "_settled", False)
    monkeypatch.setattr(cache, "_folder", None)
    new = {Kernel(k.function): (np.ones(3), 0.1, 0, 3) for k in (scale, clip, decay)}
    for k in new:  # the helper finds them by name
        monkeypatch.setattr(sys.modules[k.function.__module__], k.__name__, k)
    return lambda: [k.specialise(*a) for k, a in new.items()], list(new)


def compiled_here(kernels):
    return sum(sum(k._dispatcher.stats.cache_misses.values()) for k in kernels)


def helper_of(monkeypatch, program):
    """Let the helper be another program."""
    start = subprocess.Popen
    started = []

    def popen(arguments, **options):
        started.append(start([arguments[0], "-c", program], **options))
        return started[-1]

    monkeypatch.setattr(together.subprocess, "Popen", popen)
    return started


def test_kernels_that_the_helper_has_compiled_are_found(small):
    make, kernels = small
    assert all(map(callable, compiled_together(make)))
    assert compiled_here(kernels) < len(kernels)


@pytest.mark.parametrize(
    "program",
    ["raise SystemExit(1)", "import sys; sys.stdin.close()", "import sys; sys.stdin.buffer.read(10); sys.exit()"],
    ids=["it ends", "it does not read", "it ends while it compiles"],
)
def test_a_helper_that_fails_costs_nothing(small, monkeypatch, program):
    make, kernels = small
    started = helper_of(monkeypatch, program)
    assert all(map(callable, compiled_together(make)))
    assert compiled_here(kernels) == len(kernels)
    assert [process.poll() is not None for process in started] == [True]


def test_a_helper_that_is_stuck_is_not_waited_for(small, monkeypatch):
    make, kernels = small
    started = helper_of(monkeypatch, "import time; time.sleep(1000)")
    monkeypatch.setattr(together, "PATIENCE", 0.1)
    assert all(map(callable, compiled_together(make)))
    assert compiled_here(kernels) == len(kernels)
    assert started[0].poll() is not None


def test_an_error_while_compiling_ends_the_helper_and_is_told(small, monkeypatch):
    make, _ = small
    started = helper_of(monkeypatch, "import time; time.sleep(1000)")

    def refused(self, signature):
        raise KeyboardInterrupt

    monkeypatch.setattr(Kernel, "compile", refused)
    with pytest.raises(KeyboardInterrupt):
        compiled_together(make)
    assert started[0].poll() is not None
    assert compiler.collecting.wanted is None


def test_a_kernel_that_has_no_name_is_compiled_here(small, monkeypatch):
    def nameless(x):
        x[0] = 1.0

    make, kernels = small
    own = kernel(nameless)
    run_own, *_ = compiled_together(lambda: [own.specialise(np.zeros(2)), *make()])
    x = np.zeros(2)
    run_own(x)
    assert x[0] == 1.0 and compiled_here([own]) == 1


# --- when there is none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["told", "one processor", "embedded", "no folder"])
def test_no_helper_is_started_where_it_could_not_help(small, monkeypatch, why):
    monkeypatch.undo()
    if why == "told":
        monkeypatch.setenv("MINIRNN_COMPILERS", "1")
    else:
        monkeypatch.delenv("MINIRNN_COMPILERS")
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
        assert together._may_have_help()
    if why == "one processor":
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
    elif why == "embedded":
        monkeypatch.setattr(sys, "executable", "/usr/bin/editor")
    elif why == "no folder":
        monkeypatch.setattr(cache, "folder", lambda: None)
    assert not together._may_have_help()


def test_what_is_there_is_made_once(small):
    make, _ = small
    made = make()
    calls = []
    assert compiled_together(lambda: [calls.append(1), *make()])[1:] == made
    assert calls == [1]


def test_nothing_runs_while_kernels_are_only_looked_for():
    def zero(x):
        x[0] = 0.0

    own = kernel(zero)
    with pytest.raises(RuntimeError, match="make memory, run nothing"):
        compiled_together(lambda: own(np.ones(2)))
    assert compiler.collecting.wanted is None


def test_a_static_is_the_same_after_it_was_told():
    import pickle

    cell = Static(("of test_together",), one=1)
    assert pickle.loads(pickle.dumps(cell)) is cell


def test_the_helper_answers_each_kernel_with_a_line(small, tmp_path):
    _, kernels = small
    told = together._told(kernels[0], (ArrayType(types.float64, 1), types.float64, types.intp, types.intp), ())
    answer = subprocess.run(
        [sys.executable, "-c", "from minirnn.jit.together import serve; serve()"], input=told, capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=600,
    )  # fmt: skip
    assert (answer.stdout, answer.returncode) == (b"\n", 0), answer.stderr
    assert len(list(tmp_path.rglob("*.bin"))) == 1


def test_no_warning_is_given(small):
    make, _ = small
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled_together(make)
