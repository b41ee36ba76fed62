"""Small tools of the public face, under the names that Keras gives them; `sliding_windows` is minirnn's own."""

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
    "Progbar", "PyDataset", "Sequence", "normalize", "pad_sequences", "set_random_seed", "sliding_windows",
    "split_dataset", "timeseries_dataset_from_array", "to_categorical",
]  # fmt: skip

__getattr__ = names_of(__name__)
