"""Numba and nothing else: how much of minirnn's import is that of the compiler it stands on. It runs no case."""

from __future__ import annotations

import numba


class Entrant:
    """Imported, and done."""

    modes: tuple[str, ...] = ()
    version = numba.__version__

    def __init__(self, threads: int) -> None:
        """The number of threads changes nothing."""
