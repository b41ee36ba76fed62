"""The notes are built by the command of CONTRIBUTING.md: every warning is an error, every block of code runs."""

from __future__ import annotations

import html as html_module
import inspect
import os
import re
import subprocess
import sys
import zlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import minirnn

for name in ("sphinx", "myst_nb", "sphinx_design", "furo", "ipykernel"):
    if find_spec(name) is None:  # not imported: with ipykernel in it a process passes for a notebook
        pytest.skip(f"needs {name}, of the extra `test`", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# What Jupyter and IPython write goes into a folder of the test's.
FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the pages."""
    folder = tmp_path_factory.mktemp("notes")
    (command,) = re.findall(r"\.venv/bin/python (-m sphinx .*)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert command == "-m sphinx -W -E docs docs/_build"
    run = subprocess.run(
        # Entries of the tables of contents for all objects make each page dearer, and none of them right or wrong.
        [sys.executable, *command.replace("docs/_build", str(folder / "html")).split(), "-D", "toc_object_entries=0"],
        cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {name: str(folder / name) for name in FOLDERS},
    )  # fmt: skip
    assert run.returncode == 0, f"{run.stdout[-2000:]}\n{run.stderr[-4000:]}"
    assert "build succeeded." in run.stdout and "warning" not in run.stdout.splitlines()[-3]
    return folder / "html"


def html(built, name):
    return (built / f"{name}.html").read_text(encoding="utf-8")


CHAPTERS = sorted(path.relative_to(DOCS).with_suffix("").as_posix() for path in (DOCS / "path").glob("*.md"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_shows_what_its_code_gave_in_both_languages(chapter, built):
    pages = html(built, chapter), html(built, f"ko/{chapter}")
    cells = (DOCS / f"{chapter}.md").read_text(encoding="utf-8").count("```{code-cell}")
    for page in pages:
        assert page.count('class="cell docutils container"') == cells
        assert re.search(r'<img alt="[^"]*" src="[^"]*_images/\w+\.png"', page), "no picture"
        assert "Traceback" not in page
    outputs = [re.findall(r'class="cell_output docutils container">(.*?)</div>', page, re.DOTALL) for page in pages]
    assert len(outputs[0]) == len(outputs[1]) > 0


def test_chapters_include_the_source_that_runs(built):
    for name in ("path/03_lstm", "ko/path/03_lstm"):
        text = re.sub("<[^>]+>", "", html(built, name))
        for line in ("c = f * c_prev + i * g", "df = dc * c_prev"):
            assert line in text, f"{line!r} is not in {name}"


def test_the_api_has_every_public_name_and_its_docstring(built):
    found = inventory(built)
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (built / "api").glob("*.html")}
    text = html_module.unescape(re.sub("<[^>]+>", "", "".join(pages.values())))
    checked = 0
    for module in public_modules():
        for name in module.__all__ if hasattr(module, "__all__") else ():
            value = getattr(module, name)
            if not callable(value) or (module.__name__, name) in ELSEWHERE:
                continue
            assert f"{module.__name__}.{name}" in found
            documented = (inspect.getdoc(value) or "").splitlines()
            assert documented and documented[0].strip() in text, f"{module.__name__}.{name}"
            checked += 1
    assert checked > 400
    for name in ("Model.trace_gradients", "Sequential.add"):
        assert f"minirnn.models.{name}" in found
    assert {f"minirnn.study.Trace.{name}" for name in ("backward", "to_npz", "to_dataframe", "only")} <= found


def inventory(built) -> set[str]:
    """The names that the pages define."""
    whole = (built / "objects.inv").read_bytes()
    lines = zlib.decompress(whole.split(b"\n", 4)[4]).decode().splitlines()
    return {line.split(" ")[0] for line in lines if " py:" in line}


def public_modules():
    modules = [getattr(minirnn, name) for name in minirnn.__all__ if isinstance(getattr(minirnn, name), ModuleType)]
    inner = [import_module(f"minirnn.{name}") for name in ("optimizers.schedules", "preprocessing.sequence")]
    return [*modules, *inner]


# The same class, shown with the other files.
ELSEWHERE = {("minirnn.interop", "ModelFileError")}
