"""A page of `study.explain` in a browser, by mouse and keyboard. Skipped without Chromium, chromedriver or selenium.

On Debian: `apt-get install chromium chromium-driver`, and `pip install '.[test]'`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from trace_cases import BATCH, CELLS, FEATURES, STEPS, layer_of, numbers, stack

import minirnn as keras
from minirnn import layers, study

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    pytest.skip("needs chromium and chromedriver", allow_module_level=True)
pytest.importorskip("selenium", reason="needs selenium, of the extra `test`")
image = pytest.importorskip("matplotlib.image")

from selenium import webdriver  # noqa: E402
from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

LABELS = [f"day {k}" for k in range(STEPS)]
LAYERS = ["both/forward_lstm", "both/backward_lstm", "gru", "last"]


@pytest.fixture(scope="module")
def driven():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1280,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    except WebDriverException as error:
        pytest.skip(f"chromium does not start here: {error.msg}")
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The path of a page of four layers, three rows and seven steps, and the trace and gradients that it is of."""
    path = tmp_path_factory.mktemp("page") / "explain.html"
    model, x, y = stack(), numbers(BATCH, STEPS, FEATURES), numbers(BATCH, 2, seed=4)
    x[0, 5:] = 0.0  # masked
    study.explain(model, x, path, y=y, labels=LABELS)
    return path, model.trace(x), model.trace_gradients(x, y)


class Opened:
    """The page, opened anew from the disk."""

    def __init__(self, driver, path):
        self.driver = driver
        self.width(1280)
        driver.get_log("browser")
        driver.get(path.as_uri())

    def width(self, pixels, dark=False, media=""):
        size = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [scheme]})

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def select(self, name, value):
        self.find(f"#{name} option[value='{value}']").click()

    def place(self):
        """(layer, row, step, unit) by their numbers, as the controls say."""
        row = self.run("return Number(document.getElementById('row').selectedOptions[0].text)")
        step = int(re.match(r"\d+", self.find("#step-now").text)[0])
        return self.run("return here().name"), row, step, int(self.find("#unit-now").text)

    def exact(self):
        """Every number in the equations: its quantity, its text and its exact value."""
        return self.run(
            "return [...document.querySelectorAll('#equations [data-quantity]')]"
            ".map((b) => [b.dataset.quantity, b.textContent, b.dataset.exact])"
        )

    def until(self, true):
        """Wait for what the page does when it is told so by the browser."""
        WebDriverWait(self.driver, 10, poll_frequency=0.05).until(lambda _: true())

    @property
    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture
def page(driven, written):
    opened = Opened(driven, written[0])
    yield opened
    assert opened.errors == []


def number(text):
    """What a reader makes of a number as it is written, and half of its last digit's worth."""
    plain = text.replace("−", "-")
    digits, _, power = plain.partition("×10")
    power = int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))) if power else 0
    last = len(digits.partition(".")[2])
    return float(digits) * 10.0**power, 0.51 * 10.0 ** (power - last)


def shown_numbers_are_those_of(page, trace):
    name, row, step, unit = page.place()
    found = page.exact()
    assert len(found) > 8
    for quantity, text, exact in found:
        if quantity in trace[name]:
            value = trace[name][quantity][row, step, unit]
            assert float(exact) == value, (name, quantity)
            read, near = number(text)
            assert abs(read - value) <= near, (name, quantity, text)


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_the_page_opens_from_the_disk_and_shows_the_numbers_of_the_trace(page, written):
    _, trace, _ = written
    assert page.run("return location.protocol") == "file:" and page.driver.title.endswith("minirnn")
    assert page.place()[:3] == (LAYERS[0], 0, STEPS - 1)
    page.select("row", 1)
    shown_numbers_are_those_of(page, trace)
    for _ in range(2):
        page.find("#step-less").click()
    page.find("#unit-less").click()
    assert page.place()[1:3] == (1, STEPS - 3)
    shown_numbers_are_those_of(page, trace)
    page.find("#backward").click()
    assert page.find("#step-now").text == "2 (reads x of step 4, day 4)"  # the day that it was
    assert page.place()[0] == LAYERS[1]
    shown_numbers_are_those_of(page, trace)
    for layer in LAYERS[2:]:
        page.select("layer", layer)
        assert page.place()[0] == layer
        shown_numbers_are_those_of(page, trace)


