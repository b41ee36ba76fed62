"""What `import minirnn` offers, and when it is imported."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import minirnn
from minirnn.ahead import warmup


def test_every_public_name_is_there_and_listed():
    assert set(minirnn.__all__) <= set(dir(minirnn))
    for name in minirnn.__all__:
        value = getattr(minirnn, name)
        assert callable(value) or (isinstance(value, ModuleType) and value.__name__ == f"minirnn.{name}")
    assert minirnn.Sequential is minirnn.models.Sequential and minirnn.Input is minirnn.layers.Input
    assert minirnn.Model is minirnn.models.Model and type(minirnn.Input((3,))) is minirnn.KerasTensor
    assert minirnn.warmup is warmup
    assert minirnn.get_num_threads() == minirnn.kernels.threads.get_num_threads()


def test_a_name_that_is_not_there_is_an_attribute_error_as_of_any_module():
    with pytest.raises(AttributeError, match="module 'minirnn' has no attribute 'Sequentail'"):
        _ = minirnn.Sequentail
    with pytest.raises(ImportError, match="Sequentail"):
        exec("from minirnn import Sequentail")


@pytest.mark.parametrize("name", minirnn.__all__)
def test_any_name_may_be_the_first_to_be_asked_for(name):
    program = (
        f"import sys, minirnn; before = {{'numpy', 'numba'}} & set(sys.modules); value = minirnn.{name};"
        f"from minirnn import {name}; print(sorted(before), value is {name})"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("[] True", "")
