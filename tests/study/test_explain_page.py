"""A page of `study.explain` as a document: nothing breaks out of it or is loaded, and everybody can read it."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from page_reading import Page
from trace_cases import BATCH, FEATURES, STEPS, numbers, stack

import minirnn as keras
from minirnn import layers, study
from minirnn.study.page import document

ASSETS = Path(study.__file__).parent / "explain"


@pytest.fixture(scope="module", params=["en", "ko"])
def whole(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "explain.html"
    x = numbers(BATCH, STEPS, FEATURES)
    return Page(study.explain(stack(), x, path, language=request.param).path), request.param


HOSTILE = "</script><script>alert(1)</script><!-- & ' \" <img src=x onerror=alert(2)> \u2028"


def test_no_name_breaks_out_of_the_data(tmp_path):
    model = keras.Sequential(
        [keras.Input((STEPS, 1)), layers.LSTM(2, name="</script >"), layers.Dense(1)], name=HOSTILE
    )
    labels = [f"{HOSTILE}{k}" for k in range(STEPS)]
    path = tmp_path / "explain.html"
    found = Page(study.explain(model, numbers(1, STEPS, 1), path, labels=labels, features=[HOSTILE]).path)
    assert [element["id"] for element in found.all("script")] == ["words", "data", None]
    assert not found.all("img") and found.all("title")[0].text.startswith(HOSTILE[:60])
    data = found.data
    assert data["model"] == HOSTILE and data["layers"][0]["labels"] == labels
    assert data["layers"][0]["feature_names"] == [HOSTILE] and data["layers"][0]["name"] == "</script >"


def test_the_page_loads_nothing(whole):
    page, _ = whole
    assert not re.search(r"https?://", page.source)
    for element in page.elements:
        assert element["src"] is None and (element["href"] or "#").startswith(("#", "data:,"))
    style = page.all("style")[0].text
    assert "url(" not in style and "@import" not in style
    (policy,) = [meta["content"] for meta in page.all("meta") if meta["http-equiv"] == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "connect-src" not in policy
    script = page.all("script")[2].text
    reach_out = r"\b(fetch|XMLHttpRequest|import|WebSocket|eval|innerHTML|outerHTML|document\.write)\b"
    assert not re.search(reach_out, script)


def test_every_control_has_a_label(whole):
    page, _ = whole
    labels = {element["for"]: element for element in page.all("label")}
    controls = page.all("button", "select", "input", "summary")
    assert len(controls) > 12
    for element in controls:
        own = (element["aria-label"] or element.text).strip()
        label = labels[element["id"]].text.strip() if element["id"] in labels else ""
        assert (own or label) and own not in ("‹", "›"), element.attributes
    ids = [element["id"] for element in page.elements if element["id"]]
    assert len(ids) == len(set(ids)) and set(labels) <= set(ids)
    for element in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert element[name] is None or element[name] in ids
        if element.tag == "fieldset":
            assert any(e.tag == "legend" and element in e.inside and e.text for e in page.elements)
        if element["role"] in ("group", "region"):
            assert element["aria-label"]
    assert page.by_id("sentence")["aria-live"] == "polite"


def test_headings_go_down_step_by_step_and_landmarks_are_there(whole):
    page, _ = whole
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    assert len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1
    assert page.all("a")[0]["href"] == "#now" and page.by_id("now")["tabindex"] == "-1"


def test_the_page_begins_in_the_language_asked_for(whole):
    page, language = whole
    assert page.all("html")[0]["lang"] == language
    own = page.words[language]
    for element in page.elements:
        if element["data-word"]:
            assert element.text == own[element["data-word"]]
        if element["data-label"]:
            assert element["aria-label"] == own[element["data-label"]]


def test_both_languages_say_the_same_things():
    english, korean = (document.words()[language] for language in ("en", "ko"))
    assert list(english) == list(korean)
    for key, words in english.items():
        if isinstance(words, str):
            assert set(re.findall(r"{\w+}", words)) == set(re.findall(r"{\w+}", korean[key])), key
            assert re.search("[가-힣]", korean[key]) or key in ("of", "sentence_gate"), key
        elif key != "remarks":
            assert list(words) == list(korean[key])


def test_every_word_of_the_page_is_used_and_every_word_used_is_there():
    sources = {path.name: path.read_text(encoding="utf-8") for path in ASSETS.iterdir()}
    text = "".join(source for name, source in sources.items() if name != "words.json")
    words = document.words()["en"]
    used = set(re.findall(r'say\(\s*"(\w+)"', text)) | set(re.findall(r'data-(?:word|label)="(\w+)"', text))
    assert used <= set(words), used - set(words)
    python = "".join(path.read_text(encoding="utf-8") for path in (ASSETS.parent / "page").glob("*.py"))
    for key in words:
        base = re.sub("^d_", "", key)
        assert re.search(rf'\b{key}\b|"{base}"', text + python) or key.startswith(("cut_", "d_")), key


def test_the_files_of_the_page_are_packaged_and_all_of_them_are_used():
    scripts = {f"{name}.js" for name in document.SCRIPTS}
    assert {path.name for path in ASSETS.iterdir()} == scripts | {"explain.html", "explain.css", "words.json"}
    config = ConfigParser()
    config.read(ASSETS.parents[2] / "setup.cfg")
    assert "study/explain/*" in config["options.package_data"]["minirnn"].split("\n")


# --- colours ----------------------------------------------------------------------------------------------------------


def luminance(colour):
    """The relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes():
    style = (ASSETS / "explain.css").read_text(encoding="utf-8")
    for theme, rule in (("light", r"^:root {(.*?)^}"), ("dark", r'^:root\[data-theme="dark"\] {(.*?)^}')):
        yield theme, dict(re.findall(r"--(\w[\w-]*): (#\w{6});", re.search(rule, style, re.DOTALL | re.MULTILINE)[1]))


def test_text_stands_out_from_what_is_behind_it_in_light_and_dark():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for theme, colours in palettes():
        texts = ["ink", "quiet", "accent", "mark", *"ifogzrnchx"]
        for text in texts:
            for behind in ("paper", "card"):
                assert contrast(colours[text], colours[behind]) >= 4.5, (theme, text, behind)
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5, theme
        for bar in ("adds", "takes"):  # graphics: 3 to 1
            assert contrast(colours[bar], colours["card"]) >= 3, (theme, bar)
