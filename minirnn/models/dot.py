"""`model_to_dot`: a model's graph for Graphviz, through pydot."""

from __future__ import annotations

from html import escape
from typing import Any

from minirnn.compat import spelling
from minirnn.models.diagram import Box, Frame, Shown, diagram


@spelling.names_nearest
def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> Any:
    """The picture of `plot_model` as a `pydot.Dot`, or with `subgraph` a `pydot.Cluster`, to change or write by hand.

    The arguments are those of `plot_model`; `splines` is Graphviz's. `to_string()` of the result needs no program, its
    `write_png` needs Graphviz's `dot`. Raises ImportError without pydot, else as `plot_model` does.
    """
    try:
        import pydot  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise ImportError("model_to_dot needs pydot; install it with: pip install 'minirnn[plot]'") from None
    shown = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    frame = diagram(model, shown)
    numbers: dict[Box, str] = {}
    if subgraph:
        graph = _cluster(pydot, frame, numbers)
    else:
        graph = pydot.Dot(graph_type="digraph", rankdir=rankdir, dpi=dpi, splines=splines)
        _fill(pydot, graph, frame, numbers)
    return graph


def _cluster(pydot: Any, frame: Frame, numbers: dict[Box, str]) -> Any:
    cluster = pydot.Cluster(_quoted(frame.title), label=_quoted(frame.title), labeljust="l", style="dashed")
    _fill(pydot, cluster, frame, numbers)
    return cluster


def _fill(pydot: Any, graph: Any, frame: Frame, numbers: dict[Box, str]) -> None:
    """Add the boxes, frames and arrows; `numbers` are the names of all boxes."""
    for member in frame.members.values():
        if isinstance(member, Frame):
            graph.add_subgraph(_cluster(pydot, member, numbers))
        else:
            numbers[member] = f"box{len(numbers)}"
            graph.add_node(pydot.Node(numbers[member], label=_label(member), shape="plain", fontname="Helvetica"))
    for source, target in frame.arrows:
        graph.add_edge(pydot.Edge(numbers[source], numbers[target]))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(box: Box) -> str:
    """A table of one column: the title, then the lines."""
    title = f'<tr><td bgcolor="{"#e3f3ea" if box.is_input else "#e4eefa"}"><b>{escape(box.title)}</b></td></tr>'
    lines = "".join(f"<tr><td>{escape(line)}</td></tr>" for line in box.lines)
    return f'<<table border="0" cellborder="1" cellspacing="0" cellpadding="6">{title}{lines}</table>>'
