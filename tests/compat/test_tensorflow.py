"""`tensorflow.keras` under `as_keras`, and what stands in for the rest of TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import minirnn
from minirnn import layers, random
from minirnn.compat import as_keras

PACKAGE = Path(minirnn.__file__).parent


@pytest.fixture
def alias(monkeypatch):
    """The alias as in a process that has not imported TensorFlow."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "keras")]:
        monkeypatch.delitem(sys.modules, name)
    with as_keras():
        yield


def test_tensorflow_keras_is_minirnn(alias):
    import tensorflow as tf
    from tensorflow import keras
    from tensorflow.keras.layers import LSTM
    from tensorflow.python.keras.models import Sequential

    assert keras is tf.keras is minirnn and LSTM is layers.LSTM and tf.keras.Sequential is Sequential
    assert tf.__version__.split(".")[0] == "2"


def test_its_seed_restarts_minirnns_own_and_leaves_numpys(alias):
    import tensorflow as tf

    np.random.seed(3)
    wanted = np.random.random()
    np.random.seed(3)
    tf.random.set_seed(7)
    first = random.next_seed()
    tf.random.set_seed(7)
    assert random.next_seed() == first and np.random.random() == wanted


@pytest.mark.parametrize("use", ["tf.nn.relu(1)", "tf.constant(1)", "tf.data.any", "saved.load('x')", "tf.config()"])
def test_anything_else_says_in_one_line_what_it_is_once_it_is_used(alias, use):
    import tensorflow as tf
    import tensorflow.saved_model as saved

    with pytest.raises(NotImplementedError, match="^minirnn has no tensorflow.[a-z_.]+: the script runs without T"):
        eval(use, {"tf": tf, "saved": saved})


def test_what_is_not_of_keras_is_not_found_below_it(alias):
    with pytest.raises(ModuleNotFoundError):
        import tensorflow.keras.recurent  # noqa: F401


def test_nothing_is_left_behind(alias):
    with as_keras():
        import tensorflow.keras.layers  # noqa: F401
    assert "tensorflow" in sys.modules  # the outer alias is still on


def test_tensorflow_itself_is_not_replaced_once_it_is_imported(monkeypatch):
    real = ModuleType("tensorflow")
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "keras")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow", real)
    with as_keras():
        import tensorflow as tf

        assert tf is real
    assert sys.modules["tensorflow"] is real


def test_a_script_of_tensorflow_runs_as_it_is(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import tensorflow as tf\nfrom tensorflow.keras.layers import LSTM, Dense\ntf.random.set_seed(0)\n"
        "model = tf.keras.Sequential([tf.keras.Input((3, 1)), LSTM(4), Dense(1)])\nprint(model.count_params())\n"
    )
    command = [sys.executable, "-m", "minirnn", "run", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent)
    assert (done.stdout, done.stderr) == ("101\n", "")
