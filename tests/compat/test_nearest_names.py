"""A misspelt name out of a fixed set is told the nearest: of a module, an argument, an option of an argument."""

from __future__ import annotations

import importlib
import inspect
import re
import traceback
from types import ModuleType

import pytest

import minirnn as keras
from minirnn import callbacks, initializers, layers, losses, metrics, optimizers, preprocessing, regularizers, utils

MODULES = [
    "minirnn", *(f"minirnn.{name}" for name in keras.__all__ if isinstance(getattr(keras, name), ModuleType)),
    "minirnn.compat", "minirnn.optimizers.schedules", "minirnn.preprocessing.sequence", "minirnn.preprocessing.text",
]  # fmt: skip
# Floors below, whose names nobody types by heart.
MODULES = [name for name in MODULES if name not in ("minirnn.gates", "minirnn.kernels")]


def public(module):
    """The public names of a module, those with letters enough to be misspelt."""
    found = importlib.import_module(module)
    own = [name for name, value in vars(found).items() if getattr(value, "__module__", None) == module]
    return [name for name in getattr(found, "__all__", own) if len(name) > 3 and not name.startswith("_")]


def misspelt(name):
    """The name with two letters in the wrong order, the first two that differ after the first letter."""
    k = next((k for k in range(1, len(name) - 1) if name[k] != name[k + 1]), 0)
    return name[:k] + name[k + 1] + name[k] + name[k + 2 :]


@pytest.mark.parametrize("module", MODULES)
def test_every_name_of_a_module_is_found_from_its_misspelling(module):
    found, names = importlib.import_module(module), public(module)
    assert names
    wrong = [name for name in names if misspelt(name) not in names]
    assert len(wrong) >= 0.9 * len(names)
    for name in wrong:
        line = f"module '{module}' has no attribute '{misspelt(name)}'; did you mean '{name}'?"
        with pytest.raises(AttributeError, match=rf"^{re.escape(line)}$"):
            getattr(found, misspelt(name))
        assert not hasattr(found, misspelt(name))


def test_python_adds_no_guess_of_its_own():
    try:
        _ = layers.LSMT
    except AttributeError as error:
        (last,) = traceback.format_exception_only(error)
    assert last == "AttributeError: module 'minirnn.layers' has no attribute 'LSMT'; did you mean 'LSTM'?\n"


def test_what_python_asks_of_a_module_costs_no_guess():
    with pytest.raises(AttributeError, match="has no attribute '__path_'$"):
        _ = layers.__path_


# --- arguments ---

CALLABLES = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module, names in {
        keras: ["Input", "Sequential", "Model", "Optimizer", "Loss", "Metric"],
        layers: [name for name in layers.__all__ if isinstance(getattr(layers, name), type) and name != "RepeatVector"],
        initializers: ["RandomNormal", "RandomUniform", "VarianceScaling", "GlorotUniform", "Orthogonal", "Constant"],
        regularizers: ["L1", "L2", "L1L2", "OrthogonalRegularizer"],
        keras.constraints: ["MaxNorm", "MinMaxNorm", "UnitNorm"],
        optimizers: ["Adam", "SGD", "RMSprop", "Nadam", "Lion"],
        optimizers.schedules: [name for name in optimizers.schedules.__all__ if name.endswith(("Decay", "Restarts"))],
        losses: ["Huber", "MeanSquaredError", "CategoricalCrossentropy"],
        metrics: ["AUC", "Precision", "MeanIoU", "F1Score"],
        callbacks: ["EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau", "CSVLogger"],
        utils: [name for name in utils.__all__ if name != "Sequence"],
        keras.random: ["normal", "uniform", "truncated_normal"],
        keras.study: ["explain", "plot_gates", "plot_history", "plot_forecast"],
        keras.interop: ["from_torch", "to_torch", "to_onnx", "save_safetensors", "load_safetensors"],
        keras.models: ["load_model", "save_model", "clone_model"],
        preprocessing.text: ["Tokenizer", "text_to_word_sequence", "one_hot", "hashing_trick"],
        preprocessing.sequence: ["TimeseriesGenerator", "pad_sequences"],
    }.items()
    for name in names
}  # fmt: skip