def test_the_shares_of_a_sum_add_up_to_the_pre_activation(page, written):
    _, trace, _ = written
    page.select("layer", "gru")
    page.select("row", 2)
    for gate, expected in (("z", lambda t: t.a_z), ("n", lambda t: t.a_n + t.q)):
        page.find(f"label[for=gate-{gate}]").click()
        _, row, step, unit = page.place()
        total = float(page.find("#shares .total [data-exact]").get_attribute("data-exact"))
        assert total == pytest.approx(expected(trace["gru"])[row, step, unit], rel=1e-9)
        parts = [number(cell.text)[0] for cell in page.all("#shares tbody tr:not(.total) td:last-child")]
        assert sum(parts) == pytest.approx(total, abs=1e-3) and len(parts) == 6 + 2


def test_a_number_shows_its_gradient_when_it_is_pointed_at_or_walked_to(page, written):
    _, _, gradients = written
    page.select("row", 1)
    name, row, step, unit = page.place()
    for quantity in ("a_f", "c"):
        button = page.find(f"#equations .result [data-quantity={quantity}]")
        page.run("arguments[0].focus()", button)
        window = page.find("#hover")
        assert window.is_displayed() and button.get_attribute("aria-describedby") == "hover"
        read, near = number(page.find("#hover .slope").text)
        assert abs(read - gradients[name][f"d{quantity}"][row, step, unit]) <= near
        assert "the loss would change" in window.text
    page.press(Keys.ESCAPE)
    assert not page.find("#hover").is_displayed()
    webdriver.ActionChains(page.driver).move_to_element(page.find("#equations .result [data-quantity=o]")).perform()
    assert page.find("#hover").is_displayed() and "output gate" in page.find("#hover").text


def test_the_table_holds_every_step_of_the_unit(page, written):
    _, trace, gradients = written
    page.select("row", 2)
    page.find("#table summary").click()
    name, row, _, unit = page.place()
    heads = [head.text.replace("\n", "") for head in page.all("#table thead th")]
    body = page.all("#table tbody tr")
    assert len(body) == STEPS and body[-1].get_attribute("aria-current") == "true"
    for step, line in enumerate(body):
        cells = dict(zip(heads[1:], [cell.text for cell in line.find_elements(By.TAG_NAME, "td")], strict=True))
        for head, value in (("f", trace[name].f), ("c", trace[name].c), ("dh", gradients[name].dh)):
            read, near = number(cells[head])
            assert abs(read - value[row, step, unit]) <= near
    assert page.find("#table tbody th").text == "0 (day 0)"


def test_a_masked_step_says_so(page):
    assert page.place()[1:3] == (0, STEPS - 1)  # row 0 ends in two masked steps
    assert page.find("#masked").is_displayed() and "masked" in page.find("#sentence").text
    states = {quantity: exact for quantity, _, exact in page.exact()}
    assert states["h"] == states["h_prev"] and "i" not in states
    page.select("row", 1)
    assert not page.find("#masked").is_displayed()


def test_the_address_says_where_the_page_begins(page, written):
    _, trace, _ = written
    page.driver.get(f"{written[0].as_uri()}#layer=gru&row=1&step=3&unit=2")
    page.until(lambda: page.place() == ("gru", 1, 3, 2))
    shown_numbers_are_those_of(page, trace)
    page.run("location.hash = '#layer=none&step=99&unit=0'")  # of which there is only the unit
    page.until(lambda: page.place() == ("gru", 1, 3, 0))


# --- keys -------------------------------------------------------------------------------------------------------------


def test_arrow_keys_in_a_map_change_the_step_and_the_unit(page, written):
    _, trace, _ = written
    page.select("row", 1)
    page.run("document.querySelector('.map[tabindex=\"0\"]').focus()")
    _, _, _, unit = page.place()
    up = Keys.ARROW_UP if unit else Keys.ARROW_DOWN
    page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT, up)
    assert page.place()[2:] == (STEPS - 3, unit - 1 if unit else 1)
    shown_numbers_are_those_of(page, trace)
    page.press(Keys.HOME)
    assert page.place()[2] == 0
    page.press(Keys.ARROW_LEFT)  # the first step has none before it
    assert page.place()[2] == 0 and not page.find("#step-less").is_enabled()
    page.press(Keys.END, "c")
    assert page.place()[2] == STEPS - 1
    assert page.run("return document.activeElement.dataset.map") == "c"
    assert [m.get_attribute("data-map") for m in page.all(".map[tabindex='0']")] == ["c"]
    page.until(lambda: f"Step {STEPS - 1} (day {STEPS - 1})" in page.find("#sentence").text)


