"""A model and its files: `Model` inherits these."""

from __future__ import annotations

from typing import Any

from minirnn.compat import spelling
from minirnn.files import model_file, weights_loading


class Files:
    """`save`, `save_weights` and `load_weights`, in Keras's formats; `models.load_model` reads whole models."""

    @spelling.names_nearest
    def save(self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write the whole model to a `.keras` file, which Keras 3 reads, too.

        That is the architecture, the weights, what it was compiled with, and what the optimizer keeps, so that training
        goes on where it stopped. A `.weights.h5` path gets the weights alone, one that ends in `.h5` the whole model in
        the format of Keras 2. Raises as `saving.save_model` does.
        """
        if str(filepath).endswith(".weights.h5"):
            model_file.save_weights(self, filepath, overwrite)
        else:
            model_file.save_model(self, filepath, overwrite, include_optimizer)

    @spelling.names_nearest
    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to a `.weights.h5` file, which Keras 3 reads, too. Raises as `saving.save_weights` does."""
        model_file.save_weights(self, filepath, overwrite)

    @spelling.names_nearest
    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **options: Any) -> None:
        """Take the weights of a `.weights.h5`, `.keras` or older `.h5` file. Raises as `saving.load_weights`."""
        weights_loading.load_weights(self, filepath, skip_mismatch, **options)
