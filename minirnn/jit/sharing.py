"""How a kernel hands pieces of its work to other threads by itself, without Python and its lock.

The last two arguments of a *shared* kernel are the range that it covers, start .. stop-1. Where `stop` is negative it
is no end but names an `order` in memory, at address -stop. The kernel then puts the rest of its arguments where the
helpers can read them, posts a piece of the range into each helper's *box*, covers the first piece itself, then those
that no helper has begun by then, and returns when all are done: a helper that comes late or never costs nothing. It
(`kernels.crew.serve`) runs the very same machine code on its piece.

    order   helpers, first, size, stop, boxes,    words of int64: pieces are start .. first-1 (the caller's), then
            waited                                `size` each up to `stop`; the address of the first box; how often
                                                  the caller looked in vain whether all are done
    box     state, piece, arguments, start, stop  words of int64, BOX_WORDS apart; and whether to wake its helper

Arrays, registers of constants and all else arrive as the machine passes them, so nothing here knows their types.
"""

from __future__ import annotations

import platform
import sys
from contextlib import contextmanager

from llvmlite import ir
from numba.core import cgutils

HELPERS, FIRST, SIZE, STOP, BOXES, WAITED, ORDER_WORDS = range(7)
STATE, PIECE, ARGUMENTS, PIECE_START, PIECE_STOP, WAKE = range(6)
BOX_WORDS = 16  # two cache lines: processors fetch them in pairs, and a helper looks at its own all the time

# States of a helper. FREE: looks for work for a while, then sleeps. HIRED: looks for work until it is FREE again. JOB:
# a piece waits in its box. RUNNING: it has begun with it, and will be HIRED again. OVER: its thread is to end.
ASLEEP, FREE, HIRED, JOB, RUNNING, OVER = range(6)

PATIENCE = 2_000  # looks at a box before a thread that waits offers its processor to others, each time it looks

_I8, _I32, _I64, _VOID = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.VoidType()
_POINTER, _WORDS = _I8.as_pointer(), _I64.as_pointer()
_PIECE_TYPE = ir.FunctionType(_VOID, [_POINTER, _I64, _I64])


def emit_pause(builder) -> None:
    """Tell the processor that a loop only waits."""
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        pause = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_VOID, []), "llvm.x86.sse2.pause")
        builder.call(pause, [])
    elif machine in ("aarch64", "arm64"):
        hint = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_VOID, [_I32]), "llvm.aarch64.hint")
        builder.call(hint, [_I32(1)])


def emit_yield(builder) -> None:
    """Offer the processor to other threads: the system's function, by its name."""
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
    builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(_I32, []), name), [])


def word(builder, words, place):
    """The address of a word."""
    return builder.gep(words, [place if isinstance(place, ir.Value) else _I64(place)])


def emit_state(builder, box):
    """The state of a box; what its owner wrote before that is seen from here on."""
    return builder.load_atomic(word(builder, box, STATE), "acquire", 8)


def emit_set_state(builder, box, state: int) -> None:
    """Set the state of a box, after all that was written before."""
    builder.store_atomic(_I64(state), word(builder, box, STATE), "release", 8)


def emit_job(builder, box) -> None:
    """Run the piece in a box."""
    load = lambda place: builder.load(word(builder, box, place))  # noqa: E731
    piece = builder.inttoptr(load(PIECE), _PIECE_TYPE.as_pointer())
    builder.call(piece, [builder.inttoptr(load(ARGUMENTS), _POINTER), load(PIECE_START), load(PIECE_STOP)])


