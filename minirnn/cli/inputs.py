"""The inputs of a model out of files: `.npy`, `.npz` with a name for each, or a CSV file of numbers."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.cli import files
from minirnn.cli.series import is_number, number, numeric_columns, read_rows

ENDINGS = (".npy", ".npz", ".csv")
HELP = (
    "file of the input: .npy, .npz (an array for each input, by its name or in order), or .csv (a header line; the "
    "last columns of numbers are the features; a line is a step, and for inputs of a fixed number of steps each window "
    "of so many lines is a sample)"
)
_UNREADABLE = (
    EOFError, KeyError, MemoryError, NotImplementedError, OSError, OverflowError, SyntaxError, TypeError, ValueError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_inputs(
    paths: Sequence[Path], model: Any, encoding: str = "utf-8-sig", tell: Callable[[str], Any] = print
) -> list[NDArray[Any]]:
    """An array for each input of a model, in its order, with as many rows in each.

    One file may hold all of them (`.npz`), or each its own, in the model's order; `tell` is called with a line on the
    columns of a CSV file that are left out. Raises ValueError in one line for what is not there, cannot be read or does
    not fit the model.
    """
    shapes, names = [tensor.shape for tensor in model.inputs], model.input_names
    found: list[NDArray[Any]] = []
    for path in paths:
        kind = path.suffix.lower()
        if kind not in ENDINGS:
            raise ValueError(f"{path}: expected a file of numbers that ends in one of {', '.join(ENDINGS)}")
        files.check_there(path, "a file of numbers")
        if kind == ".npz":
            found += _by_names(path, names)
        elif kind == ".npy":
            found.append(_read(path))
        else:
            place = min(len(found), len(shapes) - 1)
            found.append(_from_csv(path, shapes[place], encoding, tell))
    if len(found) != len(shapes):
        raise ValueError(f"{model.name} takes {len(shapes)} inputs ({', '.join(names)}), got {len(found)} arrays")
    for name, shape, array in zip(names, shapes, found, strict=True):
        _check_shape(f"input {name}" if len(shapes) > 1 else "the input", shape, array)
    if len({len(array) for array in found}) > 1:
        raise ValueError(f"inputs of {', '.join(str(len(array)) for array in found)} rows; each needs the same number")
    return found


def _read(path: Path) -> NDArray[Any]:
    """The array of a `.npy` file; never a pickle."""
    path.open("rb").close()  # OSError names it
    try:
        array = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise ValueError(f"{path}: not an array that numpy.save wrote ({_first_line(error)})") from None
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path}: an archive of arrays; give it the ending .npz")
    return _numbers(array, str(path))


def _by_names(path: Path, names: Sequence[str]) -> list[NDArray[Any]]:
    """The arrays of a `.npz` file, by the names of the inputs, or else in its order."""
    path.open("rb").close()
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except _UNREADABLE as error:
        raise ValueError(f"{path}: not an archive that numpy.savez wrote ({_first_line(error)})") from None
    except AttributeError:
        raise ValueError(f"{path}: a single array; give it the ending .npy") from None
    if not set(names) <= set(arrays) and len(arrays) != len(names):
        raise ValueError(f"{path}: arrays {', '.join(arrays) or 'none'}, expected {', '.join(names)}")
    chosen = names if set(names) <= set(arrays) else list(arrays)
    return [_numbers(arrays[name], f"{path}, {name}") for name in chosen]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:100]


def _numbers(array: NDArray[Any], where: str) -> NDArray[Any]:
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{where}: values of dtype {array.dtype}, expected real numbers")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{where}: NaN or infinity among the numbers; fill the gaps or drop the rows")
    return array


def feature_columns(path: Path, header: list[str], rows: list[list[str]], features: int | None) -> list[int]:
    """Where the features are: the last columns of numbers, or all of them where any number of features does.

    Raises ValueError where there are too few, and where there is no header.
    """
    numeric = numeric_columns(header, rows)
    if numeric and all(is_number(header[k]) for k in numeric):
        raise ValueError(f"{path}: no header, its first line holds numbers; add a line with the names of the columns")
    wanted = len(numeric) if features is None else features
    if not 1 <= wanted <= len(numeric):
        raise ValueError(f"{path}: {len(numeric)} columns of numbers, but the model reads {wanted}")
    return numeric[-wanted:]


def _from_csv(
    path: Path, shape: tuple[int | None, ...], encoding: str, tell: Callable[[str], Any]
) -> NDArray[Any]:
    """The last columns of numbers of a CSV file, as an input of this batch shape takes them."""
    if len(shape) not in (2, 3):
        raise ValueError(f"{path}: a CSV file is (batch, features) or (batch, steps, features), not {shape}; use .npy")
    header, lines, rows = read_rows(path, encoding)
    columns = feature_columns(path, header, rows, shape[-1])
    if len(columns) < len(header):
        left_out = [name for k, name in enumerate(header) if k not in columns]
        tell(f"{path}: read {', '.join(header[k] for k in columns)}; left out {', '.join(left_out)}")
    values = np.array([
        [number(path, line, header[k], row[k]) for k in columns] for line, row in zip(lines, rows, strict=True)
    ])  # fmt: skip
    if len(shape) == 2:
        return values
    steps = len(values) if shape[1] is None else shape[1]
    if len(values) < steps:
        raise ValueError(f"{path}: {len(values)} lines of numbers, but the model reads {steps} steps")
    return np.lib.stride_tricks.sliding_window_view(values, steps, axis=0).swapaxes(1, 2).copy()


def _check_shape(what: str, shape: tuple[int | None, ...], array: NDArray[Any]) -> None:
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if not fits or array.size == 0:
        wanted = str(tuple("any" if n is None else n for n in shape)).replace("'", "")
        raise ValueError(f"{what} has shape {array.shape}, but the model takes {wanted}")
