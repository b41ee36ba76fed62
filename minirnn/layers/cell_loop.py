"""A cell of the user's own over time: a Python loop over the steps, and back."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minirnn.layers.cells import output_size, state_sizes
from minirnn.layers.layer import Layer, Tape
from minirnn.layers.stacked_cells import call_cell, initial_state
from minirnn.utils.nested import flatten

Array = NDArray[Any]

BACKWARD = "backward(x, states, d_output, d_states) -> (dx, d_states, [gradient of each weight])"


class CellLoop:
    """Runs `cell.call(x, states) -> (output, new states)` over a sequence, as the kernels run the other cells.

    A masked step carries states and output over. Back through time it calls `cell.backward`, which is given what `call`
    was given, and the gradients of what it returned; it gives those of x, of each state, and of each of the cell's
    weights in their shapes. All are arrays whose first axis is the batch's.
    """

    def __init__(self, cell: Any, dtype: str, return_sequences: bool, go_backwards: bool, zero_output_for_mask: bool):
        self.cell, self.dtype = cell, dtype
        self.return_sequences, self.go_backwards = return_sequences, go_backwards
        self.zero_output_for_mask = zero_output_for_mask
        self.state_count = len(state_sizes(cell))

    def run_tape(self, shapes: list[tuple[int, ...]], training: bool) -> Tape:
        """Room for what the steps leave for the way back."""
        tape = Tape()
        tape.shape, tape.keeps, tape.steps = shapes[0], training, []
        return tape

    def run(self, xs: list[Array], masks: list[Any], tape: Tape, training: bool) -> list[Array]:
        """[output, last states ..] for [x, initial states ..]."""
        x, *states = xs
        B, T = x.shape[:2]
        if not states:
            states = flatten(initial_state(self.cell, B, self.dtype))
        states = [np.asarray(state, self.dtype) for state in states]
        mask, size = masks[0], output_size(self.cell)
        y = np.zeros((B, T, size), self.dtype)
        output = np.zeros((B, size), self.dtype)
        tape.steps.clear()
        for t in range(T):
            xt = T - 1 - t if self.go_backwards else t
            keep = None if mask is None else mask[:, xt]
            if tape.keeps:
                tape.steps.append((xt, x[:, xt], states, keep))
            new_output, new = call_cell(self.cell, x[:, xt], list(states), training)
            new_output = self._checked(new_output, (B, size), "the output")
            if len(new) != len(states):
                raise ValueError(f"{self._name} gives {len(new)} new states for {len(states)}; give one for each")
            new = [self._checked(n, s.shape, "a state") for n, s in zip(new, states, strict=True)]
            states = [_where(keep, n, s) for n, s in zip(new, states, strict=True)]
            output = _where(keep, new_output, output)
            y[:, t] = _where(keep, output, 0.0) if self.zero_output_for_mask else output
        return [np.ascontiguousarray(part) for part in (y if self.return_sequences else y[:, -1], *states)]

    @property
    def _name(self) -> str:
        return f"cell {type(self.cell).__name__}"

    def _checked(self, value: Any, shape: tuple[int, ...], what: str) -> Array:
        array = np.asarray(value, self.dtype)
        if array.shape != shape:
            raise ValueError(f"{self._name} gives {what} of shape {array.shape}, expected {shape}")
        return array

    def run_back(self, dys: list[Array | None], tape: Tape, needs: list[bool]) -> list[Array | None]:
        """[dx, gradients of the initial states ..] from those of the outputs; sets the weights' gradients.

        Raises NotImplementedError if the cell has no backward of its own.
        """
        backward = self._backward()
        (B, T, *_), dy, weights = tape.shape, dys[0], getattr(self.cell, "weights", [])
        dx: Any = np.zeros(tape.shape, self.dtype)
        d_states: list[Any] = [
            np.zeros_like(state) if d is None else d
            for state, d in zip(tape.steps[0][2], dys[1:] or [None] * self.state_count, strict=True)
        ]
        totals = [np.zeros(weight.shape) for weight in weights]
        d_output: Any = np.zeros((B, output_size(self.cell)), self.dtype)
        for t in reversed(range(T)):
            xt, x, states, keep = tape.steps[t]
            if dy is not None and (self.return_sequences or t == T - 1):
                new = dy[:, t] if self.return_sequences else dy
                d_output = d_output + (_where(keep, new, 0.0) if self.zero_output_for_mask else new)
            here = [_where(keep, d, 0.0) for d in d_states]
            dx[:, xt], d_before, d_weights = backward(x, list(states), _where(keep, d_output, 0.0), here)
            d_before = list(d_before) if isinstance(d_before, (list, tuple)) else [d_before]
            if keep is None:
                d_states, d_output = d_before, np.zeros_like(d_output)
            else:  # a masked row's gradients pass the step by
                d_states = [d + _where(keep, 0.0, old) for d, old in zip(d_before, d_states, strict=True)]
                d_output = _where(keep, 0.0, d_output)
            for total, d_weight in zip(totals, d_weights, strict=True):
                total += d_weight
        for weight, total in zip(weights, totals, strict=True):
            weight.layout.pack(total.astype(weight.dtype), weight.gradient)
        return [dx, *d_states]

    def _backward(self) -> Any:
        found = getattr(self.cell, "backward", None)
        own = getattr(type(self.cell), "backward", None) is not Layer.backward
        if found is None or not own or len(inspect.signature(found).parameters) != 4:
            raise NotImplementedError(f"{self._name} cannot be trained: it has no {BACKWARD}; write one")
        return found


def _where(keep: Array | None, a: Any, b: Any) -> Any:
    """a in the rows that count, b in the others."""
    if keep is None:
        return a
    shape = np.shape(a) or np.shape(b)
    return np.where(keep.reshape(-1, *[1] * (len(shape) - 1)), a, b).astype(np.result_type(a, b), copy=False)
