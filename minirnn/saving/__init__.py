"""Models in files: Keras's formats, read without running anything that they hold, and written all or nothing."""

from __future__ import annotations

from minirnn.compat.modules import names_of
from minirnn.files.errors import ModelFileError
from minirnn.files.model_file import load_model, save_model, save_weights
from minirnn.files.weights_file import Verified
from minirnn.files.weights_loading import load_weights
from minirnn.saving.verifying import verify

__all__ = ["ModelFileError", "Verified", "load_model", "load_weights", "save_model", "save_weights", "verify"]

__getattr__ = names_of(__name__)
