"""Kernels that note how their work was cut, for tests of threads."""

from __future__ import annotations

import dis
import itertools
import sys

import numpy as np
import pytest

from minirnn.jit import shared_kernel
from minirnn.kernels import threads

machine_code_shares = pytest.mark.skipif(threads.ALONE, reason="the caller does all pieces here")


@shared_kernel
def mark(seen, ends, start, stop):
    """Count every place, and note where the piece that it is in ends."""
    for k in range(start, stop):
        seen[k] += 1
        ends[k] = stop


@shared_kernel
def dawdle(busy, seen, ends, start, stop):
    """As `mark`, but each place takes as many rounds as `busy` says, and `seen` is a number that they lead to."""
    for k in range(start, stop):
        for _ in range(busy[0]):
            seen[k] = (seen[k] * 5 + 3) % 11
        ends[k] = stop


def pieces_of(kernel, *arguments, count=64, grain=1, work=1):
    """What `mark` or `dawdle`, shared, noted of each place: (seen, ends)."""
    seen, ends = np.zeros(count, np.int64), np.zeros(count, np.int64)
    threads.share(kernel, (*arguments, seen, ends), count, work, grain)
    assert (ends > 0).all()
    return seen, ends


def at_bytecode(moment, call, act):
    """Call, and act after so many of the bytecodes of `kernels.threads` in this thread; whether there are as many."""
    count = itertools.count()

    def trace(frame, event, argument):
        called_by = frame.f_back.f_code.co_name
        if frame.f_code.co_filename != threads.__file__ or "__del__" in (frame.f_code.co_name, called_by):
            return None  # what is raised in `__del__` reaches nobody
        frame.f_trace_opcodes = True
        code = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        if event == "opcode" and code not in ("PUSH_EXC_INFO", "POP_EXCEPT") and next(count) == moment:
            act()  # at those two, parts of an `except`, Python itself never stops
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return next(count) > moment
