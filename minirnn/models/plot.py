"""`plot_model`: a picture of a model's graph, drawn by Matplotlib; no other program is needed."""

from __future__ import annotations

import io
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minirnn.choices import one_of
from minirnn.compat import spelling
from minirnn.files.atomic import replace_file
from minirnn.models.diagram import Box, Frame, Shown, diagram
from minirnn.models.layered import Arrow, Item, Layered, Point

# In points, of which 72 are an inch.
MARGIN, PADDING, GAP, ROW_GAP = 12.0, 7.0, 22.0, 26.0
TITLE_SIZE, LINE_SIZE, LEADING = 11.0, 9.5, 1.45
FRAME_PADDING = 12.0
INK, LINE, FRAME_LINE, FRAME_FILL = "#1f2933", "#52606d", "#9aa5b1", "#f5f7fa"
INPUT_FILL, LAYER_FILL, FROZEN_INK, TRAINED_INK = "#e3f3ea", "#e4eefa", "#b3261e", "#1b7340"
FONTS = ["DejaVu Sans", "NanumGothic", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo"]
DIRECTIONS = ("TB", "BT", "LR", "RL")


@spelling.names_nearest
def plot_model(
    model: Any,
    to_file: str | Path = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: Any = None,
    *,
    ax: Any = None,
) -> Any:
    """Draw the layers of a built model and what they are connected to into a file: .png, .svg, .pdf ..

    The `show_..` arguments add shapes, dtypes, names, activations and whether a layer is trained; `rankdir` is where
    arrows run: TB (to the bottom), BT, LR (to the right) or RL; `expand_nested` opens models within the model.
    `splines` is Keras's and changes nothing. With `ax`, axes of Matplotlib's, it is drawn on them and into no file.

    Returns the axes given, else the picture in a notebook, else None. Raises ImportError without Matplotlib, TypeError
    for anything but a model, ValueError if it is not built, and for a kind of file that Matplotlib does not write.
    """
    matplotlib = _matplotlib()
    kind = "png" if ax is not None else Path(to_file).suffix[1:].lower() or "png"
    _check(matplotlib, kind, to_file, rankdir, dpi)
    shown = Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    frame = diagram(model, shown)
    fonts = matplotlib.font_manager.get_font_names()
    style = {"font.family": [font for font in FONTS if font in fonts], "svg.fonttype": "path", "text.usetex": False}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # a letter that no installed font has is drawn as a box: the picture says it well enough
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        picture = _Picture(matplotlib, frame, rankdir).draw(dpi, kind)
    if ax is not None:
        ax.imshow(matplotlib.image.imread(io.BytesIO(picture)))
        ax.set_axis_off()
        return ax
    replace_file(to_file, [picture])
    return _for_a_notebook(kind, picture)


def _matplotlib() -> Any:
    try:
        import matplotlib.backends.backend_agg
        import matplotlib.figure
        import matplotlib.font_manager
        import matplotlib.image
        import matplotlib.patches
        import matplotlib.path
    except ImportError:
        raise ImportError("plot_model needs Matplotlib; install it with: pip install 'minirnn[plot]'") from None
    return matplotlib


def _check(matplotlib: Any, kind: str, to_file: Any, rankdir: str, dpi: Any) -> None:
    kinds = matplotlib.backend_bases.FigureCanvasBase.get_supported_filetypes()
    if kind not in kinds:
        raise ValueError(f"{to_file}: no picture of kind .{kind}, expected one of {' '.join(sorted(kinds))}")
    one_of(rankdir, "rankdir", DIRECTIONS)
    if isinstance(dpi, bool) or not isinstance(dpi, (int, float)) or not 1 <= dpi <= 2400:
        raise ValueError(f"dpi must be a number from 1 to 2400, got {dpi!r}")


def _for_a_notebook(kind: str, picture: bytes) -> Any:
    """What a notebook shows; None elsewhere."""
    if "IPython" not in sys.modules or kind not in ("png", "jpg", "jpeg", "svg"):
        return None
    from IPython import display  # type: ignore[import-not-found,unused-ignore]

    return display.SVG(picture) if kind == "svg" else display.Image(picture)


@dataclass
class Arranged:
    """A frame whose members have places, relative to it. `ways_in` and `ways_out`: where arrows pass its border."""

    width: float
    height: float
    boxes: list[tuple[Box, float, float]]
    frames: list[tuple[Frame, float, float, float, float]]  # x, y, width, height
    lines: list[tuple[list[Point], bool, bool]]  # a path, whether it is smooth, whether it ends with a head
    ways_in: dict[Box, float]
    ways_out: dict[Box, float]

    def moved(self, dx: float, dy: float) -> Arranged:
        lines = [([(x + dx, y + dy) for x, y in path], *how) for path, *how in self.lines]
        boxes = [(box, x + dx, y + dy) for box, x, y in self.boxes]
        frames = [(frame, x + dx, y + dy, *size) for frame, x, y, *size in self.frames]
        return Arranged(self.width, self.height, boxes, frames, lines, self.ways_in, self.ways_out)  # type: ignore[arg-type]


class _Picture:
    """One drawing. It is arranged from top to bottom; other directions exchange or mirror the axes."""

    def __init__(self, matplotlib: Any, frame: Frame, rankdir: str) -> None:
        self.matplotlib, self.frame, self.rankdir = matplotlib, frame, rankdir
        self.renderer = matplotlib.backends.backend_agg.RendererAgg(1, 1, 72)
        self.sideways = rankdir in ("LR", "RL")

    # --- sizes ---

    def _font(self, size: float, bold: bool = False) -> Any:
        return self.matplotlib.font_manager.FontProperties(size=size, weight="bold" if bold else "normal")

    def _text_width(self, text: str, size: float, bold: bool = False) -> float:
        return self.renderer.get_text_width_height_descent(text, self._font(size, bold), False)[0]

    def _size(self, box: Box) -> tuple[float, float]:
        widths = [self._text_width(box.title, TITLE_SIZE, True)]
        widths += [self._text_width(line, LINE_SIZE) for line in box.lines]
        height = TITLE_SIZE * LEADING + len(box.lines) * LINE_SIZE * LEADING + PADDING * (2 if box.lines else 1)
        return max(widths) + 2 * PADDING, height

    def _turned(self, width: float, height: float) -> tuple[float, float]:
        return (height, width) if self.sideways else (width, height)

    def _frame_padding(self, frame: Frame) -> tuple[float, float, float, float]:
        """The space before and after the members of a frame along rows, and above and below, its title included."""
        title = TITLE_SIZE * LEADING
        before, above, below = FRAME_PADDING, FRAME_PADDING, FRAME_PADDING
        if self.sideways:
            before += title
        elif self.rankdir == "BT":
            below += title
        else:
            above += title
        return before, FRAME_PADDING, above, below

    # --- arrangement ---

    def arranged(self, frame: Frame, into: list[Box], out_of: list[Box]) -> Arranged:
        """Places of a frame's members; arrows come `into` some boxes from outside, and leave from others."""
        members = list(frame.members.values())
        holder = {box: number for number, member in enumerate(members) for box in _boxes(member)}
        inner: dict[int, Arranged] = {}
        for number, member in enumerate(members):
            if isinstance(member, Frame):
                targets = [b for a, b in frame.arrows if holder[b] == number] + [b for b in into if holder[b] == number]
                sources = [a for a, b in frame.arrows if holder[a] == number] + [
                    a for a in out_of if holder[a] == number
                ]
                inner[number] = self._framed(member, list(dict.fromkeys(targets)), list(dict.fromkeys(sources)))

        def start(box: Box) -> float:
            return inner[holder[box]].ways_out[box] if holder[box] in inner else 0.0

        def end(box: Box) -> float:
            return inner[holder[box]].ways_in[box] if holder[box] in inner else 0.0

        first = len(into)
        items = [Item(row="first") for _ in into]
        for number, member in enumerate(members):
            part = inner.get(number)
            size = (part.width, part.height) if part else self._turned(*self._size(member))
            items.append(Item(*size, spread=0.0 if part else 0.7 * size[0]))
        items += [Item(row="last") for _ in out_of]
        arrows = [Arrow(place, first + holder[box], end=end(box)) for place, box in enumerate(into)]
        arrows += [Arrow(first + holder[a], first + holder[b], start(a), end(b)) for a, b in frame.arrows]
        beyond = first + len(members)
        arrows += [Arrow(first + holder[box], beyond + n, start(box)) for n, box in enumerate(out_of)]

        layered = Layered(items, arrows, GAP, ROW_GAP)
        found = Arranged(layered.width, layered.height, [], [], [], {}, {})
        for number, member in enumerate(members):
            item = layered.items[first + number]
            if number in inner:
                part = inner[number].moved(item.x - item.width / 2, item.y)
                found.boxes, found.lines = found.boxes + part.boxes, found.lines + part.lines
                found.frames = [*found.frames, *part.frames]
            else:
                found.boxes.append((member, item.x - item.width / 2, item.y))
        for arrow in layered.arrows:
            target = arrow.target - first
            head = target < len(members) and target not in inner
            found.lines.append((arrow.path, arrow in layered.forward, head))
        found.ways_in = {box: layered.items[place].x for place, box in enumerate(into)}
        found.ways_out = {box: layered.items[beyond + place].x for place, box in enumerate(out_of)}
        return found

    def _framed(self, frame: Frame, into: list[Box], out_of: list[Box]) -> Arranged:
        """A frame of its own around what is arranged: lines that begin and end at its border are drawn up to it."""
        part = self.arranged(frame, into, out_of)
        before, after, above, below = self._frame_padding(frame)
        title = self._text_width(frame.title, LINE_SIZE)
        inner_width, inner_height = part.width, part.height
        if self.sideways:
            part.height = max(part.height, title)
        else:
            part.width = max(part.width, title)
        spare = ((part.width - inner_width) / 2, (part.height - inner_height) / 2)
        part = part.moved(before + spare[0], above + spare[1])
        width, height = part.width + before + after, part.height + above + below
        starts = {(x + before + spare[0], above + spare[1]) for x in part.ways_in.values()}
        ends = {(x + before + spare[0], above + spare[1] + inner_height) for x in part.ways_out.values()}
        for path, _, _ in part.lines:
            if path[0] in starts:
                path[0] = (path[0][0], 0.0)
            if path[-1] in ends:
                path[-1] = (path[-1][0], height)
        part.frames.insert(0, (frame, 0.0, 0.0, width, height))
        middle = before + spare[0] - width / 2
        part.ways_in = {box: x + middle for box, x in part.ways_in.items()}
        part.ways_out = {box: x + middle for box, x in part.ways_out.items()}
        part.width, part.height = width, height
        return part

    # --- drawing ---

    def draw(self, dpi: float, kind: str) -> bytes:
        """The file."""
        whole = self.arranged(self.frame, [], []).moved(MARGIN, MARGIN)
        self.depth = whole.height + 2 * MARGIN
        width, height = self._turned(whole.width + 2 * MARGIN, self.depth)
        figure = self.matplotlib.figure.Figure(figsize=(width / 72, height / 72), dpi=dpi, facecolor="white")
        self.axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()
        for frame, *place in whole.frames:
            self._draw_frame(frame, *self._real(*place))
        for path, smooth, head in whole.lines:
            self._draw_line(path, smooth, head)
        for box, x, y in whole.boxes:
            self._draw_box(box, *self._real(x, y, *self._turned(*self._size(box))))
        file = io.BytesIO()
        figure.savefig(file, format=kind, facecolor="white")
        return file.getvalue()

    def _real(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """A rectangle of the arrangement where it is in the picture."""
        if self.rankdir in ("BT", "RL"):
            y = self.depth - y - height
        return (y, x, height, width) if self.sideways else (x, y, width, height)

    def _rectangle(self, x: float, y: float, width: float, height: float, **style: Any) -> None:
        rounded = "round,pad=0,rounding_size=4"
        self.axes.add_patch(self.matplotlib.patches.FancyBboxPatch((x, y), width, height, boxstyle=rounded, **style))

    def _write(self, x: float, y: float, text: str, size: float, colour: str, **options: Any) -> None:
        options = {"ha": "center", "va": "center_baseline", "parse_math": False, **options}
        self.axes.text(x, y, text, color=colour, fontsize=size, **options)

    def _draw_frame(self, frame: Frame, x: float, y: float, width: float, height: float) -> None:
        self._rectangle(x, y, width, height, fc=FRAME_FILL, ec=FRAME_LINE, lw=0.8, ls=(0, (4, 3)))
        self._write(x + 7, y + 11, frame.title, LINE_SIZE, LINE, ha="left")

    def _draw_box(self, box: Box, x: float, y: float, width: float, height: float) -> None:
        self._rectangle(x, y, width, height, fc=INPUT_FILL if box.is_input else LAYER_FILL, ec=LINE, lw=0.9)
        middle, line = x + width / 2, y + PADDING / 2 + TITLE_SIZE * LEADING / 2
        self._write(middle, line, box.title, TITLE_SIZE, INK, weight="bold")
        line += TITLE_SIZE * LEADING / 2 + PADDING / 2
        if box.lines:
            self.axes.plot([x, x + width], [line, line], color=LINE, lw=0.5, solid_capstyle="butt")
        line += PADDING / 2 - LINE_SIZE * LEADING / 2
        for text in box.lines:
            line += LINE_SIZE * LEADING
            colour = {"Trainable": TRAINED_INK, "Non-trainable": FROZEN_INK}.get(text, INK)
            self._write(middle, line, text, LINE_SIZE, colour)

    def _draw_line(self, path: list[Point], smooth: bool, head: bool) -> None:
        points = [self._real(x, y, 0, 0)[:2] for x, y in path]
        kinds = self.matplotlib.path.Path
        drawn, codes = [points[0]], [kinds.MOVETO]
        for number, (here, there) in enumerate(zip(points, points[1:], strict=False)):
            if smooth and number % 2:  # between rows: a curve that begins and ends along the arrow's direction
                middle = [(a + b) / 2 for a, b in zip(here, there, strict=True)]
                bends = [(here[0], middle[1]), (there[0], middle[1])]
                if self.sideways:
                    bends = [(middle[0], here[1]), (middle[0], there[1])]
                drawn, codes = [*drawn, *bends, there], [*codes, *[kinds.CURVE4] * 3]
            elif here != there:
                drawn, codes = [*drawn, there], [*codes, kinds.LINETO]
        style = "-|>,head_length=4.5,head_width=2.4" if head else "-"
        self.axes.add_patch(
            self.matplotlib.patches.FancyArrowPatch(
                path=kinds(drawn, codes), arrowstyle=style, mutation_scale=1.0, color=LINE, lw=1.1, capstyle="butt",
                joinstyle="round", shrinkA=0, shrinkB=0,
            )
        )  # fmt: skip


def _boxes(member: Any) -> list[Box]:
    """All boxes of a frame, or the box itself."""
    return [member] if isinstance(member, Box) else [box for part in member.members.values() for box in _boxes(part)]
