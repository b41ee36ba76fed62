"""`minirnn forecast`: train on the early part of a CSV column, measure on its end, forecast what comes after."""

from __future__ import annotations

import argparse
import csv
import io
import math
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from minirnn.cli.chart import check_plot, draw, without_font
from minirnn.cli.files import check_there, check_writable
from minirnn.cli.labels import next_labels
from minirnn.cli.params import layer_kind
from minirnn.cli.series import Series, read_series
from minirnn.datasets.air_passengers import CSV_PATH
from minirnn.files.atomic import replace_file
from minirnn.forecasting import CELLS, Errors, Forecast, forecast


def add_arguments(parser: argparse.ArgumentParser) -> None:
    def count(option: str, default: int, what: str) -> None:
        parser.add_argument(option, type=int, default=default, metavar="N", help=f"{what} (default: {default})")

    parser.add_argument("csv", nargs="?", type=Path, metavar="CSV", help="header line, then rows in time order, evenly "
                        "spaced (default: the bundled airline passengers, 1949-1960)")
    parser.add_argument("--column", metavar="C", help="column to forecast (default: the last one of numbers)")
    parser.add_argument("--encoding", default="utf-8-sig", help="of the CSV file, e.g. cp949 (default: utf-8)")
    count("--window", 12, "past steps the network sees")
    count("--horizon", 12, "values to forecast")
    count("--season", 12, "values in a season, for the seasonal-naive forecasts only")
    parser.add_argument("--held-out", type=int, metavar="N", help="values at the end that are never trained on "
                        "(default: a sixth, at least two horizons)")
    parser.add_argument("--cell", type=layer_kind, choices=CELLS, default="lstm",
                        help="kind of recurrent layer (default: lstm)")
    count("--units", 32, "width of that layer")
    count("--epochs", 100, "passes over the windows")
    count("--batch-size", 16, "windows in a batch")
    count("--seed", 0, "same seed, same forecast")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the forecast, e.g. forecast.png or .svg")
    parser.add_argument("--csv-out", type=Path, metavar="FILE", help="write the forecast as CSV")


def run(arguments: argparse.Namespace, out: Console) -> None:
    source = arguments.csv or CSV_PATH
    check_files(source, arguments.plot, arguments.csv_out)
    check_there(source, "a CSV file")
    series = read_series(source, arguments.column, arguments.encoding)

    names = ("window", "horizon", "season", "held_out", "cell", "units", "epochs", "batch_size", "seed")
    settings = {name: getattr(arguments, name) for name in names}
    clock = [time.perf_counter()]
    with progress(arguments.epochs, clock) as on_epoch:
        result = forecast(series.values, **settings, on_epoch=on_epoch)

    model = CELLS[arguments.cell]
    files = {}
    if arguments.plot:
        files[arguments.plot] = draw(series, result, model, arguments.season, arguments.plot.suffix[1:].lower())
    if arguments.csv_out:
        files[arguments.csv_out] = forecast_csv(series, result)
    report(out, source, series, result, arguments, clock)
    for path, content in files.items():
        replace_file(path, [content])
        out.print(f"Wrote {path}", soft_wrap=True)
    if arguments.plot and without_font(series):
        out.print("No font with Hangul is installed: the picture has boxes for it; install one, e.g. NanumGothic")


def check_files(source: Path, plot: Path | None, csv_out: Path | None) -> None:
    """Raise ValueError or OSError now for what could not, or must not, be written after minutes of training."""
    for path in filter(None, (plot, csv_out)):
        check_writable(path)
        if path.exists() and source.exists() and path.samefile(source):
            raise ValueError(f"{path}: the series itself, which the result must not replace; name another file")
    if plot and plot == csv_out:
        raise ValueError(f"--plot and --csv-out both name {plot}: give each a file of its own")
    if plot:
        check_plot(plot)


