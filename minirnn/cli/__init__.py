"""The command `minirnn`."""

from minirnn.cli.main import main

__all__ = ["main"]
