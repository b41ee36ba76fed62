"""Lambda: a function as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from minirnn.layers.layer import Layer
from minirnn.layers.own import OwnCalls
from minirnn.layers.tracing import takes


class Lambda(Layer):
    """y = function(x, **arguments), a Python function of NumPy arrays: for inference only.

    The function may name `mask` and `training`. The output's shape is found by a trial unless `output_shape` says it:
    a tuple without the batch, or a function of the batch shape. `mask` is the mask of the output, or a function
    (x, mask) that gives it; without it there is none.

    Training through it raises NotImplementedError, since a function does not know its derivative: write a `Layer` with
    call and backward. So does its configuration, and `from_config` a ValueError: files carry no code here, as Python
    code in a file runs with all the rights of whoever loads it.

    >>> import numpy as np
    >>> Lambda(lambda x: x**2)(np.array([[3.0]]))
    array([[9.]], dtype=float32)
    """

    own_call, own_methods = True, OwnCalls

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Lambda takes a function, got {type(function).__name__}")
        self.function, self.arguments = function, dict(arguments or {})
        self.mask, self._given_shape = mask, output_shape
        self.supports_masking = mask is not None

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """The function's result on arrays."""
        offered = {"mask": mask, "training": training}
        given = {name: value for name, value in offered.items() if takes(self.function, name)}
        return self.function(inputs, **{**self.arguments, **given})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What `mask` says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> NoReturn:
        raise NotImplementedError(f"{self.name}: a Lambda has no configuration, as it is Python code; write a Layer")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> NoReturn:
        """Refused: ValueError."""
        raise ValueError("a Lambda is Python code and is not loaded; write a Layer with call and backward in its place")
