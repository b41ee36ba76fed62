"""The module of PyTorch that computes what a chain of layers does. PyTorch is imported here, and only when asked."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from minirnn.interop.torch_blocks import Block

# Activations by their modules, with arguments.
_FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "elu": ("ELU", {}), "gelu": ("GELU", {}), "gelu_tanh": ("GELU", {"approximate": "tanh"}),
    "hard_sigmoid": ("Hardsigmoid", {}), "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "linear": ("Identity", {}), "relu": ("ReLU", {}), "relu6": ("ReLU6", {}), "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}), "silu": ("SiLU", {}), "softmax": ("Softmax", {"dim": -1}),
    "softsign": ("Softsign", {}), "swish": ("SiLU", {}), "tanh": ("Tanh", {}),
}  # fmt: skip


def module_of(blocks: Sequence[Block], state: Mapping[str, NDArray[Any]], batch_first: bool) -> Any:
    """A module with these parts, and the weights of a state dict. ImportError without PyTorch, in one line.

    ValueError for a layer whose name every module has for something else, and a Flatten of what is not batch first.
    """
    try:
        import torch
    except ImportError:
        raise ImportError("module=True makes a module of PyTorch, which is not installed: pip install torch") from None
    flat = next((block.name for block in blocks if type(block.layers[0]).__name__ == "Flatten"), None)
    if flat is not None and not batch_first:
        raise ValueError(f"layer {flat} flattens (batch, time, features); leave batch_first=False out")
    steps = [(block, _part(torch.nn, block, batch_first), _function(torch.nn, block)) for block in blocks]
    module = _chain_class()(steps, batch_first)
    tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
    module.to(next(iter(tensors.values())).dtype if tensors else torch.float32).load_state_dict(tensors)
    return module.eval()


def _part(nn: Any, block: Block, batch_first: bool) -> Any:
    """The module of a block, its weights not set yet; None for what is a function alone."""
    layer = block.layers[0]
    kind = type(layer).__name__
    if block.is_recurrent:
        cell = layer.forward_layer if kind == "Bidirectional" else layer
        name = type(cell).__name__
        made = getattr(nn, "RNN" if name == "SimpleRNN" else name)
        options = {"nonlinearity": cell.activation} if name == "SimpleRNN" else {}
        return made(
            cell.weights[0].shape[0], cell.units, len(block.layers), bias=cell.use_bias, batch_first=batch_first,
            dropout=block.dropout, bidirectional=kind == "Bidirectional", **options,
        )  # fmt: skip
    if kind == "Dense":
        return nn.Linear(*layer.weights[0].shape, bias=layer.use_bias)
    if kind == "Embedding":
        return nn.Embedding(layer.input_dim, layer.output_dim)
    return nn.Dropout(layer.rate) if kind == "Dropout" else nn.Flatten() if kind == "Flatten" else None


def _function(nn: Any, block: Block) -> Any:
    """What is applied to the output of a block's module, None if nothing is. ValueError for what PyTorch has not."""
    layer = block.layers[0]
    if block.is_recurrent or getattr(layer, "activation", "linear") == "linear":
        return None
    if layer.activation not in _FUNCTIONS:
        known = ", ".join(_FUNCTIONS)
        raise ValueError(f"layer {layer.name} has the activation {layer.activation!r}, expected one of {known}")
    name, options = _FUNCTIONS[layer.activation]
    return getattr(nn, name)(**options)


@functools.cache
def _chain_class() -> type:
    """The class of such modules: known when PyTorch is."""
    import torch

    class Chain(torch.nn.Module):
        """Modules one after another; of a recurrent one every output goes on, or the states of its last layer."""

        def __init__(self, steps: Sequence[Any], batch_first: bool) -> None:
            super().__init__()
            self.batch_first = batch_first
            self._steps: list[Any] = []
            for block, module, function in steps:
                if module is not None:
                    self._add(block.name, module)
                    every = not block.is_recurrent or block.layers[-1].return_sequences
                    both = block.is_recurrent and module.bidirectional
                    self._steps.append((module, block.is_recurrent, every, both))
                if function is not None:
                    self._add(f"{block.name}_activation", function)
                    self._steps.append((function, False, True, False))

        def _add(self, path: str, module: Any) -> None:
            """A part under its name; what stands before a dot are modules that hold others."""
            *holders, name = path.split(".")
            place: Any = self
            for holder in holders:
                if not hasattr(place, holder):
                    place.add_module(holder, torch.nn.Module())
                place = getattr(place, holder)
            if hasattr(place, name):
                raise ValueError(f"layer {path} has a name that modules of PyTorch use otherwise; give it another")
            place.add_module(name, module)

        def forward(self, x: Any) -> Any:
            for module, is_recurrent, every, both in self._steps:
                if not is_recurrent:
                    x = module(x)
                    continue
                x, states = module(x)
                if not every:
                    h = states[0] if isinstance(states, tuple) else states
                    x = torch.cat((h[-2], h[-1]), dim=-1) if both else h[-1]
            return x

    return Chain
