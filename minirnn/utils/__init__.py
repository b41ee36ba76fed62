"""Small tools of the public face, under the names that Keras gives them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minirnn.random import set_random_seed

__all__ = ["model_to_dot", "plot_model", "set_random_seed"]

if TYPE_CHECKING:
    from minirnn.models.dot import model_to_dot
    from minirnn.models.plot import plot_model
else:
    # What stands on higher floors is imported at its first use (PEP 562): these import this package themselves.
    _HOMES = {"model_to_dot": "minirnn.models.dot", "plot_model": "minirnn.models.plot"}

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
