"""A whole run as one HTML page: every table and picture inside it, nothing from elsewhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from benchmarks import check, curves, pictures, report, roofline
from benchmarks.check import Verdict
from benchmarks.results import CaseResult

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #222; }
h1, h2 { font-weight: 600; } h2 { margin-top: 2em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .2em .7em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th { vertical-align: bottom; white-space: normal; } th:first-child, td:first-child { text-align: left; }
tr.missed td:first-child { color: #b00; font-weight: 600; } tr.met td:first-child { color: #060; }
img { max-width: 100%; } .wide { overflow-x: auto; } p.note { color: #555; }
"""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], classes: Iterable[str] = ()) -> str:
    """A table; `classes` are those of its rows."""
    names = list(classes)
    head = "".join(f"<th>{escape(text)}</th>" for text in headings)
    lines = []
    for number, row in enumerate(rows):
        opening = f'<tr class="{names[number]}">' if names else "<tr>"
        lines.append(opening + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>")
    body = "\n".join(lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def inline_picture(png: bytes, text: str) -> str:
    """A PNG inside the page."""
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def sections(
    data: Mapping[str, Any], results: Sequence[CaseResult], verdicts: Sequence[Verdict]
) -> list[tuple[str, str]]:
    """Title and content of each part of the page that this run has tables for."""
    peak, found = report.peak_of(data["machine"]), []
    if verdicts:
        classes = ["met" if verdict.met else "missed" for verdict in verdicts]
        kept = check.summary(verdicts)[0]
        found.append(("Targets", f"<p>{escape(kept)}.</p>" + table(*check.rows(verdicts), classes)))
    if results:
        title = report.SUMMARY_TITLE.format(results[0].baseline)
        found.append((title, table(*report.summary_rows(results, peak))))
        headings, rows = report.price_rows(results)
        if rows:
            found.append((report.PRICES_TITLE, table(headings, rows)))
        points = roofline.points(results, data["machine"])
        if points:
            found.append(("Under the roof", table(*roofline.rows(points))))
    if data["cold_start"]:
        cold = table(*report.cold_rows(data["cold_start"], data["install_sizes"]))
        found.append(("Cold start, memory, size on the disk", cold))
    if data["overhead"]:
        found.append(("Python and kernels in minirnn's small calls", table(*report.overhead_rows(data["overhead"]))))
    if data["stream_lines"]:
        rates = ", ".join(f"{rate:,.0f}" for rate in data["stream_lines"])
        found.append(("minirnn stream demo", f"<p>{rates} lines a second.</p>"))
    if data["curves"]:
        found.append((curves.TITLE, table(*curves.rows(data["curves"]))))
    return found


def page(
    data: Mapping[str, Any], results: Sequence[CaseResult], verdicts: Sequence[Verdict]
) -> tuple[str, list[str]]:
    """The page, and a line for each picture that could not be drawn."""
    images, missing = [], []
    for name in pictures.drawable(results, data):
        png = io.BytesIO()
        lines = pictures.try_draw(name, results, data, pictures.caption(data), png)
        missing += lines
        if not lines:
            images.append(f"<h2>{escape(pictures.TITLES[name])}</h2>" + inline_picture(png.getvalue(), name))
    tables = [f"<h2>{escape(title)}</h2>{content}" for title, content in sections(data, results, verdicts)]
    machine = [*report.machine_lines(data["machine"]), *report.disturbance(data["other_programs"])]
    absent = [f"{name} was not in the race: {reason}" for name, reason in data["absent"].items()]
    about = "<br>".join(map(escape, [*machine, *absent]))
    title = f"minirnn's race, {data['machine']['processor']}"
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n<p class=\"note\">{about}</p>\n"
        + "\n".join([*images, *tables])
        + "\n</body></html>\n"
    )
    return text, missing
