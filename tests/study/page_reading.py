"""A page of `study.explain`, read by Python: its elements, its data, and its equations with the numbers put in."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

FUNCTIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.maximum(a, 0),
    "linear": lambda a: a,
}
VOID = {"meta", "link", "input", "br", "img"}


class Element:
    def __init__(self, tag: str, attributes: dict[str, Any], inside: list[Element]) -> None:
        self.tag, self.attributes, self.inside = tag, attributes, inside
        self.text = ""

    def __getitem__(self, name: str) -> Any:
        return self.attributes.get(name)


class Page(HTMLParser):
    """The elements of a page in their order, each with the elements that it stands in and the text in it."""

    def __init__(self, path: Any) -> None:
        super().__init__()
        self.source = Path(path).read_text(encoding="utf-8")
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(self.source)
        self.close()
        assert not self.open, [element.tag for element in self.open]

    def handle_starttag(self, tag, attributes):
        element = Element(tag, dict(attributes), list(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def by_id(self, name: str) -> Element:
        (found,) = [element for element in self.elements if element["id"] == name]
        return found

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.by_id("data").text)

    @property
    def words(self) -> dict[str, Any]:
        return json.loads(self.by_id("words").text)


def shaped(layer: dict[str, Any], numbers: list[Any], width: int | None = None) -> np.ndarray:
    """A flat list of the page as (rows, steps, width)."""
    flat = np.array([np.nan if number is None else float(number) for number in numbers])
    return flat.reshape(len(layer["rows"]), len(layer["steps"]), width or len(layer["units"]))


class Evaluated:
    """The equations of a layer of the page with the page's own numbers put in, (rows, steps, units) each."""

    def __init__(self, layer: dict[str, Any]) -> None:
        self.layer = layer
        self.units, self.features, self.all_units = len(layer["units"]), layer["features"], layer["all_units"]

    def value(self, name: str) -> np.ndarray:
        if name in self.layer["constants"]:
            return np.array(self.layer["constants"][name])
        return shaped(self.layer, self.layer["quantities"][name])

    def product(self, vector: str, matrix: str, gate: str) -> np.ndarray:
        weights = np.array(self.layer[matrix][gate]).reshape(self.units, -1).T
        numbers = self.layer["x"] if matrix == "W" else self.layer["entering"][vector]
        return shaped(self.layer, numbers, len(weights)) @ weights

    def right(self, equation: dict[str, Any]) -> np.ndarray:
        """The right side, evaluated as Python would: * before + and -."""
        words, known = [], {}
        for kind, *rest in equation["right"]:
            name = f"v{len(known)}"
            if kind == "times":
                words.append("*")
            elif kind in ("number", "sign"):
                words.append(rest[0])
            else:
                words.append(name)
                known[name] = self._known(kind, rest)
        return eval(" ".join(words), {"__builtins__": {}}, known)

    def _known(self, kind: str, rest: list[str]) -> Any:
        if kind == "value":
            return self.value(rest[0])
        if kind == "function":
            return FUNCTIONS[self.layer["functions"][rest[0]]]
        if kind == "sum":
            return self.product(*rest)
        assert kind == "norm"
        key = "x" if rest[0] == "x" else "h"
        return self.value(f"k_{key}_{rest[2]}") * self.value(f"n_{key}_{rest[2]}")
