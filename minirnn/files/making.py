"""Models of checked configurations: planned, compared with what the file holds, then made; all of it or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minirnn import losses, metrics, optimizers, random
from minirnn.files.errors import ModelFileError, shown
from minirnn.files.limits import MOST_NUMBERS
from minirnn.layers import naming
from minirnn.layers.nesting import deserialize_layer
from minirnn.layers.planning import planned
from minirnn.layers.sharing import sharing

REFUSED = (
    ArithmeticError, AttributeError, LookupError, MemoryError, NotImplementedError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


def made(
    entry: dict[str, Any],
    custom_objects: Mapping[str, Any] | None,
    most_elements: int,
    member: str,
    of: str = "the file holds",
) -> Any:
    """The model of a checked configuration, its weights planned. What a constructor refuses is ModelFileError."""
    try:
        with planned(most_elements, of):
            model = deserialize_layer(entry, custom_objects)
            if not model.built and "build_shape" in entry:
                model.build(entry["build_shape"])
    except ModelFileError:
        raise
    except REFUSED as error:
        raise ModelFileError(member, shown(str(error)), "settings that a model can be made with") from error
    if not hasattr(model, "_compiled_with"):
        raise ModelFileError(member, f"a {type(model).__name__}", "a model")
    return model


def check(entry: dict[str, Any], custom_objects: Mapping[str, Any] | None, member: str) -> None:
    """Raise what `made` raises of a model of more numbers than any file may hold, and leave no trace."""
    seeds, names = random.state(), naming.counts()
    try:
        with sharing():
            made(entry, custom_objects, MOST_NUMBERS, member, f"any file may hold, {MOST_NUMBERS:,}")
    finally:
        random.set_state(seeds)
        naming.set_counts(names)


def compiled(model: Any, settings: dict[str, Any], custom_objects: Any, member: str) -> None:
    """Compile a model as its file says. What `compile` refuses is ModelFileError."""
    given = dict(settings)
    try:
        named_or_described = given.pop("optimizer")
        optimizer = (
            named_or_described  # Keras 3.0 to 3.3 write the name that `compile` was given
            if isinstance(named_or_described, str)
            else optimizers.deserialize(named_or_described, custom_objects)
        )
        for key, module in (("loss", losses), ("metrics", metrics), ("weighted_metrics", metrics)):
            given[key] = _revived(given.get(key), module, custom_objects)
        model.compile(optimizer, **given)
    except REFUSED as error:
        expected = "settings that compile takes; compile=False skips them"
        raise ModelFileError(member, shown(str(error)), expected) from error


def assign(model: Any, pairs: Iterable[tuple[Any, Any]]) -> None:
    """Give planned weights their memory and their arrays."""
    for weight in model.weights:
        weight.allocate()
    for weight, array in pairs:
        weight.assign(array)


def _revived(value: Any, module: Any, custom_objects: Any) -> Any:
    if isinstance(value, dict) and "class_name" in value:
        return module.deserialize(value, custom_objects)
    if isinstance(value, dict):
        return {key: _revived(entry, module, custom_objects) for key, entry in value.items()}
    return [_revived(entry, module, custom_objects) for entry in value] if isinstance(value, list) else value


@contextlib.contextmanager
def unchanged_on_error() -> Iterator[None]:
    """Let a failed loading leave the sequence of seeds and the counts of names as they were."""
    seeds, names = random.state(), naming.counts()
    try:
        yield
    except BaseException:
        random.set_state(seeds)
        naming.set_counts(names)
        raise
