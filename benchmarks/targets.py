"""What minirnn promises: one table for each kind of promise, in the order in which `--check` prints them.

A ratio is a median over rounds of one interleaved run; every public call is whole, with its Dense(1) head. A plain
shape's promise holds for its variants `sequences` and `stacked`, too, and for every cell.
"""

from __future__ import annotations

from benchmarks.cases import Case

# The fastest peer takes at least so many times as long.
AGAINST_PEERS: dict[str, dict[str, float]] = {
    "stream": {"inference": 1.5, "step": 4.0},
    "seed1": {"inference": 2.0, "training": 10.0},
    "seed32": {"inference": 2.0, "training": 10.0},
    "small": {"inference": 2.0, "training": 4.0},
    "odd": {"inference": 1.5, "training": 2.0},
    "medium": {"inference": 1.3, "training": 1.8},
    "large": {"inference": 1.15, "training": 1.5},
    "wide": {"inference": 1.1, "training": 1.3},
    "rows6": {"fit": 15.0},
    "rows1000": {"predict": 2.0},
}

# At least this share of the multiply-adds that the machine can do, measured in the same rounds.
SHARE_OF_PEAK: dict[str, dict[str, float]] = {
    "medium": {"inference": 0.80, "training": 0.75},
    "large": {"inference": 0.80, "training": 0.75},
}

# At most so many times as long as the plain case.
PRICE = {"masked": 1.15, "dropout": 1.15}
# At least this part of the rate in float32.
RATE_OF_FLOAT64 = 0.40

# More threads are never slower: at least so many times as fast as one. Below the size at which work is shared both are
# the same code, and noise makes either the faster: one counts as slower when three quarters of the rounds say so.
GAIN_OF_THREADS = 1.0
NOISE_OF_THREADS = 0.03  # a median that is so much below 1 is slower, whatever its spread

# Seconds from an import to the first trained step: with nothing compiled yet, and in a later process.
FIRST_FIT = 6.0
LATER_FIT = 0.3
# Of the memory that PyTorch's training step needs, at the large shape.
MEMORY_OF_TORCH = 1.0
# MiB that predict needs beyond its input and output for LONG_STEPS steps, above what it needs for a tenth of them.
LONG_STEPS = 1_000_000
LONG_GROWTH = 16.0
# Lines a second, of `minirnn stream demo` between two pipes.
STREAM_LINES = 50_000.0


def against_peers(case: Case) -> float | None:
    """What is promised of a case against the fastest peer; None for one that is held against its plain case."""
    return None if case.priced else AGAINST_PEERS.get(case.base, {}).get(case.mode)


def share_of_peak(case: Case) -> float | None:
    """The share of the peak that is promised of a plain case."""
    return None if case.variant else SHARE_OF_PEAK.get(case.base, {}).get(case.mode)
