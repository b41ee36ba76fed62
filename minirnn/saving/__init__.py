"""Models in files: Keras's formats, read without running anything that they hold, and written all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minirnn.files.errors import ModelFileError
from minirnn.files.model_file import load_model, load_weights, opened, save_model, save_weights
from minirnn.files.weights_file import Verified

__all__ = ["ModelFileError", "Verified", "load_model", "load_weights", "save_model", "save_weights", "verify"]


def verify(filepath: Any, custom_objects: Mapping[str, Any] | None = None, *, max_bytes: int | None = None) -> Verified:
    """Load a `.keras` file and say what was verified of it: `digest`, `test_vector`.

    Both are False for a file of Keras, which has neither. Raises ModelFileError as `load_model` does.

    >>> verify("model.keras")  # doctest: +SKIP
    Verified(digest=True, test_vector=True)
    """
    return opened(filepath, custom_objects, False, max_bytes)[1]
