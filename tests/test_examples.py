"""Every example in a docstring gives what it says."""

import doctest
import importlib
import pkgutil

import pytest

import minirnn

MODULES = [module.name for module in pkgutil.walk_packages(minirnn.__path__, "minirnn.")]
MODULES.remove("minirnn.__main__")  # its import runs the command


@pytest.mark.parametrize("name", ["minirnn", *MODULES])
def test_the_examples_of_a_module_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
