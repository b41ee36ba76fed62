"""The notebooks: each is in step with the script it is paired with, and runs from top to bottom on small sizes."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.py"))
NEEDS_KERAS = {"04_same_as_keras"}
SMALL = {"EPOCHS": 2, "UNITS": 5, "STEPS": 12}
# What a reader shall see.
SHOWN = {
    "01_gates_by_hand": [r"i 0.7503 +f 0.6900", r"da_i .* by a small change"],
    "02_watch_the_gates": [r"\(131, 12, 1\)", "half is left after"],
    "03_vanishing_gradients": ["SimpleRNN +on average times 0", r"GRU, z open( +\d+%){3}"],
    "04_same_as_keras": [r"LSTM +\d+ parameters, largest difference", "largest relative difference"],
    "05_range_trap": ["outside the range", "trained on changes +RMSE"],
}


def of_script(text: str) -> list[tuple[str, str]]:
    """(kind, text) of each cell of a script in the percent format."""
    cells = []
    for part in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]:
        head, body = part.split("\n", 1)
        if head.strip() == "[markdown]":
            cells.append(("markdown", "\n".join(line[2:] for line in body.strip("\n").split("\n"))))
        else:
            cells.append(("code", body.strip("\n")))
    return cells


def of_notebook(text: str) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(text)["cells"]]


def read(name: str, ending: str) -> str:
    return (FOLDER / f"{name}.{ending}").read_text(encoding="utf-8")


def small(tree: ast.Module) -> ast.Module:
    """The script with other numbers for its sizes."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in SMALL:
            node.value = ast.copy_location(ast.Constant(SMALL[node.targets[0].id]), node.value)
    return tree


def test_every_notebook_is_checked_and_listed():
    assert sorted(SHOWN) == NOTEBOOKS == sorted(path.stem for path in FOLDER.glob("*.ipynb"))
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \d+ \| \[[^]]+\]\((\w+)\.ipynb\)", text, re.MULTILINE)
    assert listed == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_in_step_with_its_script_and_keeps_no_results(name):
    assert of_notebook(read(name, "ipynb")) == of_script(read(name, "py"))
    notebook = json.loads(read(name, "ipynb"))
    assert notebook["metadata"]["jupytext"]["formats"] == "ipynb,py:percent"
    assert "formats: ipynb,py:percent" in read(name, "py")
    for cell in notebook["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_jupytext_reads_a_script_as_the_test_above_does(name):
    jupytext = pytest.importorskip("jupytext")
    cells = jupytext.reads(read(name, "py"), fmt="py:percent").cells
    assert [(cell.cell_type, cell.source) for cell in cells] == of_script(read(name, "py"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_headings_and_texts_are_in_two_languages(name):
    texts = [text for kind, text in of_script(read(name, "py")) if kind == "markdown"]
    headings = [line for text in texts for line in text.split("\n") if re.match("#+ ", line)]
    assert re.fullmatch(rf"# {int(name[:2])}\. .+ / .*[가-힣].*", headings[0]) and len(headings) > 3
    for heading in headings[1:]:
        english, korean = heading.split(" / ")
        assert english.isascii() and re.search("[가-힣]", korean), heading
    for text in texts:
        assert re.search("[A-Za-z]{4}", text) and len(re.findall("[가-힣]+", text)) > 4, text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_on_small_sizes(name, request, monkeypatch, capsys):
    if name in NEEDS_KERAS:
        request.getfixturevalue("keras")
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    drawn = []

    def show():
        for number in pyplot.get_fignums():
            drawn.append(number)
            pyplot.figure(number).canvas.draw()
        pyplot.close("all")

    monkeypatch.setattr(pyplot, "show", show)
    code = compile(small(ast.parse(read(name, "py"))), f"{name}.py", "exec")
    exec(code, {"__name__": "__main__"})
    text = capsys.readouterr().out
    for pattern in SHOWN[name]:
        assert re.search(pattern, text), f"{pattern!r} is not in\n{text}"
    assert len(drawn) == read(name, "py").count("plt.show()")


# What Jupyter and IPython write goes into a folder of the test's.
FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
PROGRAM = """
import nbclient, nbformat, sys

notebook = nbformat.read(sys.stdin, 4)
nbclient.NotebookClient(notebook, timeout=120, startup_timeout=120).execute()
nbformat.write(notebook, sys.stdout)
"""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_in_jupyter_on_small_sizes_and_shows_its_pictures(name, request, tmp_path):
    for needed in ("nbclient", "ipykernel"):  # not imported: with ipykernel in it a process passes for a notebook
        if find_spec(needed) is None:
            pytest.skip(f"needs {needed}, of the extra `test`")
    if name in NEEDS_KERAS:
        request.getfixturevalue("keras")
    notebook = json.loads(read(name, "ipynb"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = ast.unparse(small(ast.parse("".join(cell["source"]))))
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(notebook), capture_output=True, text=True, cwd=tmp_path,
        env=os.environ | {folder: str(tmp_path / folder) for folder in FOLDERS},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    outputs = [output for cell in json.loads(run.stdout)["cells"] for output in cell.get("outputs", ())]
    text = "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")
    for pattern in SHOWN[name]:
        assert re.search(pattern, text), f"{pattern!r} is not in\n{text}"
    pictures = sum("image/png" in output.get("data", ()) for output in outputs)
    assert pictures == read(name, "py").count("plt.show()")
