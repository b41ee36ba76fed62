"""Keras's older address of tools that live in `minirnn.utils`."""

from minirnn.preprocessing import sequence
from minirnn.utils.timeseries import timeseries_dataset_from_array

__all__ = ["sequence", "timeseries_dataset_from_array"]
