"""Keras's older address of `pad_sequences`."""

from minirnn.utils.sequences import pad_sequences

__all__ = ["pad_sequences"]
