"""What `predict` of one very long sequence needs in memory, beside its input and its output.

    python -m benchmarks.long_sequence STEPS      prints MiB as JSON

The peak of a process that predicts, less what it had resident before with input and output there.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from benchmarks.coldstart import peak_memory
from benchmarks.process import run_apart
from benchmarks.targets import LONG_STEPS
from benchmarks.worker import one_line

FEATURES, UNITS = 8, 32


def beyond_input_and_output(steps: int) -> float:
    """MiB of this process's peak that a `predict` of so many steps adds to the memory of its input and output."""
    import minirnn

    sequence = minirnn.Input((None, FEATURES))
    model = minirnn.Sequential(
        [sequence, minirnn.layers.LSTM(UNITS, return_sequences=True), minirnn.layers.Dense(1)]
    )
    model.predict(np.zeros((1, 2, FEATURES), np.float32), verbose=0)
    # Made in float32: an array of doubles on the way would raise the peak before it is read.
    x = np.random.default_rng(0).standard_normal((1, steps, FEATURES), dtype=np.float32)
    before = peak_memory()
    y = model.predict(x, verbose=0)
    return peak_memory() - before - y.nbytes / 2**20


def growth() -> float:
    """MiB that LONG_STEPS steps need more than a tenth of them. Raises WorkerFailed."""
    few, many = (run_apart("benchmarks.long_sequence", [steps], 1) for steps in (LONG_STEPS // 10, LONG_STEPS))
    return many - few


def main() -> None:
    """Print the MiB as JSON; an error as one line and exit code 1."""
    try:
        print(json.dumps(beyond_input_and_output(int(sys.argv[1]))))
    except Exception as error:
        sys.exit(one_line(error))


if __name__ == "__main__":
    main()
