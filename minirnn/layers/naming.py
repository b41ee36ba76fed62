"""Names of layers and metrics, counted as Keras counts them, and the lock under which layers are named and built."""

from __future__ import annotations

import os
import re
import threading
from collections import defaultdict

_counts: dict[str, int] = defaultdict(int)
_lock = threading.RLock()


def one_thread() -> threading.RLock:  # type: ignore[valid-type]
    """The lock under which layers are named and built: two threads may make the first call of a model at once."""
    return _lock


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    # A child process has none of the threads that may have held it.
    os.register_at_fork(after_in_child=_renew_lock)


def unique_name(class_name: str) -> str:
    """lstm, lstm_1, lstm_2 .. in the order of creation; max_pooling1d for MaxPooling1D."""
    base = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", class_name).lower()
    with one_thread():
        number = _counts[base]
        _counts[base] += 1
    return f"{base}_{number}" if number else base


def counts() -> dict[str, int]:
    """How many names of each kind were given, a copy."""
    return dict(_counts)


def set_counts(counts: dict[str, int]) -> None:
    """Go on counting from there."""
    _counts.clear()
    _counts.update(counts)


def reset_names() -> None:
    """Begin again at lstm, dense .. (Keras's clear_session)."""
    _counts.clear()