@contextmanager
def progress(epochs: int, clock: list[float]) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, gone when done; silent in a pipe.

    Gives the function to call after each epoch, which also adds the moment to the clock.
    """
    screen = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("Starting (the first run compiles)", total=epochs)

        def on_epoch(done: int) -> None:
            clock.append(time.perf_counter())
            bar.update(task, completed=done, description="Training, epoch")

        yield on_epoch


def duration(clock: list[float]) -> str:
    """How long the training took, from its start and the ends of its epochs: what the first takes more is compiling."""
    total = clock[-1] - clock[0]
    an_epoch = (clock[-1] - clock[1]) / (len(clock) - 2) if len(clock) > 2 else total
    compiling = clock[1] - clock[0] - an_epoch
    return f"{total:.1f} s" + (", most of it compiling, once" if compiling > max(1, total / 2) else "")


def counted(count: int, thing: str) -> str:
    return f"{count} {thing}" + "s" * (count != 1)


def report(
    out: Console, source: Path, series: Series, result: Forecast, arguments: argparse.Namespace, clock: list[float]
) -> None:
    labels, train_end, horizon = series.labels, int(result.origins[0]), len(result.future)
    model = CELLS[arguments.cell]
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Series", f"{source.name}, column {series.name}")
    facts.add_row("", f"{len(labels)} values, {labels[0]} to {labels[-1]}")
    if series.others:
        others = textwrap.shorten(", ".join(series.others), 40, placeholder=" ..")
        facts.add_row("", f"--column takes another: {others}")
    if series.turned:
        facts.add_row("", "the newest came first in the file: turned round")
    facts.add_row("Model", f"{model}({arguments.units}) and Dense({horizon}), {result.params:,} parameters")
    facts.add_row("", f"sees the last {counted(arguments.window, 'step')}, answers with the next {horizon}")
    facts.add_row("Trained on", f"{train_end} values to {labels[train_end - 1]}, {counted(result.windows, 'window')}")
    facts.add_row("", f"{counted(arguments.epochs, 'epoch')}, seed {arguments.seed}, {duration(clock)}")
    facts.add_row("Held out", f"{len(labels) - train_end} values from {labels[train_end]}, never trained on")
    if result.replaced:
        facts.add_row("", f"{result.replaced} of them, not positive, shown to the {model} as the smallest")
        facts.add_row("", "positive value before; errors are against the true values")
    out.print(facts)

    made = f"forecasts of {counted(horizon, 'value')} made at {counted(len(result.origins), 'origin')}"
    out.print(f"\nError on the held-out end, {made},")
    out.print("each knowing only what came before it:\n")
    out.print(error_table(result, model, arguments.season))
    out.print(f"\n{verdict(result, model)}")
    out.print(f"\nForecast of the next {counted(horizon, 'value')}:\n")
    out.print(future_table(series, result))


def error_table(result: Forecast, model: str, season: int) -> Table:
    table = Table(box=None, padding=(0, 2))
    table.add_column("")
    for heading in ("RMSE", "MAE", "MAPE"):
        table.add_column(heading, justify="right")
    shown = {"network": model, "naive": "naive (last value)", "seasonal naive": f"seasonal naive ({season})"}
    form = number_format([errors.rmse for errors in result.errors.values()])
    for name, errors in result.errors.items():
        mape = "-" if errors.mape is None else f"{errors.mape:.1f} %"
        bold = "bold" if name == "network" else None
        table.add_row(shown.get(name, name), form(errors.rmse), form(errors.mae), mape, style=bold)
    return table


def number_format(values: Sequence[float]) -> Callable[[float], str]:
    """A format that shows the largest of the values to four digits or more, and all with as many decimals."""
    largest = max(map(abs, values))
    decimals = max(0, 3 - math.floor(math.log10(largest))) if largest else 0
    return "{:.4g}".format if decimals > 8 or largest >= 1e12 else f"{{:,.{decimals}f}}".format


def verdict(result: Forecast, model: str) -> str:
    """One sentence on who wins by RMSE, whoever it is."""
    network, *others = result.errors.items()

    def against(name: str, errors: Errors) -> str:
        if errors.rmse == 0:
            return f"above {name} (which makes no error)" if network[1].rmse else f"0, as that of {name}"
        change = round(100 * (network[1].rmse / errors.rmse - 1))
        return f"{abs(change)} % {'below' if change < 0 else 'above'} {name}" if change else f"that of {name}"

    *most, last = [against(*other) for other in others]
    return f"{model}'s RMSE is {', '.join(most)} and {last}."


def future_table(series: Series, result: Forecast) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    form = number_format(result.future.tolist())
    for label, value in zip(next_labels(series.labels, len(result.future)), result.future, strict=True):
        table.add_row(f"  {label}", form(value))
    return table


def forecast_csv(series: Series, result: Forecast) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", series.name])
    writer.writerows(zip(next_labels(series.labels, len(result.future)), result.future.tolist(), strict=True))
    return text.getvalue().encode()
