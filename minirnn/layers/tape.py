"""`Tape`, a layer's scratch memory for one batch shape."""

from __future__ import annotations

from types import SimpleNamespace


class Tape(SimpleNamespace):
    """What one layer leaves for its backward pass, and the memory both passes work in: arrays by name."""