METHODS = ["compile", "fit", "evaluate", "predict", "train_on_batch", "summary", "get_layer", "stream", "save"]


def check(made):
    """Misspell the longest name of an argument; of one that must be there, where any others are taken, too."""
    parameters = inspect.signature(made).parameters.values()
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if len(named) < len(parameters):
        named = [p for p in named if p.default is p.empty] or named
    name = max((p.name for p in named), key=len, default="name")
    with pytest.raises(TypeError, match=f"got an unknown argument '{misspelt(name)}'; did you mean '{name}'\\?$"):
        made(**{misspelt(name): None})


@pytest.mark.parametrize("path", CALLABLES)
def test_an_argument_is_found_from_its_misspelling(path):
    check(CALLABLES[path])


@pytest.mark.parametrize("method", METHODS)
def test_an_argument_of_a_method_is_found_from_its_misspelling(method):
    check(getattr(keras.Sequential(), method))


def test_an_argument_that_is_missing_and_like_no_other_is_python_s_error():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'units'"):
        layers.LSTM(activation="tanh")


# --- names as values of arguments ---


@pytest.mark.parametrize(
    ("ask", "line"),
    [
        (lambda: layers.LSTM(2, activation="tahn"), "unknown activation 'tahn'; did you mean 'tanh'?"),
        (lambda: layers.LSTM(2, dtype="flaot32"), "dtype must be 'float32' or 'float64', got 'flaot32'; did you mean"),
        (lambda: keras.Sequential().compile("adma", "mse"), "unknown optimizer 'adma'; did you mean 'adam'?"),
        (lambda: keras.Sequential().compile("adam", "msee"), "unknown loss 'msee'; did you mean 'mse'?"),
        (lambda: layers.Conv1D(2, 2, padding="smae"), "must be 'valid', 'same' or 'causal', got 'smae'; did you mean "),
        (lambda: layers.Bidirectional(layers.LSTM(2), "conact"), "got 'conact'; did you mean 'concat'?"),
        (lambda: losses.Huber(reduction="smu"), "got 'smu'; did you mean 'sum'?"),
        (lambda: initializers.VarianceScaling(mode="fan_on"), "got 'fan_on'; did you mean 'fan_in'?"),
        (lambda: callbacks.EarlyStopping(mode="mni"), "must be 'auto', 'min' or 'max', got 'mni'; did you mean 'min'?"),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_freq="epohc"), "got 'epohc'; did you mean 'epoch'?"),
        (lambda: metrics.AUC(curve="RCO"), "curve must be 'ROC', 'PR' or 'PRGAIN', got 'RCO'; did you mean 'ROC'?"),
        (lambda: utils.pad_sequences([[1]], padding="psot"), "must be 'pre' or 'post', got 'psot'; did you mean "),
        (lambda: utils.pad_sequences([[1]], padding=3), "padding must be 'pre' or 'post', got 3"),
        (lambda: keras.Sequential([layers.Dense(1, name="last")]).get_layer("lats"), "has last; did you mean 'last'?"),
        (lambda: keras.warmup("lstn"), "a cell of warmup must be 'lstm', 'gru' or 'simple_rnn', got 'lstn'; did you"),
    ],
)
def test_a_misspelt_value_is_told_the_nearest(ask, line):
    with pytest.raises(ValueError, match=re.escape(line)):
        ask()


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("early", "callbacks must be Callback objects, got the string 'early'; did you mean 'EarlyStopping'?"),
        (["EarlyStoping"], "callbacks must be Callback objects, got the string 'EarlyStoping'; did you mean 'Early"),
        ("x", "callbacks must be Callback objects, got the string 'x'; make one of a class, such as EarlyStopping()"),
        (print, "callbacks must be Callback objects, got builtin_function_or_method; wrap it in LambdaCallback"),
    ],
)
def test_what_is_no_callback_is_told_what_would_be(given, line):
    with pytest.raises(TypeError, match=re.escape(line)):
        callbacks.CallbackList(given)