def test_arrow_keys_walk_through_the_numbers_and_tab_leaves_them(page):
    page.select("row", 1)
    buttons = page.all("#equations button")
    assert [b.get_attribute("tabindex") for b in buttons].count("0") == 1
    page.run("arguments[0].focus()", buttons[0])
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    assert page.driver.switch_to.active_element == buttons[1] and buttons[1].get_attribute("tabindex") == "0"
    page.press(Keys.END)
    assert page.driver.switch_to.active_element == buttons[-1]
    page.press(Keys.TAB)
    assert page.run("return !document.activeElement.closest('#equations')")


def test_every_place_that_the_tab_key_comes_to_is_visible_named_and_outlined(page):
    page.run("document.body.tabIndex = -1; document.body.focus()")
    met = []
    for _ in range(60):
        page.press(Keys.TAB)
        told = page.run(
            "const e = document.activeElement; const s = getComputedStyle(e);"
            "const ring = e.matches('.switch input') ? getComputedStyle(e.nextElementSibling) : s;"
            "return [e.id || e.dataset.map || e.dataset.language || e.tagName, s.visibility, ring.outlineStyle,"
            " parseFloat(ring.outlineWidth), e === document.body]"
        )
        if told[4]:
            break
        assert told[1] == "visible" and told[2] != "none" and told[3] >= 2, told
        met.append(told[0])
    order = [met.index(name) for name in ("en", "dark", "layer", "row", "step", "unit", "view-values", "i")]
    assert order == sorted(order)
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "slider", "combobox", "radio", "application", "image", "DisclosureTriangle"}
    controls = [node for node in tree if node.get("role", {}).get("value") in roles and not node.get("ignored")]
    assert len(controls) > 30
    assert all(node["name"]["value"].strip() for node in controls), controls


# --- languages, colours, widths ---------------------------------------------------------------------------------------


def test_the_language_switch_changes_every_word(page):
    assert "Through time" in page.find("#time-title").text and not re.search("[가-힣]", page.find("main").text)
    page.select("row", 1)
    page.find("[data-language=ko]").click()
    assert page.run("return document.documentElement.lang") == "ko"
    for place in page.all("[data-word], [data-label]"):
        said = place.get_attribute("aria-label") or place.get_attribute("textContent")
        assert re.search("[가-힣]", said), said
    assert "층" in page.find("label[for=layer]").text and "은닉 상태" in page.find("#sentence").text
    english = re.findall(r"[A-Za-z]{4,}", page.find("main").text)
    assert set(english) <= {
        "hprev",
        "cprev",
        "tanh",
        "sigmoid",
        "Home",
        "masking",
        "Masking",
        "both",
        "Bidirectional",
        "Gers",
    }
    page.find("[data-language=en]").click()
    assert not re.search("[가-힣]", page.find("main").text)


def background(page):
    return sum(map(int, re.findall(r"\d+", page.run("return getComputedStyle(document.body).backgroundColor"))[:3]))


def test_dark_is_what_the_system_wants_until_the_button_is_pressed(page):
    assert background(page) > 600 and page.find("#dark").get_attribute("aria-pressed") == "false"
    first = page.run("return document.querySelector('.map canvas').toDataURL()")
    page.width(1280, dark=True)
    page.until(lambda: background(page) < 200)
    assert page.find("#dark").get_attribute("aria-pressed") == "true"
    assert page.run("return document.querySelector('.map canvas').toDataURL()") != first
    page.find("#dark").click()
    assert background(page) > 600
    told = "matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => (window.changes += 1))"
    page.run(f"window.changes = 0; {told}")
    for times, dark in ((1, False), (2, True)):
        page.width(1280, dark=dark)
        page.until(lambda times=times: page.run("return window.changes") == times)
    assert background(page) > 600  # what was pressed, stays


