"""`Windows`: which steps of a sequence each output step of a convolution or a pooling sees; and their arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minirnn.boundary import whole
from minirnn.choices import one_of


@dataclass(frozen=True)
class Windows:
    """Window n is the steps n * stride + tap * dilation - left, tap = 0 .. size - 1, of a sequence of `length` steps.

    Padding "valid" takes whole windows only (left = 0); "same" as many as there are strides, what is missing at both
    ends in equal parts, an odd one behind; "causal" as many, all that is missing before: window n sees no later step.
    """

    size: int
    stride: int = 1
    dilation: int = 1
    padding: str = "valid"

    @property
    def reach(self) -> int:
        """Steps from the first to the last of a window, both counted."""
        return (self.size - 1) * self.dilation + 1

    def count(self, length: int) -> int:
        """How many windows there are; less than 1 if the sequence is too short."""
        return (length - (self.reach if self.padding == "valid" else 1)) // self.stride + 1

    def left(self, length: int) -> int:
        """Steps missing before the first one of the sequence."""
        if self.padding == "valid":
            return 0
        if self.padding == "causal":
            return self.reach - 1
        return max((self.count(length) - 1) * self.stride + self.reach - length, 0) // 2

    def output_length(self, length: int | None, owner: str) -> int | None:
        """The number of windows, None for an unknown length. ValueError if the sequence is shorter than one window."""
        if length is None:
            return None
        if self.count(length) < 1:
            raise ValueError(f"{owner} needs at least {self.reach} steps for one window, got {length}; pad the input")
        return self.count(length)


def single(value: Any, name: str) -> tuple[int]:
    """A whole number of at least 1, alone or as a sequence of one, as a tuple of one: Keras's form."""
    if isinstance(value, (tuple, list)):
        if len(value) != 1:
            raise ValueError(f"{name} must be one whole number, got {len(value)}: {value!r:.60}")
        value = value[0]
    return (whole(value, name),)


def padding_mode(padding: Any, allowed: tuple[str, ...]) -> str:
    """One of the modes, in lower case. ValueError for anything else."""
    mode = padding.lower() if isinstance(padding, str) else padding
    return one_of(mode, "padding", allowed)


def channels_last(data_format: Any, owner: str) -> str:
    """ "channels_last", also for None; NotImplementedError for "channels_first", ValueError for anything else."""
    if data_format == "channels_first":
        raise NotImplementedError(
            f"{owner}: data_format {data_format!r} is not supported; put a Permute((2, 1)) before"
        )
    if data_format not in (None, "channels_last"):
        raise ValueError(f"{owner}: data_format must be 'channels_last', got {data_format!r:.60}")
    return "channels_last"
