"""What Numba knows of types and of machine code: as much of it as kernels ask for, and each answer kept.

Before it compiles anything, Numba imports and registers all that it can compile, and SciPy where there is one; and for
every sum of two whole numbers it tries all that a sum could be, several times over. `KernelTyping` and `KernelTarget`
do not.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

from numba import types
from numba.core import fastmathpass
from numba.core.cpu import CPUContext
from numba.core.registry import cpu_target
from numba.core.typing import Context, signature
from numba.core.typing.templates import RegistryLoader, _OverloadAttributeTemplate

EXTREMES = {min: operator.lt, max: operator.gt}  # of two numbers the second, if it compares so to the first


class _Registrations(RegistryLoader):
    """What Numba has registered, but for the methods that it has written in Python: those of strings, dates, lists.

    To look at one of them is to load all that Numba has.
    """

    def new_registrations(self, name):
        for made in super().new_registrations(name):
            if not (isinstance(made, type) and issubclass(made, _OverloadAttributeTemplate)):
                yield made


class KernelTyping(Context):
    """The types of what calls and operators give."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple, Any] = {}

    def install_registry(self, registry) -> None:
        """Take note of what is new in a registry."""
        if registry not in self._registries:
            self._registries[registry] = _Registrations(registry)
        super().install_registry(registry)

    def refresh(self) -> None:
        """Take note of all that is new, unless for a function that is compiled because another one calls it."""
        if not self.callstack:
            super().refresh()

    def resolve_function_type(self, func, args, kws):
        """The signature of a call for arguments of these types; it is found once."""
        if kws:
            return super().resolve_function_type(func, args, kws)
        key = (func, *args)
        found = self._known.get(key)
        if found is None:
            found = _extreme_signature(self, func, args) or super().resolve_function_type(func, args, kws)
            if found is not None:
                self._known[key] = found
        return found


class _Implementation:
    """What writes the code of a call: as Numba's `_wrap_impl`, but not made anew for each call."""

    def __init__(self, implementation, context, sig) -> None:
        self._imp, self._context, self._sig = implementation, context, sig
        self._libraries = getattr(implementation, "libs", ())

    def __call__(self, builder, args, loc=None):
        result = self._imp(self._context, builder, self._sig, args, loc=loc)
        self._context.add_linking_libs(self._libraries)
        return result

    def __getattr__(self, name):
        return getattr(self._imp, name)


class KernelTarget(CPUContext):
    """How calls and operators become LLVM code."""

    _found: dict[tuple, Any]

    def get_function(self, fn, sig, _firstcall=True):
        """What writes the code of a call of this signature; it is looked up once."""
        found = self._found.get((fn, sig))
        if found is None:
            found = self._found[fn, sig] = super().get_function(fn, sig, _firstcall)
        return _Implementation(found._imp, self, found._sig)

    def refresh(self) -> None:
        """As `KernelTyping.refresh`."""
        if not self.typing_context.callstack:
            super().refresh()

    def load_additional_registries(self) -> None:
        """What is called in kernels."""
        from numba.cpython import builtins, iterators, mathimpl, numbers, rangeobj, slicing, tupleobj  # noqa: F401

        self.install_registry(mathimpl.registry)

    def post_lowering(self, mod, library) -> None:
        """Numba links its memory manager here, too."""
        if self.fastmath:
            fastmathpass.rewrite_module(mod, self.fastmath)


@functools.cache
def kernel_contexts() -> tuple[KernelTyping, KernelTarget]:
    """Both contexts. The target's tables are those of Numba's own, which calls kernels."""
    target = KernelTarget.__new__(KernelTarget)
    vars(target).update(vars(cpu_target.target_context))
    target.typing_context, target._found = KernelTyping(), {}
    return target.typing_context, target


def _extreme_signature(typing, function, args):
    """That of min(x, y) or max(x, y) of numbers, for which Numba compiles a function of its own; None of all else."""
    numbers = [types.unliteral(typ) for typ in args]
    if getattr(function, "typing_key", None) not in EXTREMES or len(numbers) != 2:
        return None
    if not all(isinstance(typ, types.Number) for typ in numbers):
        return None
    return signature(typing.unify_types(*numbers), *numbers)
