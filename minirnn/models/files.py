"""What a model says when it is asked for a file, until it can write one."""

from __future__ import annotations

from typing import Any, NoReturn

from minirnn.compat.absent import NO_FILES


class NoFiles:
    """`Model` inherits these. Each raises NotImplementedError with a way to keep the model without them."""

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"model.save: {NO_FILES}")

    def save_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"model.save_weights: {NO_FILES}")

    def load_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"model.load_weights: {NO_FILES}")
