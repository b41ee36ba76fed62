"""`predict` over very long sequences: the same outputs, and memory that is that of the input and the output alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from minirnn import Input, Sequential, layers
from minirnn.streaming import long_run
from minirnn.training.run import Run
from minirnn.utils.nested import flatten
from tests.streaming.stream_models import MODELS, inputs

STEPS = 4096 + 700

PROGRAM = """
import resource, sys
import numpy as np
from minirnn import Input, Sequential, layers

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

steps, options = int(sys.argv[1]), {"return_sequences": True}
model = Sequential([Input((None, 2)), layers.LSTM(32, **options), layers.LSTM(32, **options), layers.Dense(1)])
model.predict(np.zeros((1, 8192, 2), "float32"), verbose=0)  # compiled, and every portion's memory made
x = np.ones((1, steps, 2), "float32")
before = peak()
y = model.predict(x, verbose=0)
assert y.shape == (1, steps, 1) and np.isfinite(y).all()
print(peak() - before)
"""


@pytest.mark.parametrize("name", ["lstm_chain", "masked", "causal_convolution", "several", "with_states", "words"])
def test_portions_of_time_make_no_difference(name):
    model = MODELS[name]()
    xs = inputs(model, 2, STEPS)
    run = long_run.long_run(model.graph, tuple(x.shape for x in xs))
    whole = Run(model.graph, tuple(x.shape for x in xs), False).forward(xs)
    for place, (y, expected) in enumerate(zip(run.forward(xs), whole, strict=True)):
        assert y.tobytes() == expected.tobytes(), f"output {place} differs by {np.abs(y - expected).max()}"
    shown = flatten(model.predict(xs if len(xs) > 1 else xs[0], verbose=0))
    assert sorted(y.tobytes() for y in shown) == sorted(y.tobytes() for y in whole)


def test_a_model_that_looks_ahead_takes_long_sequences_whole():
    model = MODELS["after_the_last"]()
    both = Sequential([Input((None, 3)), layers.Bidirectional(layers.LSTM(4))])
    stateful = Sequential([Input((None, 3), batch_size=1), layers.LSTM(4, stateful=True)])
    assert long_run.long_run(both.graph, ((1, STEPS, 3),)) is None
    assert long_run.long_run(stateful.graph, ((1, STEPS, 3),)) is None
    assert long_run.long_run(model.graph, ((1, STEPS, 3),)) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
def test_memory_grows_with_input_and_output_only():
    """Two LSTMs hold 32 numbers a step each, the output 1: held for all steps they were 51 MB, and are not."""
    steps = 200_000
    grown = int(subprocess.check_output([sys.executable, "-c", PROGRAM, str(steps)], text=True))
    outputs = steps * 4
    assert grown <= 4 * outputs, f"predict took {grown / 2**20:.1f} MiB for an output of {outputs / 2**20:.1f} MiB"
