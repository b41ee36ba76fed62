"""Floor 4: models, chains of layers."""

from minirnn.models.sequential import Sequential

__all__ = ["Sequential"]
