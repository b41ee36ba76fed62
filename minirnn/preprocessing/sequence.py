"""Keras's older address of tools for sequences."""

from minirnn.compat.modules import names_of
from minirnn.preprocessing.timeseries_generator import TimeseriesGenerator, timeseries_generator_from_json
from minirnn.utils.sequences import pad_sequences

__all__ = ["TimeseriesGenerator", "pad_sequences", "timeseries_generator_from_json"]

__getattr__ = names_of(__name__)
