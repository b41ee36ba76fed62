"""minirnn: SimpleRNN, LSTM and GRU from scratch, in NumPy and Numba, under Keras's public names.

`import minirnn as keras` runs a recurrent script. The equations are in `minirnn.gates`: they are the code that runs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minirnn.compat import modules as _older

_older.install()

__version__ = "0.1.0"

__all__ = [
    "Initializer", "Input", "KerasTensor", "Layer", "Loss", "Metric", "Model", "Optimizer", "Regularizer",
    "Sequential", "activations", "backend", "callbacks", "config", "constraints", "datasets", "gates",
    "get_num_threads", "initializers", "interop", "kernels", "layers", "losses", "metrics", "models", "ops",
    "optimizers", "preprocessing", "random", "regularizers", "saving", "set_num_threads", "study", "utils", "warmup",
]  # fmt: skip

if TYPE_CHECKING:
    from minirnn import (
        activations,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        gates,
        initializers,
        interop,
        kernels,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        preprocessing,
        random,
        regularizers,
        saving,
        study,
        utils,
    )
    from minirnn.ahead import warmup
    from minirnn.initializers import Initializer
    from minirnn.kernels.threads import get_num_threads, set_num_threads
    from minirnn.layers import Input, Layer
    from minirnn.layers.symbolic import KerasTensor
    from minirnn.losses import Loss
    from minirnn.metrics import Metric
    from minirnn.models import Model, Sequential
    from minirnn.optimizers import Optimizer
    from minirnn.regularizers import Regularizer
else:
    # The names that are not modules of this package, and the modules that they come from.
    _HOMES = {
        "Initializer": "minirnn.initializers",
        "Input": "minirnn.layers",
        "KerasTensor": "minirnn.layers.symbolic",
        "Layer": "minirnn.layers",
        "Loss": "minirnn.losses",
        "Metric": "minirnn.metrics",
        "Model": "minirnn.models",
        "Optimizer": "minirnn.optimizers",
        "Regularizer": "minirnn.regularizers",
        "Sequential": "minirnn.models",
        "get_num_threads": "minirnn.kernels.threads",
        "set_num_threads": "minirnn.kernels.threads",
        "warmup": "minirnn.ahead",
    }

    _older_name = _older.names_of(__name__)

    def __getattr__(name: str) -> Any:
        """Import each public name at its first use (PEP 562), so that the command is ready for Ctrl-C before Numba."""
        if name not in __all__:
            return _older_name(name)
        value = getattr(import_module(_HOMES[name]), name) if name in _HOMES else import_module(f"{__name__}.{name}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
