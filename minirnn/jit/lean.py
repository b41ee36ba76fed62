"""How Numba's IR of a function becomes LLVM's: no more of it than kernels need.

Numba's lowering is made for code that counts references, unwinds exceptions and is looked at in a debugger. It keeps
most variables in memory, clears them before their first use and after their last, and spells out for every loop what
happens if it runs backwards. The optimizer finds all that to be nothing, slowly. `LeanLower` does not write it.
"""

from __future__ import annotations

from collections import defaultdict

from llvmlite import ir
from numba import types
from numba.core import ir as numba_ir
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.lowering import Lower
from numba.core.typing import signature

from minirnn.jit.contexts import EXTREMES

_I64 = ir.IntType(64)


def place_for(builder, llvm_type, name: str = ""):
    """Memory for a value, once for each call of the function."""
    with builder.goto_entry_block():
        return builder.alloca(llvm_type, name=name)


def constant_variables(blocks) -> set[str]:
    """Variables that need no memory: assigned once, in front of every use on every path."""
    assigned, used = defaultdict(list), defaultdict(list)
    for label, block in blocks.items():
        for at, statement in enumerate(block.body):
            target = statement.target.name if isinstance(statement, numba_ir.Assign) else None
            for variable in statement.list_vars():
                if variable.name != target:
                    used[variable.name].append((label, at))
            if target is not None:
                assigned[target].append((label, at))
    dominators = compute_cfg_from_blocks(blocks).dominators()
    return {
        name
        for name, [(label, at), *more] in assigned.items()
        if not more and all(_is_before(label, at, dominators, *use) for use in used[name])
    }


def _is_before(label, at, dominators, user, use) -> bool:
    # Blocks are lowered in the order of their labels.
    return at < use if user == label else label < user and label in dominators[user]


class LeanLower(Lower):
    """Numba's lowering, with variables and loops of its own."""

    def _find_singly_assigned_variable(self):
        self._singly_assigned_vars = constant_variables(self.blocks)
        self._blk_local_varmap = {}
        self._steps: dict[ir.Value, ir.Value] = {}  # of ranges

    def pre_block(self, block):
        self._cur_ir_block = block

    def getvar(self, name):
        place = self.varmap.get(name)
        if place is None:
            llvm_type = self.context.get_value_type(self.typeof(name))
            place = self.varmap[name] = place_for(self.builder, llvm_type, name)
        return place

    def loadvar(self, name):
        value = self._blk_local_varmap.get(name)
        return self.builder.load(self.getvar(name)) if value is None else value

    def storevar(self, value, name, argidx=None):
        if name in self._singly_assigned_vars:
            self._blk_local_varmap[name] = value
        else:
            self.builder.store(value, self.getvar(name))

    def lower_expr(self, resty, expr):
        """Expressions; those of loops over ranges of plain whole numbers in as few instructions as will do."""
        if expr.op == "call" and resty is types.range_state64_type:
            return self._range(resty, self._arguments(expr))
        if expr.op == "call" and isinstance(resty, types.Number) and len(expr.args) == 2:
            comparison = EXTREMES.get(getattr(self.typeof(expr.func.name), "typing_key", None))
            if comparison is not None:
                return self._extreme(resty, comparison, *self._arguments(expr), *self.fndesc.calltypes[expr].args)
        if expr.op == "getiter" and self.typeof(expr.value.name) is types.range_state64_type:
            return self._begin(resty, self.loadvar(expr.value.name))
        if expr.op == "iternext" and self.typeof(expr.value.name) is types.range_iter64_type:
            return self._next(resty, self.loadvar(expr.value.name))
        if expr.op in ("pair_first", "pair_second"):
            return self.builder.extract_value(self.loadvar(expr.value.name), int(expr.op == "pair_second"))
        return super().lower_expr(resty, expr)

    def _arguments(self, expr):
        called, call = self.typeof(expr.func.name), self.fndesc.calltypes[expr]
        return self.fold_call_args(called, call, expr.args, expr.vararg, expr.kws)

    def _extreme(self, resty, comparison, x, y, x_type, y_type):
        """min(x, y) or max(x, y)"""
        x, y = (self.context.cast(self.builder, v, t, resty) for v, t in ((x, x_type), (y, y_type)))
        compare = self.context.get_function(comparison, signature(types.boolean, resty, resty))
        return self.builder.select(compare(self.builder, (y, x)), y, x)

    def _range(self, resty, given):
        """(start, stop, step)"""
        start, stop, step = (_I64(0), *given, _I64(1)) if len(given) == 1 else (*given, _I64(1))[:3]
        state = self._struct(resty, start, stop, step)
        self._steps[state] = step
        return state

    def _begin(self, resty, state):
        """(address of the number, stop, step, address of how many are left)"""
        builder = self.builder
        start, stop, step = (builder.extract_value(state, k) for k in range(3))
        step = self._steps.get(state, step)
        if isinstance(step, ir.Constant) and step.constant > 0:
            length = builder.sub(stop, start)
            # Rounded up; the length, where it counts, is not negative.
            count = builder.add(builder.udiv(builder.sub(length, _I64(1)), step), _I64(1))
            count = builder.select(builder.icmp_signed(">", length, _I64(0)), count, _I64(0))
        else:
            count = self.context.get_function(len, signature(types.intp, types.range_state64_type))(builder, (state,))
        number, left = place_for(builder, _I64), place_for(builder, _I64)
        builder.store(start, number)
        builder.store(count, left)
        return self._struct(resty, number, stop, step, left)

    def _next(self, resty, iterator):
        """(number, whether there was one)"""
        builder = self.builder
        number, step, left = (builder.extract_value(iterator, k) for k in (0, 2, 3))
        value, count = builder.load(number), builder.load(left)
        builder.store(builder.add(value, step), number)
        builder.store(builder.sub(count, _I64(1), flags=["nsw"]), left)
        return self._struct(resty, value, builder.icmp_signed(">", count, _I64(0)))

    def _struct(self, typ, *members):
        value = ir.Constant(self.context.get_value_type(typ), ir.Undefined)
        for k, member in enumerate(members):
            value = self.builder.insert_value(value, member, k)
        return value
