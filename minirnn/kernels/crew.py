"""Helpers of shared kernels: what runs in their threads, and how one is called up. `jit.sharing` has the protocol."""

from __future__ import annotations

from llvmlite import ir
from numba import types

from minirnn.jit import kernel
from minirnn.jit.sharing import (
    ASLEEP,
    BOX_WORDS,
    FIRST,
    FREE,
    HELPERS,
    HIRED,
    JOB,
    OVER,
    PATIENCE,
    RUNNING,
    SIZE,
    STATE,
    STOP,
    WAITED,
    WAKE,
    emit_job,
    emit_pause,
    emit_state,
    emit_yield,
    word,
)
from minirnn.kernels.simd import pointer
from minirnn.kernels.vec import I64, primitive


def _on_box(result, emit):
    """The typing of a primitive of (boxes, number of a box, more integers): emit(builder, address of the box, ..)."""

    def typing(boxes, number, *more):
        def lower(context, builder, data, k, *values):
            at = builder.mul(k, ir.Constant(I64, BOX_WORDS))
            answer = emit(builder, pointer(context, builder, boxes, data, at, BOX_WORDS), *values)
            return context.get_dummy_value() if result is types.void else answer

        return result, (boxes, types.intp, *[types.intp] * len(more)), lower

    return typing


def state(boxes, number):
    """The state of a helper."""
    return boxes[number, STATE]


def set_state(boxes, number, new):
    """Give a helper a new state, and get the one it had."""
    old, boxes[number, STATE] = boxes[number, STATE], new
    return old


def change_state(boxes, number, old, new):
    """Give a helper a new state if its state is `old`; whether it was."""
    if boxes[number, STATE] != old:
        return False
    boxes[number, STATE] = new
    return True


def run_job(boxes, number):
    """Run the piece in a helper's box."""


def pause():
    """Wait for some ten nanoseconds."""


def offer_processor():
    """Let another thread have this processor, if one waits for it."""


def _emit_change(builder, box, old, new):
    pair = builder.cmpxchg(word(builder, box, STATE), old, new, "acq_rel", "acquire")
    return builder.extract_value(pair, 1)


def _emit_exchange(builder, box, new):
    return builder.atomic_rmw("xchg", word(builder, box, STATE), new, "acq_rel")


primitive(state, _on_box(types.intp, emit_state))
primitive(set_state, _on_box(types.intp, _emit_exchange))
primitive(change_state, _on_box(types.boolean, _emit_change))
primitive(run_job, _on_box(types.void, emit_job))
for _function, _emit in ((pause, emit_pause), (offer_processor, emit_yield)):
    primitive(
        _function,
        lambda emit=_emit: (types.void, (), lambda context, builder: emit(builder) or context.get_dummy_value()),
    )


@kernel
def serve(boxes, number, looks):
    """What a helper does while it is awake: the piece in its box; asleep after so many looks at it in vain."""
    idle = 0
    while True:
        found = state(boxes, number)
        if found == JOB and change_state(boxes, number, JOB, RUNNING):
            run_job(boxes, number)
            set_state(boxes, number, HIRED)
            idle = 0
        elif found == OVER or (found == FREE and idle >= looks and change_state(boxes, number, FREE, ASLEEP)):
            return
        else:
            if idle >= looks + PATIENCE:
                offer_processor()
            pause()
            idle += 1


@kernel
def call_up(boxes, order, helpers, first, size, stop):
    """Hire the first helpers and write their order; how many of them sleep and have to be woken, as their boxes say."""
    order[HELPERS], order[FIRST], order[SIZE], order[STOP], order[WAITED] = helpers, first, size, stop, 0
    asleep = 0
    for k in range(helpers):
        boxes[k, WAKE] = 1 if set_state(boxes, k, HIRED) == ASLEEP else 0
        asleep += boxes[k, WAKE]
    return asleep


@kernel
def dismiss(boxes, helpers):
    """The first helpers are free again."""
    for k in range(helpers):
        set_state(boxes, k, FREE)