class Sharing:
    """What `KernelLower` adds to one shared kernel: `begin` at its start, `end` before each return."""

    def __init__(self, builder, function, name: str) -> None:
        self.builder, self.function = builder, function
        self.given = function.args[2:-2]  # those before are places for the result and for an error
        self.arguments = ir.LiteralStructType([argument.type for argument in self.given])
        self.piece = self._define_piece(f"{name}.piece")

    def begin(self):
        """Post the pieces, if there is an order; returns where the kernel's own piece ends."""
        builder, stop = self.builder, self.function.args[-1]
        place = cgutils.alloca_once(builder, self.arguments)
        own_stop = cgutils.alloca_once_value(builder, stop)
        self.ordered = builder.icmp_signed("<", stop, _I64(0))
        self.order = builder.inttoptr(builder.neg(stop), _WORDS)
        with builder.if_then(self.ordered, likely=False):
            for k, argument in enumerate(self.given):
                builder.store(argument, builder.gep(place, [_I32(0), _I32(k)]))
            first, size, end = (builder.load(word(builder, self.order, n)) for n in (FIRST, SIZE, STOP))
            with self._each_box() as (n, box):
                start = builder.add(first, builder.mul(n, size))
                stop = builder.add(start, size)
                stop = builder.select(builder.icmp_signed("<", stop, end), stop, end)
                piece, arguments = builder.ptrtoint(self.piece, _I64), builder.ptrtoint(place, _I64)
                for at, value in ((PIECE, piece), (ARGUMENTS, arguments), (PIECE_START, start), (PIECE_STOP, stop)):
                    builder.store(value, word(builder, box, at))
                emit_set_state(builder, box, JOB)
            builder.store(first, own_stop)
        return builder.load(own_stop)

    def end(self) -> None:
        """Do the pieces that no helper has begun, and wait for the others; nothing if there was no order."""
        builder = self.builder
        with builder.if_then(self.ordered, likely=False), self._each_box() as (_, box):
            pair = builder.cmpxchg(word(builder, box, STATE), _I64(JOB), _I64(HIRED), "acq_rel", "acquire")
            with builder.if_else(builder.extract_value(pair, 1)) as (waiting, begun):
                with waiting:
                    emit_job(builder, box)
                with begun:
                    self._wait_for(box)

    def _wait_for(self, box) -> None:
        """Until a helper has done its piece."""
        builder = self.builder
        looks = cgutils.alloca_once_value(builder, _I64(0))
        builder.store(_I64(0), looks)
        look, wait, done = (builder.append_basic_block(name) for name in ("look", "wait", "done"))
        builder.branch(look)
        builder.position_at_end(look)
        running = builder.icmp_signed("==", emit_state(builder, box), _I64(RUNNING))
        builder.cbranch(running, wait, done)
        builder.position_at_end(wait)
        emit_pause(builder)
        count = builder.add(builder.load(looks), _I64(1))
        builder.store(count, looks)
        with builder.if_then(builder.icmp_signed(">", count, _I64(PATIENCE)), likely=False):
            emit_yield(builder)
        builder.branch(look)
        builder.position_at_end(done)
        waited = word(builder, self.order, WAITED)
        builder.store(builder.add(builder.load(waited), builder.load(looks)), waited)

    @contextmanager
    def _each_box(self):
        """A loop over the boxes of the order: (number, box)."""
        builder = self.builder
        boxes = builder.inttoptr(builder.load(word(builder, self.order, BOXES)), _WORDS)
        with cgutils.for_range(builder, builder.load(word(builder, self.order, HELPERS)), intp=_I64) as loop:
            yield loop.index, word(builder, boxes, builder.mul(loop.index, _I64(BOX_WORDS)))

    def _define_piece(self, name: str) -> ir.Function:
        """A function of (arguments in memory, start, stop) that calls the kernel."""
        function = ir.Function(self.builder.module, _PIECE_TYPE, name)
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        memory, start, stop = function.args
        memory = builder.bitcast(memory, self.arguments.as_pointer())
        places = [builder.alloca(argument.type.pointee) for argument in self.function.args[:2]]
        given = [builder.load(builder.gep(memory, [_I32(0), _I32(k)])) for k in range(len(self.given))]
        builder.call(self.function, [*places, *given, start, stop], attrs=("noinline",))
        builder.ret_void()
        return function
