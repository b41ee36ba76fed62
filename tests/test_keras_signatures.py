"""Signatures beside Keras's: names, kinds and defaults of all arguments, for every public name that both have.

Layers and initializers: tests/layers/test_signatures.py.
"""

from __future__ import annotations

import importlib
import inspect

import pytest

MODULES = ["regularizers", "constraints", "optimizers", "optimizers.schedules", "losses", "metrics", "callbacks"]
# What differs, each with its reason. All else is the same.
EXCEPTIONS = {
    "optimizers.Optimizer": "a base class: Keras's takes anything, ours names its options",
    "callbacks.CallbackList": "add_progbar has the default None, for the verbose of `params`",
    "callbacks.ReduceLROnPlateau": "no **kwargs: Keras ignores what it does not know",
}


def public(module):
    """Classes and functions by name."""
    return {name: found for name, found in vars(module).items() if not name.startswith("_") and callable(found)}


def arguments(made):
    """(name, kind, default) of every argument of a function, or of making an object of a class; ** has no name."""
    given = inspect.signature(made).parameters.values()
    return [("" if p.kind is p.VAR_KEYWORD else p.name, p.kind.name, p.default) for p in given]


def pairs(keras):
    """Both libraries' objects by path, for every public name that both have."""
    for path in MODULES:
        ours = public(importlib.import_module(f"minirnn.{path}"))
        theirs = public(importlib.import_module(f"keras.{path}"))
        for name in sorted(ours.keys() & theirs.keys()):
            yield f"{path}.{name}", ours[name], theirs[name]


def differing(keras):
    return {path: (arguments(a), arguments(b)) for path, a, b in pairs(keras) if arguments(a) != arguments(b)}


def test_every_signature_is_that_of_keras_but_for_the_exceptions(keras):
    assert differing(keras).keys() == EXCEPTIONS.keys()


def test_there_is_much_to_compare(keras):
    assert len(list(pairs(keras))) > 150


# Names of Keras that are not there.
ABSENT = {"losses": {"CTC", "Circle", "Dice", "Tversky", "ctc", "circle", "dice", "tversky"}}


@pytest.mark.parametrize("module", ["regularizers", "constraints", "losses", "metrics", "optimizers.schedules"])
def test_every_public_name_of_keras_is_there(keras, module):
    ours = importlib.import_module(f"minirnn.{module}")
    theirs = public(importlib.import_module(f"keras.{module}"))
    assert {name for name in theirs if not hasattr(ours, name)} == ABSENT.get(module, set())
