"""What Keras 1 and 2 prepared data with; `pad_sequences` and others live in `minirnn.utils` now."""

from minirnn.compat.modules import names_of
from minirnn.preprocessing import sequence, text
from minirnn.utils.timeseries import timeseries_dataset_from_array

__all__ = ["sequence", "text", "timeseries_dataset_from_array"]

__getattr__ = names_of(__name__)
