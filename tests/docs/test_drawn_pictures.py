"""The pictures of README and docs: one command knows them all, and draws each of them from the code as it runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from minirnn.models import Model

pytest.importorskip("matplotlib")
from matplotlib import image  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)]


@pytest.fixture(scope="module")
def command():
    spec = importlib.util.spec_from_file_location("draw_pictures", ROOT / "docs" / "draw_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def quick(monkeypatch):
    """Every training ends after its first epoch."""
    fit = Model.fit
    monkeypatch.setattr(Model, "fit", lambda model, *args, **options: fit(model, *args, **options | {"epochs": 1}))


def shown():
    """The pictures that a page shows, and the pages."""
    found = {}
    for page in PAGES:
        for link in re.findall(r"!\[[^]]+\]\(([^)]+\.png)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).resolve().parent == FOLDER, f"{page.name} shows {link}"
            found.setdefault(Path(link).name, []).append(page.name)
    return found


def test_the_command_knows_every_picture_that_a_page_shows(command):
    known = {*command.PICTURES, *command.ELSEWHERE}
    assert set(shown()) <= known
    assert set(command.PICTURES) <= set(shown()), "a picture that nobody shows"
    assert {path.name for path in FOLDER.iterdir()} == set(shown())


def test_the_readme_shows_five_pictures_or_more_and_links_to_the_path():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sum("README.md" in pages for pages in shown().values()) >= 5
    for link in ("docs/path/01_step.md", "docs/ko/path/01_step.md", "examples/exercises"):
        assert f"({link})" in text and (ROOT / link).exists()
    assert "python docs/draw_pictures.py" in text


@pytest.mark.parametrize("name", ["forecast.png", "ensemble.png", "range_trap.png", "gates.png", "gradient_flow.png"])
def test_a_picture_is_drawn_without_error(name, command, quick, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    assert command.main([name, "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"Wrote {tmp_path / name}\n"
    drawn, kept = image.imread(tmp_path / name), image.imread(FOLDER / name)
    # The same layout as the picture in the repository (labels may differ in length), something in it, a white margin.
    assert drawn.shape[0] == pytest.approx(kept.shape[0], rel=0.1)
    assert drawn.shape[1] == pytest.approx(kept.shape[1], rel=0.1)
    assert drawn.std() > 0.05 and (drawn[0, 0] == 1).all()


def test_all_that_the_command_knows_is_drawn_above(command):
    (mark,) = test_a_picture_is_drawn_without_error.pytestmark
    assert mark.args[1] == list(command.PICTURES)


@pytest.mark.parametrize(("name", "words"), [("race.png", "-m benchmarks"), ("rice.png", "there is forecast.png")])
def test_a_picture_that_it_does_not_draw_is_refused_in_one_line(name, words, command, capsys):
    with pytest.raises(SystemExit):
        command.main([name])
    assert words in capsys.readouterr().err.splitlines()[-1]
