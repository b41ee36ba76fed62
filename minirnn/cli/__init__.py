"""The command `minirnn`."""

from __future__ import annotations

from collections.abc import Sequence

INTERRUPTED = 130  # as shells report a process ended by SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code, 130 after Ctrl-C, whenever it comes."""
    try:
        # Here, as these imports take so long that Ctrl-C may come among them.
        from minirnn.cli.command import run

        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
