"""`minirnn convert`: a model or its weights from one kind of file to another."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from minirnn import interop
from minirnn.cli import files, models

WEIGHTS, TENSORS, ONNX = ".weights.h5", ".safetensors", ".onnx"
WHOLE = (".keras", ".h5", ".hdf5")
_FROM = (*WHOLE, WEIGHTS, TENSORS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", type=Path, metavar="FILE",
        help="what is read: a model (.keras, .h5), weights for a model --like another (.weights.h5), or weights of "
        "PyTorch (.safetensors)",
    )  # fmt: skip
    parser.add_argument(
        "target", type=Path, metavar="NEW",
        help="what is written: .keras, .h5, .weights.h5, .safetensors (under the names of PyTorch), .onnx (needs onnx)",
    )  # fmt: skip
    parser.add_argument("--like", type=Path, metavar="MODEL", help="file of a model that the weights of FILE fit")
    torch = parser.add_argument_group("what the weights of PyTorch do not tell, if there is no model --like them")
    torch.add_argument("--order", metavar="A,B,..", help="the names of the modules as they follow each other")
    torch.add_argument("--nonlinearity", choices=["tanh", "relu"], help="of every nn.RNN (default: tanh)")
    torch.add_argument(
        "--activation", action="append", default=[], metavar="NAME=RELU", help="what follows a Linear; again for others"
    )
    torch.add_argument("--embedding", action="append", default=[], metavar="NAME", help="a module that is an Embedding")
    torch.add_argument("--last", action="store_true", help="the last state instead of every step")


def run(arguments: argparse.Namespace, out: Console) -> None:
    source, target = arguments.source, arguments.target
    kind, writers = _kind(source), _writers()
    if kind not in _FROM:
        raise ValueError(f"{source}: expected a file that ends in one of {', '.join(_FROM)}{_pickle(source)}")
    if _kind(target) not in writers:
        raise ValueError(f"{target}: expected a name that ends in one of {', '.join(writers)}")
    files.check_there(source, "a model file" if kind in WHOLE else "that of weights")
    files.check_writable(target)
    files.check_apart(target, [source, *([arguments.like] if arguments.like else [])])
    _check_options(arguments, kind)
    model = _read(arguments, kind)
    try:
        writers[_kind(target)](model, target)
    except ImportError as error:
        raise ValueError(f"{target}: {error}") from None
    out.print(f"Wrote {target}: {model.name}, {model.count_params():,} parameters", soft_wrap=True)
    if kind == TENSORS and not (arguments.like or arguments.last) and _answers_each_step(model):
        out.print("It answers at every step, as modules of PyTorch do; --last: at the last alone", soft_wrap=True)


def _answers_each_step(model: Any) -> bool:
    """Whether the model gives (batch, steps, ..) for sequences of any length."""
    shape = model.output_shape
    return len(shape) == 3 and shape[1] is None


def _kind(path: Path) -> str:
    """The ending that says what a file is."""
    return WEIGHTS if path.name.lower().endswith(WEIGHTS) else path.suffix.lower()


def _pickle(path: Path) -> str:
    pickles = (".pt", ".pth", ".bin", ".ckpt", ".pkl")
    return "; pickles are programs and never opened" if path.suffix.lower() in pickles else ""


def _check_options(arguments: argparse.Namespace, kind: str) -> None:
    """ValueError for options that mean nothing here."""
    told = arguments.nonlinearity or arguments.activation or arguments.embedding or arguments.last
    if told and (kind != TENSORS or arguments.like):
        raise ValueError(
            f"--nonlinearity, --activation, --embedding and --last are for a {TENSORS} file without --like"
        )
    if arguments.order and kind != TENSORS:
        raise ValueError(f"--order is for a {TENSORS} file, got {arguments.source}")
    if arguments.like and kind in WHOLE:
        raise ValueError(f"{arguments.source} is a whole model already; --like is for files of weights")
    if kind == WEIGHTS and not arguments.like:
        raise ValueError(f"{arguments.source} holds weights without a model; name one that they fit, --like MODEL")


def _read(arguments: argparse.Namespace, kind: str) -> Any:
    """The model with the weights of the source."""
    source, order = arguments.source, arguments.order.split(",") if arguments.order else None
    if kind in WHOLE:
        return models.load(source)
    if arguments.like:
        model = models.load(arguments.like)
        if kind == WEIGHTS:
            model.load_weights(source)
        else:
            interop.load_torch_weights(model, source, order=order)
        return model
    return interop.from_torch(
        source,
        order=order,
        nonlinearity=arguments.nonlinearity or "tanh",
        activations=_pairs(arguments.activation),
        embeddings=arguments.embedding,
        return_sequences=not arguments.last,
    )


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    for text in texts:
        if not all(text.partition("=")):
            raise ValueError(f"--activation {text}: expected the name of a Linear and its activation, as in fc=relu")
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def _writers() -> dict[str, Callable[[Any, Path], None]]:
    """How each kind of file is written; each writes all of it or nothing."""
    whole = {ending: (lambda model, path: model.save(path)) for ending in WHOLE}
    return {
        **whole,
        WEIGHTS: lambda model, path: model.save_weights(path),
        ONNX: interop.to_onnx,
        TENSORS: lambda model, path: interop.save_safetensors(interop.to_torch(model), path, model=model),
    }
