"""`Metric`: what every metric is. Totals are float64, updated batch by batch and read at the end of an epoch."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minirnn import initializers
from minirnn.compat import spelling
from minirnn.config import check_dtype
from minirnn.layers.naming import unique_name
from minirnn.metrics.variable import MetricVariable


class Metric:
    """What every metric is: `update_state` for each batch, `result`, and `reset_state` for the next epoch.

    `direction` says what an improvement is: "down", "up", or None where it cannot be known. A metric of your own
    defines `update_state(y_true, y_pred, sample_weight=None)` and `result()`, and keeps what it counts in variables of
    `add_weight`, or defines `reset_state()`.
    """

    direction: Literal["up", "down"] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        spelling.check_arguments(cls)

    @spelling.names_nearest
    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or unique_name(type(self).__name__)  # auc, auc_1 .., counted as those of layers
        self.dtype = check_dtype(dtype)
        self.variables: list[MetricVariable] = []

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> MetricVariable:
        """A new variable for `update_state` to change; it begins as the initializer says, by default with zeros.

        `dtype` is that of the metric unless given, any of NumPy's. Called as `add_weight("total")` it has the name.
        """
        if isinstance(shape, str):
            spelling.warn_once("add_weight(name)", "add_weight(name=name)")
            shape, name = (), shape
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        values = (initializers.get(initializer) or initializers.Zeros())(shape, dtype=self.dtype)
        initial = np.array(values, dtype=self.dtype if dtype is None else dtype)
        self.variables.append(MetricVariable(name or f"variable_{len(self.variables)}", initial))
        return self.variables[-1]

    def add_variable(self, shape: Any, initializer: Any, dtype: Any = None, name: str | None = None) -> MetricVariable:
        """The same as `add_weight`."""
        return self.add_weight(shape, initializer, dtype, name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define update_state(y_true, y_pred, sample_weight=None)")

    def result(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def reset_state(self) -> None:
        """Let every variable be as it was at first (in Keras: 0)."""
        if not self.variables:
            raise NotImplementedError(
                f"{type(self).__name__} must define reset_state(), or keep its numbers in variables of add_weight()"
            )
        for variable in self.variables:
            variable.reset()

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
