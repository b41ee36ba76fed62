"""`Metric`: what every metric is. Totals are float64, updated batch by batch and read at the end of an epoch."""

from __future__ import annotations

from typing import Any, Literal

from minirnn.config import check_dtype
from minirnn.layers.layer import unique_name


class Metric:
    """What every metric is: `update_state` for each batch, `result`, and `reset_state` for the next epoch.

    `direction` says what an improvement is: "down", "up", or None where it cannot be known. A metric of your own
    defines `update_state(y_true, y_pred, sample_weight=None)`, `result()` and `reset_state()`.
    """

    direction: Literal["up", "down"] | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or unique_name(type(self).__name__)  # auc, auc_1 .., counted as those of layers
        self.dtype = check_dtype(dtype)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define update_state(y_true, y_pred, sample_weight=None)")

    def result(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def reset_state(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define reset_state()")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Update, and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
