"""Pictures of what training does: gradients back through time, losses, forecasts. Each takes `ax=` and returns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn import layers
from minirnn.boundary import as_input
from minirnn.compat import spelling
from minirnn.study.axes import FAINT, INK, label_ends, new_axes, style, tidy, whole_ticks
from minirnn.study.layer_trace import LayerGradients
from minirnn.utils import set_random_seed

Array = NDArray[Any]
SMALLEST = 1e-30  # a logarithm has no zero


@spelling.names_nearest
def gradients_of_cells(
    x: Any, units: int = 32, cells: Sequence[str] = ("SimpleRNN", "GRU", "LSTM"), seed: int = 0, **options: Any
) -> dict[str, LayerGradients]:
    """How far a gradient of 1 at the last step reaches back in new layers of each kind, for `plot_gradient_flow`.

    With Keras's initial weights an orthogonal U lets a SimpleRNN's gradient live longer than a GRU's, whose z of about
    1/2 halves it at each step; recurrent_initializer="glorot_uniform" shows the SimpleRNN that textbooks speak of. What
    training makes of them, `model.trace_gradients` shows.

    x (rows, steps, features); `options` go to the layers, which are float64 unless they say otherwise. Raises
    ValueError for a kind that is no recurrent layer. The global seed is `seed` afterwards.
    """
    found = {}
    for cell in cells:
        if not hasattr(getattr(layers, cell, None), "state_count"):
            raise ValueError(f"cells must name recurrent layers such as 'LSTM', got {cell!r}")
        set_random_seed(seed)
        layer = getattr(layers, cell)(units, **{"dtype": "float64", **options})
        found[cell] = layer.trace(x).backward(np.ones((len(as_input(x)), units)))
    return found


@spelling.names_nearest
def plot_gradient_flow(gradients: Any, name: str = "dh", relative: bool = True, ax: Any = None) -> Any:
    """The norm of a gradient against the distance in time from the last step, on a logarithmic scale.

    `gradients` are those of a layer, of a model (a line for each layer), or a dict of them by the label of their line:
    a line that falls shows a gradient that vanishes, one that rises a gradient that explodes. `relative` to that at
    the last step. Raises KeyError where a layer has no such gradient.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(8, 50, 1))
    >>> ax = plot_gradient_flow(gradients_of_cells(x))  # doctest: +SKIP
    """
    lines = _by_label(gradients)
    ax = new_axes(ax, 7.5, 4.2)
    ax.axhline(1.0, color=FAINT, lw=1, zorder=0) if relative else None
    ends, longest = [], max(int(found.distance.max()) for found in lines.values())
    ax.set_yscale("log")
    for k, found in enumerate(lines.values()):
        norm = found.norm(name)
        order = np.argsort(found.distance)
        norm = norm / (norm[order[0]] or 1.0) if relative else norm
        norm = np.where(norm > SMALLEST, norm, np.nan)
        ax.plot(found.distance[order], norm[order], lw=2, **style(k))
        ends.append(norm[order][np.isfinite(norm[order])][-1])
    title = f"How much of {name} is left, so many steps back" if relative else f"The norm of {name}, so many steps back"
    what = f"norm of {name}, relative to the last step" if relative else f"norm of {name}"
    tidy(ax, title, "steps back from the last one", what)
    ax.set_xlim(0, longest)
    whole_ticks(ax)
    label_ends(ax, list(lines), longest, ends, [style(k)["color"] for k in range(len(ends))])
    return ax


def _by_label(gradients: Any) -> dict[str, LayerGradients]:
    if isinstance(gradients, LayerGradients):
        return {gradients.name: gradients}
    found: dict[str, LayerGradients] = {}
    for label, value in gradients.items():
        if isinstance(value, LayerGradients):
            found[label] = value
        else:
            found |= {f"{label}, {inner}" if len(value) > 1 else label: part for inner, part in value.items()}
    return found


@spelling.names_nearest
def plot_history(history: Any, names: Sequence[str] | None = None, ax: Any = None) -> Any:
    """What `fit` returned, or its `.history`: each number by epoch; what was held out in a broken line.

    `names` are those to be drawn: by default loss and val_loss. Raises ValueError for one that is not there.
    """
    record: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    names = [name for name in ("loss", "val_loss") if name in record] if names is None else list(names)
    for name in names:
        if name not in record:
            raise ValueError(f"the history has no {name!r}; it has {', '.join(record) or 'nothing'}")
    if not names:
        raise ValueError("the history is empty: fit the model first, or name what to draw")
    ax = new_axes(ax, 7.0, 3.8)
    bases = list(dict.fromkeys(name.removeprefix("val_") for name in names))
    for name in names:
        colour = style(bases.index(name.removeprefix("val_")))["color"]
        values = np.asarray(record[name], float)
        epochs = np.arange(1, len(values) + 1) * (len(record[names[0]]) // len(values))  # validation_freq
        held_out = name.startswith("val_")
        ax.plot(epochs, values, lw=1.8, color=colour, ls="--" if held_out else "-", label=name)
    tidy(ax, "Training" if len(names) == 1 else "Training, and what was held out (broken lines)", "epoch", bases[0])
    if len(bases) > 1:
        ax.set_ylabel(", ".join(bases))
    whole_ticks(ax)
    ax.legend(frameon=False)
    return ax


@spelling.names_nearest
def plot_forecast(
    values: Any, forecasts: Any, start: int | None = None, labels: Sequence[str] | None = None, unit: str = "value",
    ax: Any = None,
) -> Any:  # fmt: skip
    """A series and forecasts of it.

    values      (n,) the series
    forecasts   (m,) numbers, or a dict of them by name
    start       the place of the first forecast: by default n, after the end; less, and they lie over the series
    labels      (n,) of the values, such as months
    unit        what the values are, for the axis

    Raises ValueError for a start outside 1 .. n, and for labels of another number.
    """
    values = as_input(values, "values", "float64", (None,))
    lines = forecasts if isinstance(forecasts, Mapping) else {"forecast": forecasts}
    start = len(values) if start is None else start
    if not 1 <= start <= len(values):
        raise ValueError(f"start must be from 1 to {len(values)}, the number of values, got {start}")
    if labels is not None and len(labels) != len(values):
        raise ValueError(f"there are {len(labels)} labels for {len(values)} values; give one for each")
    ax = new_axes(ax, 9.0, 4.0)
    ax.plot(np.arange(len(values)), values, color=INK, lw=1.4, label="series")
    if start < len(values):
        ax.axvspan(start - 0.5, len(values) - 0.5, color=INK, alpha=0.06, lw=0)
    for k, (name, forecast) in enumerate(lines.items()):
        forecast = as_input(forecast, name, "float64", (None,))
        ends = np.concatenate((values[start - 1 : start], forecast))
        ax.plot(np.arange(start - 1, start + len(forecast)), ends, lw=1.8, label=name, **style(k + 1))
    if labels is not None:
        ticks = np.linspace(0, len(values) - 1, min(len(values), 9)).round().astype(int)
        ax.set_xticks(ticks, [labels[tick] for tick in ticks])
    tidy(ax, "A series and its forecast", "" if labels is not None else "step", unit)
    ax.legend(frameon=False, loc="upper left")
    return ax
