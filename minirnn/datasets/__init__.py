"""Data that comes with the package."""

from minirnn.compat.modules import names_of
from minirnn.datasets.air_passengers import load_air_passengers

__all__ = ["load_air_passengers"]

__getattr__ = names_of(__name__)
