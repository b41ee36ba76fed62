"""minirnn: SimpleRNN, LSTM and GRU from scratch, in NumPy and Numba, under Keras's public names.

`import minirnn as keras` runs a recurrent script. The equations are in `minirnn.gates`: they are the code that runs.
"""

from minirnn import (
    activations,
    callbacks,
    config,
    gates,
    initializers,
    kernels,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    random,
    utils,
)
from minirnn.kernels.threads import get_num_threads, set_num_threads
from minirnn.layers import Input
from minirnn.models import Sequential
from minirnn.warmup import warmup

__version__ = "0.1.0"

__all__ = [
    "Input", "Sequential", "activations", "callbacks", "config", "gates", "get_num_threads", "initializers", "kernels",
    "layers", "losses", "metrics", "models", "optimizers", "random", "set_num_threads", "utils", "warmup",
]  # fmt: skip
