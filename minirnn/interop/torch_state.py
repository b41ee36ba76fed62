"""What a state dict of PyTorch tells: which modules it holds, and that their arrays fit together.

A name is the path of a module and that of its parameter, "encoder.lstm.weight_ih_l0"; nn.RNN, nn.LSTM and nn.GRU are
told apart by how many gates their recurrent weights (gates * units, units) hold.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from minirnn.files.errors import ModelFileError, shown
from minirnn.files.limits import MOST_LAYERS
from minirnn.interop.torch_gates import KINDS

RECURRENT = tuple(KINDS.values())
_OF_RNN = re.compile(r"(weight|bias)_(ih|hh|hr)_l(0|[1-9][0-9]{0,3})(_reverse)?")
_KNOWN = "parameters of nn.RNN, nn.LSTM, nn.GRU, nn.Linear and nn.Embedding"


@dataclass
class Part:
    """One module: its path, the class of layers that it becomes, its parameters by their own names, and options.

    A part without parameters is a function, such as an activation.
    """

    name: str
    kind: str
    parameters: dict[str, NDArray[Any]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def layers(self) -> int:
        """How many recurrent layers lie over each other."""
        return 1 + max(int(_OF_RNN.fullmatch(name)[3]) for name in self.parameters)  # type: ignore[index]

    @property
    def directions(self) -> tuple[str, ...]:
        """The ends of the parameters' names: one for each direction."""
        return ("", "_reverse") if any(name.endswith("_reverse") for name in self.parameters) else ("",)

    @property
    def units(self) -> int:
        """Of one layer in one direction; of a Dense or Embedding its width."""
        if self.kind in RECURRENT:
            return self.parameters["weight_hh_l0"].shape[1]
        return self.parameters["weight"].shape[0 if self.kind == "Dense" else 1]

    @property
    def width(self) -> int:
        """The features of what it gives."""
        return self.units * (len(self.directions) if self.kind in RECURRENT else 1)

    @property
    def features(self) -> int:
        """The features of what it takes."""
        return self.parameters["weight_ih_l0" if self.kind in RECURRENT else "weight"].shape[1]

    @property
    def has_bias(self) -> bool:
        return any(name.startswith("bias") for name in self.parameters)


def parts_of(arrays: Mapping[str, NDArray[Any]], embeddings: Collection[str] = ()) -> dict[str, Part]:
    """The modules of a state dict by their paths, in its order, each checked by itself.

    `embeddings` are the paths of those that are no nn.Linear, whose lone `weight` looks alike. Raises ModelFileError
    for parameters of other modules, for missing ones and for wrong shapes, by name.
    """
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for name, array in arrays.items():
        path, _, parameter = name.rpartition(".")
        found.setdefault(path, {})[parameter] = array
    for path in embeddings:
        if set(found.get(path, ())) != {"weight"}:
            raise ModelFileError("embeddings", f"{shown(path)!r}", f"a module of one weight: {_listed(found)}")
    if not found:
        raise ModelFileError("", "no arrays", _KNOWN)
    if len({array.dtype for array in arrays.values()}) > 1:
        raise ModelFileError("", "float32 and float64", "arrays of one dtype")
    parts = {path: _part(path, parameters, path in embeddings) for path, parameters in found.items()}
    if sum(part.layers for part in parts.values() if part.kind in RECURRENT) > MOST_LAYERS:
        raise ModelFileError("", "too many layers", f"at most {MOST_LAYERS}")
    return parts


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) or "there are none"


def _part(path: str, parameters: dict[str, NDArray[Any]], embedding: bool) -> Part:
    if all(_OF_RNN.fullmatch(name) for name in parameters):
        return _recurrent(path, parameters)
    if set(parameters) - {"weight", "bias"}:
        others = [name for name in parameters if name not in ("weight", "bias")]
        unknown = next((name for name in others if not _OF_RNN.fullmatch(name)), others[0])
        raise ModelFileError(_joined(path, unknown), "a parameter of another module", _KNOWN)
    shape = parameters["weight"].shape if "weight" in parameters else ()
    if len(shape) != 2:
        raise ModelFileError(_joined(path, "weight"), f"shape {shape}", "two axes, as of nn.Linear")
    part = Part(path, "Embedding" if embedding else "Dense", parameters)
    if part.has_bias:
        _check_shape(part, "bias", (part.units,))
    return part


def _recurrent(path: str, parameters: dict[str, NDArray[Any]]) -> Part:
    """The part of an nn.RNN, nn.LSTM or nn.GRU."""
    for name in parameters:
        if "_hr_" in name:
            raise ModelFileError(_joined(path, name), "a projection (proj_size)", "an LSTM without, as Keras has it")
    shape = parameters["weight_hh_l0"].shape if "weight_hh_l0" in parameters else ()
    if len(shape) != 2 or shape[0] % shape[1] or shape[0] // shape[1] not in KINDS:
        expected = "1 (nn.RNN), 3 (nn.GRU) or 4 (nn.LSTM) times as many rows as columns"
        raise ModelFileError(_joined(path, "weight_hh_l0"), f"shape {shape}" if shape else "nothing", expected)
    gates, units = shape[0] // shape[1], shape[1]
    part = Part(path, KINDS[gates], parameters)
    wanted = dict(_shapes(part, gates * units))
    for name in wanted:
        if name not in parameters:
            raise ModelFileError(_joined(path, name), "nothing", f"an array of shape {wanted[name]}")
        _check_shape(part, name, wanted[name])
    return part


def _shapes(part: Part, rows: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every parameter that a recurrent module has, with its shape."""
    first = part.parameters.get("weight_ih_l0")
    features = first.shape[1] if first is not None and first.ndim == 2 else 1
    for layer in range(part.layers):
        for end in part.directions:
            yield f"weight_ih_l{layer}{end}", (rows, features)
            yield f"weight_hh_l{layer}{end}", (rows, part.units)
            if part.has_bias:
                yield f"bias_ih_l{layer}{end}", (rows,)
                yield f"bias_hh_l{layer}{end}", (rows,)
        features = part.width


def _check_shape(part: Part, name: str, shape: tuple[int, ...]) -> None:
    if part.parameters[name].shape != shape:
        raise ModelFileError(_joined(part.name, name), f"shape {part.parameters[name].shape}", f"shape {shape}")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
