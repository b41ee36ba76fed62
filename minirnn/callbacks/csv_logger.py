"""`CSVLogger`: one row of a file for each epoch."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

from minirnn.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Writes the logs of every epoch to the file `filename`, a column for each name, sorted, after that of the epoch.

    The columns are those of the first epoch; without validation in it, each has an empty place for its `val_` value.
    What an epoch lacks is `NA`; arrays and lists are written as `"[1.0, 2.0]"`. Rows end with CR LF, as CSV's do, and
    are on the disk when their epoch ends. With `append`, rows go behind those of the file, under its header.

    Raises TypeError for a `separator` that is not one character, OSError from fit if the file cannot be written.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1:
            raise TypeError(f"CSVLogger separator must be one character, got {separator!r}")
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.append_header = True
        self.writer: Any = None
        self.keys: list[str] | None = None
        self.csv_file: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.break_off()
        if self.append and os.path.exists(self.filename):
            self.append_header = os.path.getsize(self.filename) == 0
        # The writer ends its lines itself.
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")
        self.writer, self.keys = None, None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
        if self.writer is None:
            self.writer = csv.writer(self.csv_file, delimiter=self.sep)
            if self.append_header:
                self.writer.writerow(["epoch", *self.keys])
        self.writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self.csv_file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self.break_off()

    def break_off(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.writer = None


def _cell(value: Any) -> Any:
    """What is written for a value: lists and arrays in brackets."""
    single = isinstance(value, str) or getattr(value, "ndim", 1) == 0
    return value if single or not isinstance(value, Iterable) else f'"[{", ".join(map(str, value))}]"'
