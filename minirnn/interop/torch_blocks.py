"""The layers of a chain, put together as PyTorch has its modules, and a refusal for each that it has not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from minirnn import layers
from minirnn.interop import torch_gates

_NUMBERED = re.compile(r"(.+)_l([0-9]+)")
_FUNCTIONS = ("Activation", "Dropout", "Flatten", "Identity")
_LIKE_TORCH = {"activation": "tanh", "recurrent_activation": "sigmoid"}


@dataclass
class Block:
    """One module of PyTorch: its name, and the layers that it stands for (several recurrent ones lie over each other).

    `dropout` is that between its layers.
    """

    name: str
    layers: list[Any] = field(default_factory=list)
    dropout: float = 0.0

    @property
    def is_recurrent(self) -> bool:
        return bool(cells_of(self.layers[0]))


def chain_of(model: Any) -> list[Any]:
    """The layers of a chain, without inputs. ValueError for branches."""
    if not hasattr(model, "_set_graph"):
        return [model]
    if model.own_call or not model.graph.is_chain or len(model.inputs) > 1:
        raise ValueError(f"{model.name} is no chain of layers, as to_torch takes it; give it the layers one by one")
    return [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]


def blocks_of(chain: Sequence[Any]) -> Iterator[Block]:
    """Layers as modules: those that PyTorch has in one are put together, with the dropout between them."""
    at = 0
    while at < len(chain):
        _check(chain[at])
        block = Block(chain[at].name, [chain[at]])
        at += 1
        first = _NUMBERED.fullmatch(block.name)
        while first and first[2] == "0" and block.is_recurrent:
            dropped = at < len(chain) and type(chain[at]) is layers.Dropout
            behind = chain[at + dropped] if at + dropped < len(chain) else None
            rate = chain[at].rate if dropped else 0.0
            if behind is None or not _goes_on(block, behind, f"{first[1]}_l{len(block.layers)}", rate):
                break
            _check(behind)
            block.layers.append(behind)
            block.dropout = rate
            at += 1 + dropped
        if first and first[2] == "0" and len(block.layers) > 1:
            block.name = first[1]
        yield block


def _goes_on(block: Block, layer: Any, name: str, rate: float) -> bool:
    """Whether a layer is the next one of a module of several layers."""
    last = block.layers[-1]
    alike = [(type(cell), cell.units, cell.use_bias, cell.activation) for cell in cells_of(last)]
    same = alike == [(type(cell), cell.units, cell.use_bias, cell.activation) for cell in cells_of(layer)]
    return layer.name == name and same and last.return_sequences and (len(block.layers) == 1 or rate == block.dropout)


def cells_of(layer: Any) -> list[Any]:
    """The recurrent layers of a layer, one for each direction; none of other layers."""
    if type(layer) is layers.Bidirectional:
        return layer.sublayers()
    return [layer] if type(layer).__name__ in torch_gates.GATES else []


def _check(layer: Any) -> None:
    """ValueError for a layer that PyTorch has not."""
    kind, cells = type(layer).__name__, cells_of(layer)
    if not cells and kind not in ("Dense", "Embedding", *_FUNCTIONS):
        known = "LSTM, GRU, SimpleRNN, Bidirectional, Dense, Embedding, Activation, Dropout, Flatten"
        raise ValueError(f"layer {layer.name} is a {kind}, which to_torch does not take; it takes {known}")
    if kind == "Embedding" and layer.mask_zero:
        raise _refused(layer, "mask_zero", True, False)
    if kind == "Bidirectional":
        first, second = cells
        if type(first) is not type(second) or first.units != second.units or first.use_bias != second.use_bias:
            raise ValueError(f"layer {layer.name} has two different layers; PyTorch has two of one kind and size")
        if layer.merge_mode != "concat":
            raise _refused(layer, "merge_mode", layer.merge_mode, "concat")
    for number, cell in enumerate(cells):
        wanted: dict[str, Any] = {"go_backwards": number == 1, "stateful": False, "reset_after": True, **_LIKE_TORCH}
        if type(cell) is layers.SimpleRNN and cell.activation == "relu":
            del wanted["activation"]
        for setting, value in wanted.items():
            if getattr(cell, setting, value) != value:
                raise _refused(cell, setting, getattr(cell, setting), value)


def _refused(layer: Any, setting: str, value: Any, wanted: Any) -> ValueError:
    return ValueError(f"layer {layer.name} has {setting}={value!r}; PyTorch's module has {wanted!r} only")
