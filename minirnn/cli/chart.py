"""The picture of a forecast: the series, its held-out end with the forecasts made for it, and what comes after."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from minirnn.cli.labels import next_labels
from minirnn.cli.series import Series
from minirnn.forecasting import Forecast

SIZE = (10, 4.5)
DPI = 150
MOST_LABELS = 12
SERIES, HELD_OUT, FUTURE = "#1f2933", "#d1495b", "#1d7874"
HANGUL_FONTS = ("NanumGothic", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo")


def check_plot(path: Path) -> None:
    """Raise ValueError where matplotlib is missing or does not know the kind of file."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError:
        raise ValueError("--plot needs matplotlib; install it with: pip install 'minirnn[plot]'") from None
    kinds = FigureCanvasBase.get_supported_filetypes()
    if path.suffix[1:].lower() not in kinds:
        raise ValueError(f"{path}: no picture of kind {path.suffix!r}, expected one of {' '.join(sorted(kinds))}")


def draw(series: Series, forecast: Forecast, model: str, season: int, kind: str) -> bytes:
    """The picture as a file of the kind, e.g. "png"."""
    from matplotlib import font_manager, rc_context
    from matplotlib.figure import Figure

    installed = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(font for font in HANGUL_FONTS if font in installed)]
    with rc_context({"font.family": fonts}), warnings.catch_warnings():
        # a letter that no installed font has is drawn as a box: `without_font` is there to say so
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
        plot(figure.subplots(), series, forecast, model, season)
        picture = io.BytesIO()
        figure.savefig(picture, format=kind)
    return picture.getvalue()


def without_font(series: Series) -> bool:
    """Whether the picture has Hangul in it and no font of `HANGUL_FONTS` is installed to write it."""
    from matplotlib import font_manager

    words = "".join([series.name, *series.labels])
    return bool(re.search("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]", words)) and set(HANGUL_FONTS).isdisjoint(
        font_manager.get_font_names()
    )


def plot(axes: Any, series: Series, forecast: Forecast, model: str, season: int) -> None:
    """Draw on the axes: forecasts of the held-out end made one horizon apart, labels whole seasons apart."""
    rows, horizon = len(series.values), len(forecast.future)
    axes.axvspan(forecast.origins[0] - 0.5, rows - 0.5, color=SERIES, alpha=0.06, lw=0, label="held out of training")
    axes.plot(series.values, color=SERIES, lw=1.4, label=series.name)
    for nth, (origin, predicted) in enumerate(list(zip(forecast.origins, forecast.held_out, strict=True))[::horizon]):
        label = f"{model}, {horizon} ahead from each dot" if nth == 0 else None
        places = np.arange(origin - 1, origin + horizon)
        axes.plot(places, [series.values[origin - 1], *predicted], color=HELD_OUT, lw=1.6, ls="--", label=label)
        axes.plot(origin - 1, series.values[origin - 1], color=HELD_OUT, marker="o", ms=4)
    future = [series.values[-1], *forecast.future]
    axes.plot(np.arange(rows - 1, rows + horizon), future, color=FUTURE, lw=2, label=f"forecast of the next {horizon}")

    labels = series.labels + next_labels(series.labels, horizon)
    ticks = np.arange(0, len(labels), season * max(1, round(len(labels) / (MOST_LABELS * season))))
    axes.set_xticks(ticks, [labels[tick] for tick in ticks], rotation=30, ha="right", fontsize="small")
    axes.set_ylabel(series.name)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", fontsize="small")
