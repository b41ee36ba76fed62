"""`to_torch`: the state dict of a chain of layers, or a module of PyTorch that computes what they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from minirnn import layers
from minirnn.compat import spelling
from minirnn.interop import torch_gates
from minirnn.interop.torch_blocks import Block, blocks_of, cells_of, chain_of
from minirnn.interop.torch_module import module_of


@spelling.names_nearest
def to_torch(model: Any, module: bool = False, batch_first: bool = True) -> Any:
    """The weights of a model or layer under PyTorch's names, a dict of arrays, or with `module` a torch.nn.Module.

    The model is a chain of LSTM, GRU, SimpleRNN, Bidirectional, Dense and Embedding, with Dropout, Activation and
    Flatten between them. Names are those of the layers, "lstm.weight_ih_l0"; those of a single layer, or of a model
    that has no other with weights, stand by themselves, as nn.LSTM has them. Recurrent layers named x_l0, x_l1 ..
    become one module x of several layers. So `from_torch(to_torch(model))` has the weights of `model`, bit for bit.

    The module takes (batch, time, features), or with `batch_first=False` (time, batch, features), and gives what the
    model gives, every step or the last state; PyTorch must be installed.

    Raises ValueError, in one line that names the layer, for what nn.RNN, nn.LSTM and nn.GRU have not: other
    activations, reset_after=False, go_backwards, masks, other layers, branches; ImportError if there is no PyTorch.

    >>> from minirnn.layers import LSTM
    >>> layer = LSTM(2)
    >>> layer.build((None, None, 3))
    >>> {name: array.shape for name, array in to_torch(layer).items()}
    {'weight_ih_l0': (8, 3), 'weight_hh_l0': (8, 2), 'bias_ih_l0': (8,), 'bias_hh_l0': (8,)}
    """
    if not model.built:
        raise ValueError(f"{model.name} has no weights yet: {model.how_to_build}, first")
    blocks = list(blocks_of(chain_of(model)))
    named = sum(bool(block.layers[0].weights) for block in blocks) > 1 or module
    state = {f"{block.name}.{name}" if named else name: array for block in blocks for name, array in _parameters(block)}
    return module_of(blocks, state, batch_first) if module else state


def _parameters(block: Block) -> Iterator[tuple[str, NDArray[Any]]]:
    """The parameters of a module by their own names."""
    if not block.is_recurrent:
        layer = block.layers[0]
        for name, array in zip(("weight", "bias"), layer.get_weights(), strict=False):
            yield name, array.T.copy() if type(layer) is layers.Dense and name == "weight" else array
        return
    for number, layer in enumerate(block.layers):
        for cell, end in zip(cells_of(layer), ("", "_reverse"), strict=False):
            kernel, recurrent_kernel, *bias = cell.get_weights()
            found = torch_gates.to_torch(type(cell).__name__, kernel, recurrent_kernel, bias[0] if bias else None)
            for name, array in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), found, strict=False):
                yield f"{name}_l{number}{end}", array
