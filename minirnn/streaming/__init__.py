"""Floor 5: models one step of time at a time: `model.stream()`, and sequences too long to be held whole."""

from minirnn.streaming.state import State
from minirnn.streaming.stream import Stream, Streaming

__all__ = ["State", "Stream", "Streaming"]
