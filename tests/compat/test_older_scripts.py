"""Scripts as they were written for Keras 1 and 2 run unchanged, and learn what to write today."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from minirnn import config, layers
from minirnn.compat import as_keras
from minirnn.utils import set_random_seed

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_of_its_time_runs_as_it_is_and_each_older_spelling_warns_once_at_its_line(script, without_keras):
    text = script.read_text(encoding="utf-8")
    for name in re.findall(r"# needs: (.+)", text):
        if name not in layers.__all__:
            pytest.skip(f"minirnn has no layers.{name} yet")
    floatx = config.floatx()
    set_random_seed(1)
    with as_keras(), warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        names = runpy.run_path(str(script), run_name="__main__")
    assert config.floatx() == floatx
    for warning in found:
        assert warning.category is DeprecationWarning and warning.filename == str(script), warning
    spellings = [str(warning.message).partition(" is an older spelling")[0] for warning in found]
    assert sorted(spellings) == sorted(names["WARNS"])
    for warning, old in zip(found, spellings, strict=True):
        word = re.sub(r"[=(].*", "", old).rpartition(".")[2]
        assert word in "".join(text.splitlines()[warning.lineno - 1 : warning.lineno + 4]), warning


def test_the_command_runs_a_script_with_its_arguments_and_keeps_its_exit_code(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, keras, helper\nprint(sys.argv[1:], keras.__name__, helper.LSTM.__name__)\nsys.exit(3)"
    )
    (tmp_path / "helper.py").write_text("from keras.layers import LSTM")
    done = run_script(script, "--epochs", "5")
    assert (done.returncode, done.stdout, done.stderr) == (3, "['--epochs', '5'] minirnn LSTM\n", "")


def test_an_error_of_a_script_keeps_its_traceback_and_a_missing_script_is_one_line(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import keras\nkeras.layers.Conv2D(8)")
    done = run_script(script)
    assert done.returncode == 1 and f'File "{script}", line 2' in done.stderr
    assert done.stderr.splitlines()[-1].startswith("NotImplementedError: minirnn has no layers.Conv2D")
    done = run_script(tmp_path / "none.py")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "none.py: found no such file, expected a Python script" in done.stderr


def run_script(*arguments):
    command = [sys.executable, "-m", "minirnn", "run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
