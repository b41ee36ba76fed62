"""Kinds of values in configurations. A kind is a function (value, where) that gives the value or raises ModelFileError.

Each gives plain Python values of its own making, with Keras's notations for tuples and functions resolved: what a kind
has passed cannot be anything else than what the kind says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minirnn.files.errors import ModelFileError, shown
from minirnn.files.limits import LONGEST_LIST, LONGEST_NAME, MOST_ROWS, MOST_UNITS

Kind = Callable[[Any, str], Any]

LARGEST_SEED = 2**64


def wrong(value: Any, where: str, expected: str) -> ModelFileError:
    """The error for a value of a configuration."""
    return ModelFileError(where, shown(value), expected)


# --- single values ---


def truth(value: Any, where: str) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise wrong(value, where, "true or false")
    return value


def number(value: Any, where: str) -> float:
    """A number; JSON has been asked for finite ones."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e308:
        raise wrong(value, where, "a number")
    return value


def whole(least: int, most: int) -> Kind:
    """A whole number of a range."""

    def check(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise wrong(value, where, f"a whole number from {least} to {most:,}")
        return value

    return check


def name(value: Any, where: str) -> str:
    """The name of an object: printable, no path."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable() or "/" in value:
        raise wrong(value, where, f"a name of at most {LONGEST_NAME} printable characters without '/'")
    return value


def one_of(*choices: Any) -> Kind:
    """One of a few words (or None)."""

    def check(value: Any, where: str) -> Any:
        if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
            raise wrong(value, where, " or ".join(map(repr, choices)))
        return value

    return check


def optional(kind: Kind) -> Kind:
    """None, or a value of a kind."""
    return lambda value, where: None if value is None else kind(value, where)


def either(expected: str, *kinds: Kind) -> Kind:
    """A value of one of several kinds."""

    def check(value: Any, where: str) -> Any:
        for kind in kinds:
            try:
                return kind(value, where)
            except ModelFileError:
                continue
        raise wrong(value, where, expected)

    return check


# --- several values ---


def items(value: Any, where: str) -> list[Any]:
    """The entries of a list, or of a tuple in Keras's notation."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__" and set(value) == {"class_name", "items"}:
        value = value["items"]
    if not isinstance(value, list) or len(value) > LONGEST_LIST:
        raise wrong(value, where, f"a list of at most {LONGEST_LIST:,} entries")
    return value


def list_of(kind: Kind, most: int = LONGEST_LIST) -> Kind:
    """A list of values of a kind."""

    def check(value: Any, where: str) -> list[Any]:
        entries = items(value, where)
        if len(entries) > most:
            raise wrong(f"{len(entries)} entries", where, f"at most {most}")
        return [kind(entry, f"{where}[{place}]") for place, entry in enumerate(entries)]

    return check


def tuple_of(kind: Kind, most: int) -> Kind:
    """A tuple of values of a kind."""
    check = list_of(kind, most)
    return lambda value, where: tuple(check(value, where))


def nested_numbers(value: Any, where: str) -> Any:
    """A number, or numbers in lists in lists; Keras's notation for arrays is the list in it."""
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        config = value.get("config")
        value = config.get("value") if isinstance(config, dict) else value
    if isinstance(value, (list, dict)):
        return [nested_numbers(entry, where) for entry in items(value, where)]
    return number(value, where)


size = whole(1, MOST_UNITS)
axis = whole(-16, 16)
axes = either("a whole number, or a list of them", axis, list_of(axis, 16))
batch_shape_entries = tuple_of(optional(size), 8)


def batch_shape(value: Any, where: str) -> tuple[int | None, ...]:
    """A batch shape: sizes, None where one is open."""
    shape = batch_shape_entries(value, where)
    known = 1
    for entry in shape[1:]:
        known *= entry or 1
    if not shape or (shape[0] or 0) > MOST_ROWS or known > 16 * MOST_UNITS:
        most = f"a batch of at most {MOST_ROWS:,} and samples of at most {16 * MOST_UNITS:,} numbers"
        raise wrong(shape, where, most)
    return shape


def seed(value: Any, where: str) -> int | None:
    """A seed; Keras's seed generator is the seed that it began with."""
    if isinstance(value, dict) and value.get("class_name") == "SeedGenerator":
        config = value.get("config")
        value = config.get("seed") if isinstance(config, dict) else value
    return optional(whole(-LARGEST_SEED, LARGEST_SEED))(value, where)


def dtype(value: Any, where: str) -> Any:
    """A dtype by its name or as Keras's policy, which becomes the name."""
    if isinstance(value, dict):
        config = value.get("config")
        policy = value.get("class_name") in ("DTypePolicy", "Policy") and isinstance(config, dict)
        value = config.get("name") if policy else value  # type: ignore[union-attr]
    return one_of("float32", "float64", "int32", "int64")(value, where)


def nothing(value: Any, where: str) -> None:
    """What minirnn has not, and the configuration must not ask for."""
    if value not in (None, False):
        raise wrong(value, where, "null: minirnn has no such thing")
    return value


def batch_first(value: Any, where: str) -> None:
    """`time_major` of Keras 2, which is off."""
    if value not in (None, False):
        raise wrong(value, where, "false: sequences are (batch, time, features) here and in Keras 3, batch first")
    return value


def plain(value: Any, where: str, depth: int = 0) -> Any:
    """Any JSON value, for a class of the caller's own."""
    if isinstance(value, list):
        return [plain(entry, where) for entry in value]
    if isinstance(value, dict):
        if value.get("class_name") in ("__lambda__", "__typespec__", "__pickle__", "function"):
            raise wrong(value["class_name"], where, "data: functions are never made from files")
        return {key: plain(entry, f"{where}.{shown(key)}") for key, entry in value.items()}
    return value
