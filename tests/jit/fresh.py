"""Runs a few lines in a fresh process with a kernel cache of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Compiles one small kernel, and says what it gave, how often the cache answered, and which warnings there were.
SOFTMAX = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import numpy as np
    from minirnn.kernels.dense import softmax_backward, softmax_forward
    y = np.zeros((2, 3))
    softmax_forward(np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, 0.0]]), y)
    dx = np.zeros((2, 3))
    softmax_backward(np.arange(6.0).reshape(2, 3), y, dx)
print(y.tobytes().hex(), dx.tobytes().hex())
stats = [k._dispatcher.stats for k in (softmax_forward, softmax_backward)]
print(sum(sum(s.cache_hits.values()) for s in stats), sum(sum(s.cache_misses.values()) for s in stats))
print([(w.category.__name__, str(w.message)) for w in caught])
"""

# A small layer of every kind in both dtypes: its outputs and gradients, a line for each array, with every digit.
EVERY_LAYER = """
import numpy as np
from minirnn import layers
from minirnn.kernels import vec
print(vec.VECTOR_BYTES)
B, T, F, U = 5, 3, 2, 19
every = {
    "LSTM": (layers.LSTM, {"return_sequences": True}),
    "GRU": (layers.GRU, {"return_sequences": True}),
    "GRU reset before": (layers.GRU, {"return_sequences": True, "reset_after": False}),
    "SimpleRNN": (layers.SimpleRNN, {"return_sequences": True}),
    "Dense": (layers.Dense, {"activation": "tanh"}),
}
for dtype in "float32", "float64":
    for name, (kind, options) in every.items():
        random = np.random.default_rng(0)
        layer = kind(U, dtype=dtype, **options)
        layer.build((None, T, F))
        layer.set_weights([random.normal(0, 0.5, w.shape) for w in layer.weights])
        x, dy = random.normal(size=(B, T, F)), random.normal(size=(B, T, U))
        mask = {} if name == "Dense" else {"mask": random.random((B, T)) < 0.7}
        dx, d_weights, *d_states = layer.vjp(x, dy, **mask)
        for a in [layer(x, **mask), dx, *d_weights, *(d_states[0] if d_states else [])]:
            print(dtype, name, *map(float.hex, a.astype("float64").ravel().tolist()), sep=",")
"""


def start(program: str, folder: Path | str, **environment: str) -> subprocess.Popen:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "MINIRNN_", "COV"))}
    own = {"MINIRNN_CACHE_DIR": str(folder), "MINIRNN_COMPILERS": "1", "PYTHONPATH": str(ROOT)}
    environment = inherited | own | environment
    return subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen) -> list[str]:
    """The lines that the process printed; an error if it failed."""
    with process:
        try:
            out, err = process.communicate(timeout=600)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 0, err
    return out.splitlines()


def run(program: str, folder: Path | str, **environment: str) -> list[str]:
    return finish(start(program, folder, **environment))
