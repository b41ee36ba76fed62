"""What the pictures share: axes, colours that colour-blind readers tell apart, and who drew Matplotlib in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Okabe & Ito, "Color Universal Design", 2008; each with a line style of its own, for print in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = ("-", "--", "-.", ":")
INK, FAINT, SHUT, OPEN = "#1f2933", "#cbd2d9", "#0072B2", "#E69F00"
VALVE_COLOURS, SIGNED_COLOURS = "cividis", "PuOr"


def new_axes(ax: Any, width: float, height: float) -> Any:
    """The axes given, or those of a new figure of this size in inches. ImportError without Matplotlib."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("pictures need Matplotlib; install it with: pip install 'minirnn[plot]'") from None
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def style(number: int) -> dict[str, Any]:
    """Colour and line style of the line of this number."""
    return {"color": COLOURS[number % len(COLOURS)], "ls": STYLES[number % len(STYLES)]}


def tidy(ax: Any, title: str, x: str, y: str) -> Any:
    """The axes with a title and labels, and without the lines that say nothing."""
    ax.set_title(title, fontsize="medium", loc="left", color=INK)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def whole_ticks(ax: Any) -> None:
    """Steps and units are whole numbers."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def label_ends(ax: Any, labels: list[str], x: float, heights: list[float], colours: list[str]) -> None:
    """Names beside the ends of lines, pushed apart so that none covers another."""
    low, high = ax.get_ylim()
    log = ax.get_yscale() == "log"
    scale = (lambda v: np.log10(v)) if log else (lambda v: v)
    gap = 0.06 * (scale(high) - scale(low))
    places: NDArray[Any] = np.array([scale(h) for h in heights], float)
    order = np.argsort(places)
    for before, after in zip(order, order[1:], strict=False):
        places[after] = max(places[after], places[before] + gap)
    for label, place, colour in zip(labels, 10.0**places if log else places, colours, strict=True):
        ax.annotate(
            label, (x, place), xytext=(6, 0), textcoords="offset points", va="center", color=colour, fontsize="small",
            annotation_clip=False,
        )  # fmt: skip
