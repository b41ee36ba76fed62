"""The directive `public`: the docstrings of every public name of a module, so that no list of them can fall behind.

    .. public:: minirnn.layers
       :members: Layer

`members` names the classes of which the methods are shown, too, `without` what stands elsewhere already.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType
from typing import Any

from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


def public_names(module: ModuleType) -> list[str]:
    """What a module offers: its `__all__`, or else the functions and classes that it defines itself; no modules."""
    listed = getattr(module, "__all__", None)
    names = list(vars(module)) if listed is None else list(listed)
    if listed is None:
        names = [name for name in names if getattr(vars(module)[name], "__module__", "") == module.__name__]
    names = [name for name in names if not name.startswith("_")]
    return [name for name in names if callable(getattr(module, name))]


class Public(SphinxDirective):
    required_arguments = 1
    option_spec = {"members": directives.unchanged, "without": directives.unchanged}

    def run(self) -> list[Any]:
        module = import_module(self.arguments[0])
        with_members, without = (self.options.get(option, "").split() for option in ("members", "without"))
        lines = []
        for name in public_names(module):
            if name in without:
                continue
            kind = "autoclass" if inspect.isclass(getattr(module, name)) else "autofunction"
            lines += [f".. {kind}:: {module.__name__}.{name}"]
            lines += ["   :members:", "   :inherited-members: Mapping, object"] if name in with_members else []
            lines += [""]
        unknown = {*with_members, *without} - set(public_names(module))
        if unknown:
            raise self.error(f"{module.__name__} has no {', '.join(sorted(unknown))}")
        return self.parse_text_to_nodes(StringList(lines, source=self.arguments[0]), allow_section_headings=False)


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("public", Public)
    return {"parallel_read_safe": True}
