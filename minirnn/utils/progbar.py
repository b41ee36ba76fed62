"""The progress bar of fit, evaluate and predict: Keras 3's, character for character on a terminal.

A bar is redrawn in place, at most every `interval` seconds, in Keras's colours. Where the output is no terminal (a
pipe, a file) there is nothing to redraw and nothing that shows colour: one plain line is written, when the bar is full.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from minirnn.compat import spelling
from minirnn.utils.output import BLOCK, print_message, redraws_in_place, terminal_width

BOLD, GREEN, GREY, RESET = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Progbar:
    """A bar of `target` steps (None if unknown) with the averages of some values behind it.

    `width` is that of the bar in characters, `interval` the seconds that pass between two drawings at least,
    `unit_name` what a step is called. `verbose` is 0 (nothing), 1 (a bar) or 2 (one line at the end). Values named in
    `stateful_metrics` are shown as they come, all others averaged over the steps; naming `stateless_metrics` instead
    turns this round. A bar without a target ends with `update(.., finalize=True)`.

    Raises ValueError if both kinds of metrics are named.
    """

    @spelling.names_nearest
    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("name either stateful_metrics or stateless_metrics, not both")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._stateful = set(stateful_metrics or ())
        self._stateless = None if stateless_metrics is None else set(stateless_metrics)
        self._in_place = redraws_in_place()
        self._values: dict[str, tuple[Any, int]] = {}
        self._seen = 0
        self._start = time.time()
        self._after_first_step: float | None = None
        self._last_update = 0.0
        self._drawn_width = 0
        self._line_is_open = False

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Move the bar to step `current`, with `(name, value)` pairs of that step.

        `finalize` ends the line; by default the step that reaches the target does.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._add(name, value, max(current - self._seen, 1), finalize)
        self._seen = current

        now = time.time()
        duration = self._step_duration(current, now)
        if self.verbose == 1:
            if now - self._last_update < self.interval and not finalize:
                return
            if self._in_place:
                self._redraw(current, now, duration, finalize)
            elif finalize:
                print_message(self._line(current, now, duration, finalize, _plain))
        elif self.verbose == 2 and finalize and self._has_end:
            elapsed = f"{now - self._start:.0f}s -{format_duration(duration, self.unit_name)}"
            # Keras compares the value itself here, the absolute value in the bar.
            print_message(f"{self._count(current)} - {elapsed}{self._metrics(lambda mean: mean > 1e-3)}")
        self._last_update = now

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Move the bar on by `n` steps."""
        self.update(self._seen + n, values)

    def break_off(self) -> None:
        """End the line of a bar that will not be filled, so that what is printed next begins on its own."""
        if self._line_is_open:
            self._line_is_open = False
            print_message("")

    @property
    def _has_end(self) -> bool:
        return self.target is not None and self.target > 0

    def _count(self, current: int) -> str:
        target = int(self.target or 0)
        return f"{int(current):{len(str(target))}d}/{target}"

    def _add(self, name: str, value: Any, steps: int, finalize: bool) -> None:
        averaged = name not in self._stateful if self._stateless is None else name in self._stateless
        if not averaged or finalize:
            self._values[name] = (value, 1)
        elif name in self._values:
            total, count = self._values[name]
            self._values[name] = (total + value * steps, count + steps)
        else:
            self._values[name] = (value * steps, steps)

    def _redraw(self, current: int, now: float, duration: float, finalize: bool) -> None:
        # A line that wraps cannot be written over: metrics that do not fit wait for the last drawing.
        room = None if finalize else terminal_width() - 1
        width = len(self._line(current, now, duration, finalize, _plain, room))
        line = self._line(current, now, duration, finalize, _coloured, room)
        rest = " " * max(self._drawn_width - width, 0)
        print_message("\b" * self._drawn_width + "\r" + line + rest + ("\n" if finalize else ""), line_break=False)
        self._drawn_width, self._line_is_open = width, not finalize

    def _line(
        self, current: int, now: float, duration: float, finalize: bool, paint: Any, room: int | None = None
    ) -> str:
        """The bar and what stands behind it; of the metrics as many characters as fit into `room`."""
        if self.target is not None and self.target > 0:
            filled = int(self.width * (float(current) / self.target))
            done = paint(BLOCK * filled, GREEN) if filled > 0 else ""
            bar = f"{paint(self._count(current), BOLD)} {done}{paint(BLOCK * (self.width - filled), GREY)}"
            left = _remaining(duration * (self.target - current))
        else:
            bar, left = f"{int(current):7d}/Unknown", ""
        clock = left if left and not finalize else f"{now - self._start:.0f}s"
        metrics = self._metrics(lambda mean: abs(mean) > 1e-3)
        behind = format_duration(duration, self.unit_name) + metrics
        if room is not None:
            behind = behind[: max(room - len(_without_colours(bar)) - len(clock) - 1, 0)]
        return f"{bar} {paint(clock, BOLD)}{behind}"

    def _metrics(self, plain: Any) -> str:
        text = ""
        for name, (total, count) in self._values.items():
            mean = (total if isinstance(total, float) else np.mean(total)) / count  # an array's mean
            text += f" - {name}: {mean:.4f}" if plain(mean) else f" - {name}: {mean:.4e}"
        return text

    def _step_duration(self, current: int, now: float) -> float:
        """Seconds a step, without the first one, which is slower than the rest, once there are others."""
        if not current:
            return 0
        if self._after_first_step is not None and current > 1:
            duration = (now - self._after_first_step) / (current - 1)
        else:
            duration = (now - self._start) / current
        if current == 1:
            self._after_first_step = now
        return duration


def format_duration(seconds: float, unit: str) -> str:
    """Return `" 2ms/step"`: the time of one step in seconds, milliseconds or microseconds."""
    if seconds >= 1 or seconds == 0:
        return f" {seconds:.0f}s/{unit}"
    if seconds >= 1e-3:
        return f" {seconds * 1e3:.0f}ms/{unit}"
    return f" {seconds * 1e6:.0f}us/{unit}"


def _remaining(seconds: float) -> str:
    if seconds > 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{int(seconds % 60):02d}"
    if seconds > 60:
        return f"{seconds // 60:.0f}:{int(seconds % 60):02d}"
    return f"{int(seconds)}s"


def _coloured(text: str, style: str) -> str:
    return f"{style}{text}{RESET}"


def _without_colours(text: str) -> str:
    for code in (BOLD, GREEN, GREY, RESET):
        text = text.replace(code, "")
    return text


def _plain(text: str, style: str) -> str:
    return text
