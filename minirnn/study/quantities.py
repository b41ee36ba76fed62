"""`Quantities`: arrays by name, one number for each row, step and unit; and the ways to take them elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from minirnn.choices import closest
from minirnn.files.atomic import replace_file

Array = NDArray[Any]
AXES = ("row", "step", "unit")


class Quantities(Mapping[str, Array]):
    """Arrays (rows, steps, units) by name, `q["f"]` or `q.f`, of one recurrent layer.

    name          of the layer, `bidirectional/forward_lstm` for one within another
    kind          the class of the layer, such as "LSTM"
    rows, steps, units   which ones these are: numbers along each axis
    input_steps   the step of the input that each step has read: counted from the end where the layer goes backwards
    gates         names of the gates, valves first; `valves` are those between 0 and 1
    """

    def __init__(
        self, name: str, kind: str, arrays: dict[str, Array], places: tuple[Array, Array, Array], length: int,
        gates: tuple[str, ...], valves: tuple[str, ...], backwards: bool,
    ) -> None:  # fmt: skip
        self.name, self.kind, self.gates, self.valves = name, kind, gates, valves
        self.rows, self.steps, self.units = places
        self.length = length
        self.input_steps = length - 1 - self.steps if backwards else self.steps
        self._arrays = arrays

    # --- arrays by name ---

    def __getitem__(self, name: str) -> Array:
        try:
            return self._arrays[name]
        except KeyError:
            raise KeyError(f"{self.name} has no quantity {name!r}; it has {', '.join(self)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __getattr__(self, name: str) -> Array:
        arrays = self.__dict__.get("_arrays", {})
        if name not in arrays:
            raise AttributeError(f"{type(self).__name__} has no quantity {name!r}; it has {', '.join(arrays)}")
        return arrays[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})

    def __repr__(self) -> str:
        rows, steps, units = (len(places) for places in (self.rows, self.steps, self.units))
        size = f"{rows} row(s), {steps} step(s), {units} unit(s)"
        return f"<{type(self).__name__} of {self.name} ({self.kind}): {size}; {', '.join(self)}>"

    # --- elsewhere ---

    def to_dict(self) -> dict[str, Array]:
        """The arrays by name, not copied."""
        return dict(self._arrays)

    def to_npz(self, path: Any) -> None:
        """Write the arrays into a file of NumPy's, with `rows`, `steps` and `units`; `numpy.load` reads it."""
        _write(path, {**self._arrays, "rows": self.rows, "steps": self.steps, "units": self.units})

    def to_dataframe(self) -> Any:
        """A pandas DataFrame: a column for each quantity, a line for each row, step and unit.

        Raises ImportError without pandas.
        """
        index = pandas().MultiIndex.from_product((self.rows, self.steps, self.units), names=AXES)
        return pandas().DataFrame({name: array.ravel() for name, array in self.items()}, index)


Q = TypeVar("Q", bound=Quantities)


class ByLayer(Mapping[str, Q], Generic[Q]):
    """The quantities of each recurrent layer, by the layer's name; `only` is that of a model with one."""

    def __init__(self, layers: dict[str, Q]) -> None:
        self._layers = layers

    def __getitem__(self, name: str) -> Q:
        try:
            return self._layers[name]
        except KeyError:
            hint = closest(name, self)
            raise KeyError(f"no recurrent layer {name!r} was traced; there is {', '.join(self)}{hint}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self)}>"

    @property
    def only(self) -> Q:
        """The one layer's. ValueError if there are several."""
        if len(self) != 1:
            raise ValueError(f"there are {len(self)} recurrent layers ({', '.join(self)}): name one of them")
        return next(iter(self._layers.values()))

    def to_dict(self) -> dict[str, Array]:
        """All arrays by `layer/name`, not copied."""
        return {f"{layer}/{name}": array for layer, found in self.items() for name, array in found.items()}

    def to_npz(self, path: Any) -> None:
        """Write all arrays into a file of NumPy's under `layer/name`, with rows, steps and units of each layer."""
        places = {
            f"{layer}/{axis}s": getattr(found, f"{axis}s") for layer, found in self.items() for axis in AXES
        }  # fmt: skip
        _write(path, {**self.to_dict(), **places})

    def to_dataframe(self) -> Any:
        """A pandas DataFrame as that of each layer, with the layers below each other. ImportError without pandas."""
        frames = {layer: found.to_dataframe() for layer, found in self.items()}
        return pandas().concat(frames, names=["layer"])


def pandas() -> Any:
    """The module, or ImportError in one line."""
    try:
        return import_module("pandas")
    except ImportError:
        raise ImportError("to_dataframe needs pandas; install it with: pip install pandas") from None


def _write(path: Any, arrays: dict[str, Any]) -> None:
    path, written = Path(path), io.BytesIO()
    np.savez(written, **arrays)
    replace_file(path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz"), [written.getbuffer()])
