"""What a module of PyTorch tells beside its state dict: functions within, dropout, which weight is an embedding's.

Modules are known by the names of their classes; PyTorch itself is not asked.
"""

from __future__ import annotations

from typing import Any

from minirnn.files.errors import ModelFileError
from minirnn.interop.arrays import as_arrays
from minirnn.interop.torch_state import RECURRENT, Part, parts_of

# Modules without parameters or options: the function of `minirnn.activations` that each is.
_FUNCTIONS = {
    "Hardsigmoid": "hard_sigmoid", "Identity": "linear", "ReLU": "relu", "ReLU6": "relu6", "SELU": "selu",
    "SiLU": "silu", "Sigmoid": "sigmoid", "Softsign": "softsign", "Tanh": "tanh",
}  # fmt: skip
_KINDS = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN", "Dense": "Linear", "Embedding": "Embedding"}


def is_module(source: Any) -> bool:
    """Whether this is a module of PyTorch."""
    return hasattr(source, "named_modules") and hasattr(source, "state_dict")


def parts_of_module(module: Any) -> dict[str, Part]:
    """The modules within that compute, in the order in which they were given, or the module itself.

    One under two names is two: its weights begin alike.

    Raises ModelFileError for one that is not known, by its name and class.
    """
    modules = module.named_modules(remove_duplicate=False)
    leaves = {name: leaf for name, leaf in modules if not any(leaf.children())}
    for name, leaf in leaves.items():
        if any(True for _ in leaf.state_dict()) and _class_of(leaf) not in _KINDS.values():
            raise ModelFileError(name, f"a {type(leaf).__name__}", f"nn.{', nn.'.join(_KINDS.values())}")
    embeddings = [name for name, leaf in leaves.items() if _class_of(leaf) == "Embedding"]
    parts = parts_of(as_arrays(module.state_dict()), embeddings)
    for name in parts:
        if name not in leaves:
            raise ModelFileError(name, "parameters of a module that holds others", "parameters of its parts alone")
    return {name: _told(parts[name], leaf) if name in parts else _function(name, leaf) for name, leaf in leaves.items()}


def _class_of(leaf: Any) -> str:
    """The class of PyTorch that a module is, or is derived from."""
    classes = [cls.__name__ for cls in type(leaf).__mro__ if cls.__module__.startswith("torch.nn.modules")]
    return classes[0] if classes else type(leaf).__name__


def _told(part: Part, leaf: Any) -> Part:
    """The part with what its module knows of it."""
    if part.kind in RECURRENT:
        part.options["dropout"] = float(leaf.dropout)
    if part.kind == "SimpleRNN":
        part.options["activation"] = leaf.nonlinearity
    if part.kind == "Embedding" and leaf.max_norm is not None:
        raise ModelFileError(part.name, f"max_norm={leaf.max_norm}", "an Embedding whose rows are as they are stored")
    return part


def _function(name: str, leaf: Any) -> Part:
    """The part of a module without parameters."""
    kind = _class_of(leaf)
    if kind == "Dropout":
        return Part(name, "Dropout", options={"rate": float(leaf.p)})
    if kind == "Softmax" and leaf.dim == -1:
        return Part(name, "Activation", options={"activation": "softmax"})
    if kind == "Flatten" and (leaf.start_dim, leaf.end_dim) == (1, -1):
        return Part(name, "Flatten")
    if kind in _FUNCTIONS:
        return Part(name, "Activation", options={"activation": _FUNCTIONS[kind]})
    known = "Dropout, Flatten, Softmax(dim=-1), " + ", ".join(sorted(_FUNCTIONS))
    raise ModelFileError(name, f"a {leaf!r:.60}", f"one of {known}; module.state_dict() gives the weights alone")
