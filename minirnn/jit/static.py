"""`Static`: a named set of functions and constants that a kernel is compiled for.

A kernel receives it as an ordinary argument and reads its attributes (`cell.activation`, `cell.x_columns`). In plain
Python those are the functions themselves. Under Numba the argument has no content at all: its *type* carries the key,
and each attribute is settled while compiling. One kernel source therefore serves every cell and every activation, and
none of them pays for a choice at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from numba import types
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import NativeValue, infer_getattr, models, register_model, typeof_impl, unbox


class Static:
    """One point in the space of kernels; equal keys are the same object.

    `key` is a tuple of strings that names the point (and its compiled code on disk); `members` are plain or `inline`
    functions, numbers and tuples of integers.
    """

    key: tuple[str, ...]
    _known: ClassVar[dict[tuple[str, ...], Static]] = {}

    def __new__(cls, key: tuple[str, ...], **members: Any) -> Static:
        known = cls._known.get(key)
        if known is None:
            known = super().__new__(cls)
            known.__dict__.update(members)
            known.key = key
            known = cls._known.setdefault(key, known)
        return known

    def __reduce__(self) -> tuple:
        return _known, (self.key, {k: v for k, v in vars(self).items() if k != "key"})

    def but(self, word: str, **members: Any) -> Static:
        """The same with other `members`; `word` joins its key."""
        return Static((*self.key, word), **{k: v for k, v in vars(self).items() if k != "key"} | members)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __repr__(self) -> str:
        return f"Static({', '.join(self.key)})"


def _known(key: tuple[str, ...], members: dict[str, Any]) -> Static:
    return Static(key, **members)


class StaticType(types.Type):
    """The Numba type of one `Static`: it holds the key only, so that compiled code can be kept on disk."""

    def __init__(self, key: tuple[str, ...]) -> None:
        self.static_key = key
        super().__init__(name=f"Static({', '.join(key)})")


@register_model(StaticType)
class _StaticModel(models.OpaqueModel):
    pass


@typeof_impl.register(Static)
def _typeof_static(value, context):
    return StaticType(value.key)


@unbox(StaticType)
def _unbox_static(typ, obj, c):
    return NativeValue(c.context.get_dummy_value())


@infer_getattr
class _StaticAttribute(AttributeTemplate):
    key = StaticType

    def generic_resolve(self, static, attribute):
        return self.context.resolve_value_type(getattr(Static._known[static.static_key], attribute))


@lower_getattr_generic(StaticType)
def _lower_attribute(context, builder, static, value, attribute):
    member = getattr(Static._known[static.static_key], attribute)
    member_type = context.typing_context.resolve_value_type(member)
    if isinstance(member_type, (types.Number, types.BaseTuple, types.Boolean)):
        return context.get_constant_generic(builder, member_type, member)
    return context.get_dummy_value()
