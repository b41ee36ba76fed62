"""Data that comes with the package."""

from typing import Any

from minirnn.compat.absent import absent_dataset
from minirnn.datasets.air_passengers import load_air_passengers

__all__ = ["load_air_passengers"]


def __getattr__(name: str) -> Any:
    return absent_dataset(name)
