"""`record`: run a gate function of `minirnn.gates` on arrays, and read every name in it.

The equations stand once, in the gate functions. To show their quantities (the gates, but also the `do` or `f = 1 - i`
that a function computes and does not return) nothing is written a second time: the function itself runs, as it would in
a notebook, and as it returns, Python's profiling hook reads the values of its local names. What is shown is what was
computed; a name that is added to a gate function shows up here by itself.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any


def record(function: Callable[..., Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Run `function` on what `known` holds under the names of its parameters; every name in it when it returned.

    A name that the function assigns twice has its last value. Raises KeyError for a parameter that is not known.

    >>> import numpy as np
    >>> from minirnn.gates import coupled_lstm
    >>> known = dict(a_i=0.0, a_g=1.0, a_o=0.0, c_prev=2.0, activation=np.tanh, recurrent_activation=np.sign)
    >>> found = record(coupled_lstm.step, known)
    >>> [float(found[name]) for name in ("i", "f", "c")]
    [0.0, 1.0, 2.0]
    """
    arguments = {name: known[name] for name in _parameters(function)}
    code = function.__code__
    found: dict[str, Any] = {}

    def look(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            found.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        function(**arguments)
    finally:
        # Up to Python 3.11 cProfile is found here, which is no function, and which only its own method turns on again.
        sys.setprofile(before if before is None or callable(before) else None)
        if before is not None and not callable(before):
            before.enable()
    return found


@cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)