def test_the_brightness_of_a_map_follows_the_gate(page, written):
    _, trace, _ = written
    page.select("row", 1)
    pixels = page.run(
        "const c = document.querySelector('[data-map=f] canvas');"
        "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    light = np.array(pixels).reshape(-1, STEPS, 4)[..., :3].sum(axis=-1)
    open_ = trace[LAYERS[0]].f[1].T
    assert light.shape == open_.shape
    order = np.argsort(open_.ravel())
    assert (np.diff(light.ravel()[order].astype(int)) <= 3).all() and light.min() < light.max() - 50


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_is_cut_off_at_360_pixels(page, language):
    page.width(360)
    page.find(f"[data-language={language}]").click()
    for layer in LAYERS[1:]:
        page.run("chooseLayer(arguments[0])", LAYERS.index(layer))
        wide = page.run(
            "return [...document.querySelectorAll('main *, header *, .chooser *')].filter((e) => {"
            " const b = e.getBoundingClientRect(); return b.width && !e.closest('.unseen, .scroll, svg, .ends') &&"
            " (b.right > innerWidth + 1 || b.left < -1); }).map((e) => e.outerHTML.slice(0, 80))"
        )
        assert wide == [] and page.run("return document.documentElement.scrollWidth") <= 360


def test_print_leaves_out_what_only_a_screen_can_do(page):
    page.width(1000, media="print")
    assert not page.find(".choices").is_displayed() and not page.find("#dark").is_displayed()
    assert page.find("#equations").is_displayed() and page.find("#sentence").is_displayed()
    assert background(page) == 3 * 255


def test_paper_is_white_also_where_the_screen_is_dark_and_holds_every_column_of_the_table(page):
    page.width(1280, dark=True)
    page.until(lambda: background(page) < 200)
    dark = page.run("return document.querySelector('.map canvas').toDataURL()")
    page.run("dispatchEvent(new Event('beforeprint'))")
    page.width(718, dark=True, media="print")  # 190 mm
    assert background(page) == 3 * 255
    assert page.run("return getComputedStyle(document.documentElement).getPropertyValue('--i')") == "#0a5ea8"
    assert page.run("return document.querySelector('.map canvas').toDataURL()") != dark
    assert page.find("#table tbody").is_displayed()
    right = page.run("return document.querySelector('#table table').getBoundingClientRect().right")
    assert page.run("return document.querySelector('#table .scroll').getBoundingClientRect().right") >= right
    page.run("dispatchEvent(new Event('afterprint'))")
    page.width(1280, dark=True)
    assert background(page) < 200
    assert page.run("return document.querySelector('.map canvas').toDataURL()") == dark


@pytest.mark.parametrize("cell", CELLS)
def test_the_page_of_every_cell_says_what_each_of_its_numbers_is_in_both_languages(cell, driven, tmp_path):
    keras.utils.set_random_seed(0)
    layer = layer_of(cell, "float32", name="recurrent", return_sequences=False)
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer, layers.Dense(1)], name=cell.split()[0].lower())
    study.explain(model, numbers(BATCH, STEPS, FEATURES), tmp_path / "explain.html")
    page = Opened(driven, tmp_path / "explain.html")
    for language, letters in (("en", "[a-z]"), ("ko", "[가-힣]")):
        page.find(f"[data-language={language}]").click()
        said = page.run(
            "return [...document.querySelectorAll('#equations .number')].map((number) => { number.focus();"
            " return [number.textContent, document.querySelector('#hover .hover-name span:last-child').textContent]; })"
        )
        assert len(said) > 4
        for value, words in said:
            assert re.search(letters, words), (value, words)
            assert np.isfinite(number(value)[0])
        text = page.find("body").text
        assert not re.search("undefined|NaN|null|\\[object", text)
        for gate in layer.trace(numbers(1, 1, FEATURES)).gates:
            assert page.find(f"[data-map={gate}] canvas").is_displayed()
    assert page.errors == []


def test_the_picture_of_a_page_is_taken_by_a_command(written, tmp_path):
    path = Path(__file__).parents[2] / "docs" / "photograph.py"
    spec = importlib.util.spec_from_file_location("photograph", path)
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    module.photograph(written[0], tmp_path / "page.png", "#layer=gru")
    drawn = image.imread(tmp_path / "page.png")
    assert drawn.shape[:2] == (module.HEIGHT, module.WIDTH) and drawn.std() > 0.05
    kept = path.parent / "pictures" / "explain.png"
    assert image.imread(kept).shape[:2] == drawn.shape[:2] and kept.stat().st_size < 250_000


def test_the_numbers_in_the_browser_are_those_of_the_file(page, written):
    path, trace, _ = written
    in_file = json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)[1])
    for place, layer in enumerate(in_file["layers"]):
        there = page.run("return Array.from(DATA.layers[arguments[0]].quantities.h)", place)
        assert there == trace[layer["name"]].h.ravel().tolist()
