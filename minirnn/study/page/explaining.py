"""`study.explain`: a model's steps and units, with the numbers in their equations, as one HTML page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minirnn.choices import one_of
from minirnn.compat import spelling
from minirnn.files.atomic import replace_file
from minirnn.models import Model
from minirnn.study.layer_run import LayerRun
from minirnn.study.model_trace import BothWays, run_both_ways
from minirnn.study.page.cutting import ROWS, Shown, cut, most_active
from minirnn.study.page.document import LANGUAGES, document, words
from minirnn.study.page.layer_numbers import layer_numbers
from minirnn.study.page.whereabouts import Whereabouts, whereabouts
from minirnn.study.selection import Selection


class Explanation(NamedTuple):
    """What `explain` has written: the path, its size in bytes, and one line on what was left out, or ""."""

    path: str
    size: int
    cut: str

    def __str__(self) -> str:
        return f"{self.path}: {self.size / 1000:,.0f} kB{'. ' + self.cut if self.cut else ''}"


@spelling.names_nearest
def explain(
    model: Model, x: Any, html: Any = "explain.html", y: Any = None, language: str = "en", *,
    layers: Any = None, rows: Any = None, steps: Any = None, units: Any = None,
    labels: Sequence[Any] | None = None, features: Sequence[Any] | None = None, layer: str | None = None,
    unit: int | None = None,
) -> Explanation:  # fmt: skip
    """Write one HTML page on which a reader walks through every recurrent layer of a model, step by step.

    The equations of the cell stand there with the numbers of the chosen step and unit, the largest shares of their
    sums, the gates over time, and the gradient of every number: with `y` that of the loss on x and y, without it that
    of the sum of all outputs. Nothing is dropped out, as in `predict`. The page needs no network: it opens from the
    disk, in light and dark, in English and Korean (`language`, "en" or "ko", says which at first), by keyboard and
    screen reader.

    model          a `Model`; one within which minirnn's own recurrent layers stand (see `trace`)
    x, y           as for `trace_gradients`: (rows, steps, features), or a list or dict for several inputs
    html           the path; the file is replaced as a whole, or stays as it was
    layers         names of those to show; by default all
    rows, steps, units   which to show (numbers, slices or lists, as for `trace`); by default at most 3 rows, the last
                   100 steps, and of each layer the 32 units whose state moves most: then `cut` of what is returned,
                   and the page, say so in a line
    labels         a name for each step of the input, such as its month
    features       a name for each feature of the input
    layer, unit    with which the page begins; by default the first layer, and its unit whose state moves most. The page
                   itself takes them from its address: explain.html#layer=lstm&unit=3&step=7

    Raises TypeError for what is no model, ValueError for another language, for labels or features of another number,
    for a layer or unit that is not shown, for more than 2,000,000 numbers, for `y` without `compile`, and as `trace`
    does; OSError where the file cannot be written.

    >>> import tempfile
    >>> import numpy as np
    >>> from minirnn import Input, Sequential, layers
    >>> model = Sequential([Input((5, 1)), layers.LSTM(4), layers.Dense(1)], name="small")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     explained = explain(model, np.zeros((8, 5, 1)), f"{folder}/explain.html")
    >>> explained.cut
    'Left out, to keep this page small: it shows 3 of 8 rows. Choose others with rows=, steps=, units=.'
    """
    if not isinstance(model, Model):
        raise TypeError(f"explain needs a model, got {type(model).__name__}; put a layer into a Sequential")
    one_of(language, "explain: language", LANGUAGES)
    both = run_both_ways(model, x, y, layers, slice(ROWS) if rows is None else rows)
    runs = {name: run for name, (run, _) in both.layers.items()}
    shown = cut(runs, Selection(rows, steps, units))
    begin = _beginning(layer, unit, runs, shown, may_add=units is None)
    stands = whereabouts(model, both.run, list(runs))
    names = _names_of_inputs(both.shapes, runs, stands, labels, features)
    told = _told(both, shown, Selection(rows, steps, units))
    data = {
        "model": model.name,
        "loss": None if both.loss is None else float(both.loss),
        "cut": told,
        "begin": begin,
        "layers": [
            {**layer_numbers(name, run, row_numbers, shown[name]), **stands[name]._asdict(), **names[name]}
            for name, (run, row_numbers) in both.layers.items()
        ],
    }
    page = document(data, language, f"{model.name} · minirnn").encode()
    replace_file(html, [page])
    return Explanation(os.fspath(html), len(page), told["en"])


def _beginning(
    layer: str | None, unit: int | None, runs: dict[str, LayerRun], shown: dict[str, Shown], may_add: bool
) -> dict[str, Any]:
    """The layer and unit that the page begins with; a unit that was named, but not shown, takes the place of another.

    Without a unit it is, of those that are shown, the one whose state moves most.
    """
    name = next(iter(runs)) if layer is None else layer
    if name not in runs:
        raise ValueError(f"explain: no recurrent layer {name!r} is shown; there is {', '.join(runs)}")
    there = shown[name].units.tolist()
    if unit is None:
        unit = next(number for number in most_active(runs[name]).tolist() if number in there)
    elif unit not in there and may_add and 0 <= unit < runs[name].units:
        dullest = next(number for number in most_active(runs[name])[::-1].tolist() if number in there)
        units = np.sort([number for number in there if number != dullest] + [unit])
        shown[name] = shown[name]._replace(units=units)
    elif unit not in there:
        raise ValueError(f"explain: unit {unit} of {name} is not shown; there is {', '.join(map(str, there))}")
    return {"layer": name, "unit": unit}


def _names_of_inputs(
    shapes: list[tuple[int, ...]], runs: dict[str, LayerRun], stands: dict[str, Whereabouts], labels: Any, features: Any
) -> dict[str, dict[str, Any]]:
    """For each layer the names of its steps and features, as far as they are the model's own; else None."""
    for what, given, axis, of in (("labels", labels, 1, "steps"), ("features", features, 2, "features")):
        sizes = sorted({shape[axis] for shape in shapes if len(shape) > axis})
        if given is not None and len(given) not in sizes:
            there = " or ".join(map(str, sizes)) or "no"
            raise ValueError(f"explain: {len(given)} {what}, expected one for each of the {there} {of} of x")
    found = {}
    for name, run in runs.items():
        same_steps = labels is not None and len(labels) == run.steps
        same_features = features is not None and stands[name].reads_input and len(features) == run.x.shape[2]
        found[name] = {
            "labels": [str(label) for label in labels] if same_steps else None,
            "feature_names": [str(feature) for feature in features] if same_features else None,
        }
    return found


def _told(both: BothWays, shown: dict[str, Shown], chosen: Selection) -> dict[str, str]:
    """One line, in each language, on what is not shown though nobody chose so; "" if there is nothing."""
    found = {}
    for language in LANGUAGES:
        own = words()[language]
        parts = []
        if chosen.rows is None and both.shapes[0][0] > ROWS:
            parts.append(own["cut_rows"].format(kept=ROWS, all=f"{both.shapes[0][0]:,}"))
        for name, part in shown.items():
            run = both.layers[name][0]
            for axis, kept, size in (("steps", len(part.steps), run.steps), ("units", len(part.units), run.units)):
                if getattr(chosen, axis) is None and kept < size:
                    parts.append(own[f"cut_{axis}"].format(kept=kept, all=f"{size:,}", layer=name))
        found[language] = own["cut"].format(parts="; ".join(parts)) if parts else ""
    return found
