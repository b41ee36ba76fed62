"""`Studied`: the methods of layers and models that `minirnn.study` answers, which stands on a higher floor."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _study() -> Any:
    """What traces; imported at the first use, as it needs layers and models itself."""
    return import_module("minirnn.study.model_trace")


def _selection(rows: Any, steps: Any, units: Any) -> Any:
    return import_module("minirnn.study.selection").Selection(rows, steps, units)


class StudiedLayer:
    """What every layer inherits."""

    def trace(
        self, x: Any, initial_state: Any = None, mask: Any = None, training: bool = False, *, layers: Any = None,
        rows: Any = None, steps: Any = None, units: Any = None,
    ) -> Any:  # fmt: skip
        """Every quantity of the layer's equations at every step, as `layer(x)` computes them: a `study.LayerTrace`.

        Of a Bidirectional, an RNN or a TimeDistributed it is a `study.Trace`, which has the layers within by name. In
        training the choices of dropout are drawn and show. `rows`, `steps` and `units` (numbers, slices or lists) say
        what is kept, `layers` (names) of which layers: nothing else is stored. Of T steps no more than about sqrt(T)
        are held at a time where `steps` or `units` are given (in training: all, until they are traced); values and
        gradients are those of the whole trace, bit for bit.

        Raises ValueError for a layer that is not recurrent, and as the call does; ValueError or TypeError for numbers
        that are none, or out of range.

        >>> import numpy as np
        >>> from minirnn.layers import LSTM
        >>> LSTM(8).trace(np.zeros((2, 5, 1))).f.shape
        (2, 5, 8)
        """
        chosen = _selection(rows, steps, units)
        return _study().trace_layer(self, x, initial_state, mask, training, layers, chosen)


class StudiedModel:
    """What every model inherits."""

    def trace(
        self, x: Any, training: bool = False, *, layers: Any = None, rows: Any = None, steps: Any = None,
        units: Any = None,
    ) -> Any:  # fmt: skip
        """Every quantity of every recurrent layer's equations at every step: a `study.Trace`, a mapping by layer.

        `model.trace(x)["lstm"].f` are the forget gates of the layer named lstm, (rows, steps, units). One within
        another is `bidirectional/forward_lstm`, the second call of a shared layer `lstm:2`. In training the choices of
        dropout are drawn and show. `rows`, `steps` and `units` (numbers, slices or lists) say what is kept, `layers`
        (names) of which layers: nothing else is stored. Where `steps` or `units` are given, the pass takes the memory
        of `predict` on one batch, and about sqrt(T) of the T steps of a layer at a time (in training: all of them).

        Raises ValueError if there is no recurrent layer, or no such layer, row, step or unit; and as a call does.
        """
        return _study().trace_model(self, x, training, layers, _selection(rows, steps, units))

    def trace_gradients(
        self, x: Any, y: Any, sample_weight: Any = None, *, layers: Any = None, rows: Any = None, steps: Any = None,
        units: Any = None,
    ) -> Any:  # fmt: skip
        """The gradients of the loss in every recurrent layer at every step: a `study.Gradients`, a mapping by layer.

        Those that a step of training on this batch computes, in the memory that it takes; the model stays as it is. The
        other arguments, and what is raised, are those of `trace`; ValueError before `compile`.
        """
        chosen = _selection(rows, steps, units)
        return _study().trace_gradients(self, x, y, sample_weight, layers, chosen)
