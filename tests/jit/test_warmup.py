"""`minirnn.warmup`: compiles in one process what a script needs in the next, says so, and refuses what it cannot do."""

from __future__ import annotations

import re

import pytest
from fresh import run

import minirnn

pytestmark = pytest.mark.needs_jit

# How often the cache answered and how often it did not, over all kernels of a process.
COUNT = """
import gc
from minirnn.jit.compiler import Kernel
stats = [k._dispatcher.stats for k in gc.get_objects() if type(k) is Kernel]
print(sum(sum(s.cache_hits.values()) for s in stats), sum(sum(s.cache_misses.values()) for s in stats))
"""
WARMUP = "import minirnn; seconds = minirnn.warmup('simple_rnn', units=4); print(seconds > 0)"
SILENT = "import minirnn; minirnn.warmup('simple_rnn', units=4, print_fn=None)"
SCRIPT = """
import numpy as np
import minirnn as keras
x = np.arange(60, dtype="float32").reshape(20, 3, 1) / 60
y = x[:, -1, 0]
stack = [keras.layers.SimpleRNN(4, return_sequences=True), keras.layers.SimpleRNN(4)]
model = keras.Sequential([keras.Input((3, 1)), *stack, keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=2, batch_size=6, validation_data=(x, y), verbose=0)
model.evaluate(x, y, verbose=0)
print(np.isfinite(model.predict(x, verbose=0)).all())
"""


@pytest.fixture(scope="module")
def warmed(tmp_path_factory):
    """(cache folder, what the process that compiled printed)"""
    folder = tmp_path_factory.mktemp("cache") / "minirnn"
    return folder, run(WARMUP + COUNT, folder)


def test_warmup_compiles_and_says_what_it_did_and_where_it_is_kept(warmed):
    folder, (ready, kept, positive, counts) = warmed
    assert re.fullmatch(r"simple_rnn\(4\) on 1 feature\(s\), float32: ready in \d+\.\d s", ready)
    (place,) = folder.iterdir()
    assert kept == f"kept in {place}"
    assert positive == "True"
    hits, misses = map(int, counts.split())
    assert hits == 0 and misses == len(list(place.iterdir())) > 0


@pytest.mark.parametrize("program", [WARMUP, SCRIPT], ids=["warmup", "script"])
def test_a_second_process_compiles_nothing(warmed, program):
    folder, first = warmed
    files = sorted(folder.rglob("*"))
    *_, said, counts = run(program + COUNT, folder)
    assert said == "True"
    hits, misses = map(int, counts.split())
    compiled = int(first[-1].split()[1])
    assert misses == 0 < hits
    assert hits == compiled if program is WARMUP else hits <= compiled  # small calls need none of what helpers run
    assert sorted(folder.rglob("*")) == files


def test_warmup_is_silent_where_it_is_asked_to_be(warmed):
    assert run(SILENT, warmed[0]) == []


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"cells": "ltsm"}, ValueError, "must be 'lstm', 'gru' or 'simple_rnn', got 'ltsm'; did you mean 'lstm'?"),
        ({"cells": ["lstm", "rnn"]}, ValueError, "must be 'lstm', 'gru' or 'simple_rnn', got 'rnn'"),
        ({"cells": ["gru"], "units": 0}, ValueError, "units must be at least 1, got 0"),
        ({"cells": ["gru"], "dtype": "float16"}, ValueError, "dtype must be 'float32' or 'float64', got 'float16'"),
        ({"cells": ["gru"], "unit": 3}, TypeError, "GRU got an unknown argument 'unit'"),
    ],
)
def test_what_warmup_cannot_compile_is_refused_in_one_line_before_it_compiles(capsys, arguments, error, words):
    with pytest.raises(error) as caught:
        minirnn.warmup(**arguments)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""
