"""Every picture of README and docs, drawn from the code as it runs: `python docs/draw_pictures.py [NAME ..]`.

Needs the extra `plot`, takes seconds once kernels are compiled, and writes into docs/pictures unless `--folder` says
otherwise. What another command draws is named in `ELSEWHERE`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
DPI = 150
MONTHS = 48


def forecast(path: Path) -> None:
    """The airline passengers, two years that the network never saw, and the year to come."""
    from minirnn.cli import main

    with contextlib.redirect_stdout(io.StringIO()):
        failed = main(["forecast", "--plot", str(path)])
    if failed:
        raise RuntimeError("minirnn forecast failed")


def ensemble(path: Path) -> None:
    """The graph of the model of script 10."""
    from minirnn.utils import plot_model

    model = _run("10_many_to_many.py")["model"]
    plot_model(model, str(path), show_layer_names=True, dpi=110)


def range_trap(path: Path) -> None:
    """A model outside the range that it was trained on: the picture of script 12."""
    _run("12_range_trap.py", str(path))


def gates(path: Path) -> None:
    """What the gates of the forecasting LSTM do in the last four years of the series."""
    from minirnn import forecasting, study
    from minirnn.cli import models
    from minirnn.datasets import load_air_passengers

    model, _, _ = models.trained_on_the_airline()
    _, values = load_air_passengers()
    steps = forecasting.Scaling.fit(values[: -models.HELD_OUT]).to_steps(values)[None, -MONTHS:, None]
    trace = model.layers[0].trace(steps)
    ax = study.plot_gates(trace, steps)
    ax.set_title(f"The gates of an LSTM in the last {MONTHS} months of the airline series", loc="left", pad=26)
    _save(ax, path)


def gradient_flow(path: Path) -> None:
    """How much of a gradient is left so many steps back: new cells, and cells whose gates are told to keep."""
    from minirnn import layers, study, utils

    x = np.random.default_rng(0).normal(size=(16, 100, 4))
    textbook = {"recurrent_initializer": "glorot_uniform", "dtype": "float64"}
    found = study.gradients_of_cells(x, **textbook)
    for label, cell, gate in (("LSTM, f open", layers.LSTM, 1), ("GRU, z open", layers.GRU, 0)):
        utils.set_random_seed(0)
        layer = cell(32, **textbook)
        layer.build(x.shape)
        *weights, bias = layer.get_weights()
        bias[..., 32 * gate : 32 * (gate + 1)] = 5.0 / (bias.size // bias.shape[-1])  # the GRU has two that add up
        layer.set_weights([*weights, bias])
        found[label] = layer.trace(x).backward(np.ones((len(x), layer.units)))
    ax = study.plot_gradient_flow(found)
    ax.set_title("How much of a gradient is left, so many steps back", loc="left")
    _save(ax, path)


PICTURES: dict[str, Callable[[Path], None]] = {
    "forecast.png": forecast,
    "ensemble.png": ensemble,
    "range_trap.png": range_trap,
    "gates.png": gates,
    "gradient_flow.png": gradient_flow,
}
ELSEWHERE = {
    "race.png": "python -m benchmarks --pictures docs/pictures",
    "roofline.png": "python -m benchmarks --pictures docs/pictures",
    "curves.png": "python -m benchmarks --pictures docs/pictures",
    "explain.png": "python docs/photograph.py",
}


def _run(script: str, *arguments: str) -> dict:
    """The names of an example after it has run, silently."""
    from minirnn.backend import clear_session

    clear_session()  # layers are counted from the first again
    path = str(ROOT / "examples" / script)
    with mock.patch.object(sys, "argv", [path, *arguments]), contextlib.redirect_stdout(io.StringIO()):
        return runpy.run_path(path)


def _save(ax: object, path: Path) -> None:
    from matplotlib import pyplot

    ax.figure.savefig(path, dpi=DPI, bbox_inches="tight", facecolor="white")  # type: ignore[attr-defined]
    pyplot.close(ax.figure)  # type: ignore[attr-defined]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python docs/draw_pictures.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(PICTURES)} (default: all)")
    folder = ROOT / "docs" / "pictures"
    parser.add_argument("--folder", type=Path, default=folder, help="where to (default: docs/pictures)")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in PICTURES]
    if unknown:
        name = unknown[0]
        how = f"it comes from: {ELSEWHERE[name]}" if name in ELSEWHERE else f"there is {', '.join(PICTURES)}"
        parser.error(f"{name} is not drawn here; {how}")
    os.environ.setdefault("MPLBACKEND", "agg")
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names or PICTURES:
        PICTURES[name](options.folder / name)
        print(f"Wrote {options.folder / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
