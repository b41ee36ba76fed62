"""CSVLogger writes Keras's files, byte for byte."""

from __future__ import annotations

import csv
import gc
import warnings

import numpy as np
import pytest

from minirnn import callbacks

RUNS = {
    "plain": [[{"loss": 1.5, "acc": 0.25}, {"loss": 1e-9, "acc": 1.0}]],
    "validation": [[{"loss": 1.5, "val_loss": 2.0}, {"loss": 0.5, "val_loss": 1 / 3}]],
    "validation now and then": [[{"loss": 1.5}, {"loss": 0.5, "val_loss": 2.0}, {"loss": 0.25}]],
    "arrays": [[{"loss": np.array([1.0, 2.5]), "list": [1, 2], "zero": np.array(3.0), "word": "a,b"}]],
    "something missing": [[{"loss": 1.0, "acc": 0.5, "val_loss": 1.0}, {"loss": 0.5}]],
    "two runs": [[{"loss": 1.0}], [{"loss": 2.0}, {"loss": 3.0}]],
    "two runs of other names": [[{"loss": 1.0}], [{"mae": 2.0, "loss": 3.0}]],
    "no epoch": [[]],
    "no logs": [[{}]],
}


def write(logger, runs):
    for run in runs:
        logger.on_train_begin()
        for epoch, logs in enumerate(run):
            logger.on_epoch_end(epoch, dict(logs))
        logger.on_train_end()


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("before", [None, b"", b"epoch,loss\r\n0,1.0\r\n"])
def test_files_are_those_of_keras(keras, tmp_path, runs, separator, append, before):
    for folder, package in (("keras", keras.callbacks), ("minirnn", callbacks)):
        path = tmp_path / folder / "log.csv"
        path.parent.mkdir()
        if before is not None:
            path.write_bytes(before)
        write(package.CSVLogger(path, separator=separator, append=append), RUNS[runs])
    assert (tmp_path / "minirnn/log.csv").read_bytes() == (tmp_path / "keras/log.csv").read_bytes()


def test_a_run_that_goes_on_writes_no_second_header(tmp_path):
    for first in (0, 2):
        logger = callbacks.CSVLogger(str(tmp_path / "log.csv"), append=True)
        logger.on_train_begin()
        for epoch in (first, first + 1):
            logger.on_epoch_end(epoch, {"loss": float(epoch), "val_loss": 0.5})
        logger.on_train_end()
    with open(tmp_path / "log.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    assert [float(row["loss"]) for row in rows] == [0.0, 1.0, 2.0, 3.0]


def test_a_row_is_on_the_disk_when_its_epoch_ends(tmp_path):
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0})
    assert path.read_bytes() == b"epoch,loss,val_loss\r\n0,1.0,NA\r\n"
    logger.on_train_end()


def test_the_file_is_closed_when_an_exception_leaves_the_run(tmp_path):
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    with pytest.raises(KeyboardInterrupt), callbacks.CallbackList([logger]) as listed:
        listed.on_train_begin()
        raise KeyboardInterrupt
    assert logger.csv_file.closed
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        del logger, listed
        gc.collect()


def test_a_folder_that_is_not_there_is_an_error_before_the_first_epoch(tmp_path):
    with pytest.raises(FileNotFoundError):
        callbacks.CSVLogger(tmp_path / "missing" / "log.csv").on_train_begin()


@pytest.mark.parametrize("separator", ["", ", ", 3])
def test_a_separator_is_one_character(separator):
    with pytest.raises(TypeError, match="separator must be one character, got"):
        callbacks.CSVLogger("log.csv", separator=separator)
