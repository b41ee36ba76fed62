"""The table of layers and formats in docs/files.md: a row for each class, and in each cell what the code does."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path

import pytest
from legacy_cases import cases
from test_layers_in_files import LAYERS as CASES

import minirnn
from minirnn import interop, layers
from minirnn.files import tables
from minirnn.files.hdf5_attributes import Attributes
from minirnn.files.hdf5_reader import Hdf5Reader
from minirnn.interop import onnx_layers

NOTES = Path(minirnn.__file__).parents[1] / "docs" / "files.md"
HEAD = "| layer | Keras 3 | `.h5` of Keras 3 | Keras 2 | Keras 1 | PyTorch | ONNX |"
BOTH, READ, TOLD, NONE, OWN, REFUSED = "both ways", "read", "by its settings", "-", "minirnn alone", "refused"

OF_MINIRNN = {"PeepholeLSTM", "CoupledLSTM", "LayerNormLSTM", "ZoneoutLSTM"}
SINCE_3 = {"RMSNormalization"}
SINCE_2 = SINCE_3 | {
    "RNN", "StackedRNNCells", "SimpleRNNCell", "LSTMCell", "GRUCell", "Softmax", "ReLU", "Minimum", "Subtract",
    "AlphaDropout", "LayerNormalization", "UnitNormalization", "GroupNormalization", "Normalization", "Attention",
    "AdditiveAttention", "Rescaling", "Identity",
}  # fmt: skip
# Kernels of Convolution1D have four axes there.
OTHERWISE_IN_1 = {"Conv1D"}


def rows():
    lines = NOTES.read_text(encoding="utf-8").split(HEAD)[1].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name.strip("`"): rest for name, *rest in cells}


@cache
def classes_in_fixtures(major):
    """Classes of layers in files that Keras 1 or 2 wrote, all of which load and predict as they did."""
    found = set()

    def walk(value):
        if isinstance(value, dict):
            found.add(value.get("class_name") if isinstance(value.get("class_name"), str) else None)
            for entry in value.values():
                walk(entry)
        elif isinstance(value, list):
            for entry in value:
                walk(entry)

    for case in cases():
        if case.major != major:
            continue
        if case.member.endswith(".keras"):
            with zipfile.ZipFile(io.BytesIO(case.data)) as archive:
                walk(json.loads(archive.read("config.json")))
        else:
            text = Attributes(Hdf5Reader(case.data)).text("", "model_config")
            walk(json.loads(text) if text else None)
    return found


def of_old_keras(name, major, missing):
    if name == "Lambda":
        return REFUSED
    if name in OF_MINIRNN | missing:
        return NONE
    return READ if name in classes_in_fixtures(major) else TOLD


def of_keras_3(name):
    return REFUSED if name == "Lambda" else OWN if name in OF_MINIRNN else BOTH


def of_torch(name):
    """Whether a chain with such a layer has a state dict."""
    inner = {"Bidirectional": lambda: layers.Bidirectional(layers.GRU(2)), "Lambda": lambda: layers.Lambda(abs)}
    options, shape = next(((o, s) for n, o, s in CASES if n == name), ({}, (None, 7, 4)))
    if name in ("LSTM", "GRU", "SimpleRNN"):
        options = {"units": 2}
    if name == "Embedding":
        options = {"input_dim": 5, "output_dim": 2}
    if name == "Dropout":
        options = {"rate": 0.5}
    if name == "InputLayer":
        return BOTH  # a shape, which modules do not keep
    try:
        layer = inner[name]() if name in inner else getattr(layers, name)(**options)
        interop.to_torch(minirnn.Sequential([layers.Input(shape[1:]), layer]))
    except (TypeError, ValueError):
        return NONE
    return BOTH


def of_onnx(name):
    """What `to_onnx` does with such a layer, by its own table."""
    cls = getattr(layers, name)
    if name in ("SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells"):
        return "written, in RNN"
    if name == "Embedding":
        return "written, without `mask_zero`"
    passed_through = getattr(cls, "only_in_training", False) is True or name in ("Identity", "ActivityRegularization")
    return "written" if cls in onnx_layers._KINDS or passed_through or name == "InputLayer" else REFUSED


def wanted(name):
    return [
        of_keras_3(name),
        of_keras_3(name),
        of_old_keras(name, 2, SINCE_3),
        of_old_keras(name, 1, SINCE_2 | OTHERWISE_IN_1),
        of_torch(name),
        of_onnx(name),
    ]


def test_there_is_a_row_for_every_class_of_the_registry():
    assert list(rows()) == [*tables.LAYERS, "Lambda"]


@pytest.mark.parametrize("name", [*tables.LAYERS, "Lambda"])
def test_each_cell_says_what_the_code_does(name):
    assert rows()[name] == wanted(name)
