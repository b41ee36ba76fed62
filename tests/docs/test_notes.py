"""The notes: their code runs, and the Korean ones keep step with the English."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib
import pytest

from reference.tolerances import TOLERANCES

DOCS = Path(__file__).resolve().parents[2] / "docs"
CHAPTERS = sorted((DOCS / "path").glob("*.md"))
TOLERANCE_PAGE = DOCS / "choosing_a_tolerance.md"
PAGES = [*CHAPTERS, DOCS / "coming_from_keras.md", DOCS / "coming_from_pytorch.md", TOLERANCE_PAGE]
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
FORMULA = re.compile(r"^\$\$.*?\$\$$", re.DOTALL | re.MULTILINE)


def cells(page: Path) -> list[str]:
    """The blocks of code that are run."""
    blocks = FENCE.findall(page.read_text(encoding="utf-8"))
    return [block.split("\n", 1)[1][:-3] for block in blocks if block.startswith("```{code-cell}")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_from_top_to_bottom(page, monkeypatch):
    from matplotlib import pyplot

    matplotlib.use("agg")
    monkeypatch.setattr(pyplot, "show", lambda: pyplot.close("all"))
    names: dict = {"__name__": "__main__"}
    for number, cell in enumerate(cells(page)):
        exec(compile(cell, f"{page.name}, cell {number + 1}", "exec"), names)


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_has_code_a_picture_and_an_exercise_with_its_answer(page):
    assert any("plt.show()" in cell for cell in cells(page))
    text = page.read_text(encoding="utf-8")
    assert re.search("^## Exercises?$", text, re.MULTILINE) and ":::{dropdown} Answer" in text


@pytest.mark.parametrize("page", [*CHAPTERS, TOLERANCE_PAGE], ids=lambda page: page.stem)
def test_the_korean_chapter_keeps_step(page):
    in_korean = DOCS / "ko" / page.relative_to(DOCS)
    english, korean = (each.read_text(encoding="utf-8") for each in (page, in_korean))
    korean = korean.replace("../../../minirnn/", "../../minirnn/")  # a folder deeper
    assert FENCE.findall(korean) == FENCE.findall(english)
    assert FORMULA.findall(korean) == FORMULA.findall(english)
    levels = [re.findall(r"^#+(?= )", FENCE.sub("", text), re.MULTILINE) for text in (korean, english)]
    assert levels[0] == levels[1]
    numbers = [re.findall(r"^\d+\. ", FENCE.sub("", text), re.MULTILINE) for text in (korean, english)]
    assert numbers[0] == numbers[1]


INCLUDE = re.compile(r"^```{literalinclude} (\S+)\n(?::.*\n)*?:pyobject: (\w+)\n(?::.*\n)*```\n\n(.*)$", re.MULTILINE)


def test_a_reader_of_the_repository_finds_the_source_that_a_chapter_includes_by_a_link_beside_it():
    pages = [page for page in DOCS.rglob("*.md") if "_build" not in page.parts]
    found = [(page, *included) for page in pages for included in INCLUDE.findall(page.read_text(encoding="utf-8"))]
    assert len(found) == sum(page.read_text(encoding="utf-8").count("```{literalinclude}") for page in pages) > 10
    for page, path, function, beside in found:
        (link,) = re.findall(r"\[(minirnn/[^]]+)\]\(([^)]+)\)", beside)
        assert link[1] == path and f"`{function}`" in beside, page
        assert (page.parent / path).resolve() == (DOCS.parent / link[0]).resolve()
        assert re.search(rf"^def {function}\(", (page.parent / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_both_languages_have_the_same_chapters_and_list_them():
    names = [page.name for page in CHAPTERS]
    assert sorted(page.name for page in (DOCS / "ko" / "path").glob("*.md")) == names
    for index in (DOCS / "index.md", DOCS / "ko" / "index.md"):
        assert re.findall(r"^path/(\S+)$", index.read_text(encoding="utf-8"), re.MULTILINE) == [n[:-3] for n in names]


@pytest.mark.parametrize("name", ["path/13_precision.md", "choosing_a_tolerance.md"])
@pytest.mark.parametrize("language", [".", "ko"])
def test_the_tolerances_of_the_notes_are_those_of_the_comparison(language, name):
    text = (DOCS / language / name).read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| (1e-\d+) \| (1e-\d+) \|", text, re.MULTILINE)
    single, double = TOLERANCES["float32"], TOLERANCES["float64"]
    allowed = [(single[quantity].allowed, double[quantity].allowed) for quantity in single]
    assert [tuple(map(float, row)) for row in rows] == allowed
