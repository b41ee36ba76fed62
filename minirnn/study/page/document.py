"""The page as one file: its HTML, with style sheet, scripts, words and data within."""

from __future__ import annotations

import html
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from minirnn.study.page.json_in_html import json_in_html

LANGUAGES = ("en", "ko")
# In the order in which they build upon each other.
SCRIPTS = ("words", "numbers", "hover", "equations", "flow", "maps", "lines", "table", "page")
_PLACE = re.compile(r"<!-- (\w+) -->")
_WORDED = re.compile(r'(?P<tag><[^>]* data-word="(?P<word>\w+)"[^>]*>)')
_LABELLED = re.compile(r'data-label="(?P<word>\w+)"')


def document(data: dict[str, Any], language: str, title: str) -> str:
    """The page that shows `data`, at first in this language."""
    parts = {
        "title": html.escape(title),
        "style": part("explain.css"),
        "script": "\n".join(part(f"{name}.js") for name in SCRIPTS),
        "words": json_in_html(words()),
        "data": json_in_html(data),
    }
    own = words()[language]
    page = part("explain.html").replace('<html lang="en">', f'<html lang="{language}">')
    page = _WORDED.sub(lambda found: found["tag"] + html.escape(own[found["word"]]), page)
    page = _LABELLED.sub(lambda found: f'{found[0]} aria-label="{html.escape(own[found["word"]])}"', page)
    return _PLACE.sub(lambda found: parts[found[1]], page)


def words() -> dict[str, dict[str, Any]]:
    """Everything that the page says, by language."""
    return json.loads(part("words.json"))


@cache
def part(name: str) -> str:
    """A file of the page."""
    return (files("minirnn.study") / "explain" / name).read_text(encoding="utf-8")
