"""Small tools of the public face, under the names that Keras gives them; `sliding_windows` is minirnn's own."""

from importlib import import_module
from typing import Any

from minirnn.compat.modules import names_of
from minirnn.random import set_random_seed
from minirnn.utils.numerical import normalize, to_categorical
from minirnn.utils.progbar import Progbar
from minirnn.utils.py_dataset import PyDataset, Sequence
from minirnn.utils.sequences import pad_sequences
from minirnn.utils.splitting import split_dataset
from minirnn.utils.timeseries import timeseries_dataset_from_array
from minirnn.utils.windows import sliding_windows

__all__ = [
    "Progbar", "PyDataset", "Sequence", "model_to_dot", "normalize", "pad_sequences", "plot_model", "set_random_seed",
    "sliding_windows", "split_dataset", "timeseries_dataset_from_array", "to_categorical",
]  # fmt: skip

# What needs models, which stand on a higher floor and import this package themselves: found at its first use (PEP 562).
_HOMES = {"model_to_dot": "minirnn.models.dot", "plot_model": "minirnn.models.plot"}
_older_name = names_of(__name__)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        return _older_name(name)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
