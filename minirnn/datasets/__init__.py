"""Data that comes with the package."""

from minirnn.datasets.air_passengers import load_air_passengers

__all__ = ["load_air_passengers"]
