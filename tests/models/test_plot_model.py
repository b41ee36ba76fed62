"""`plot_model`: every layer has its box, no two of them overlap, and lines do not run through boxes."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

import minirnn
from minirnn import layers
from minirnn.models import plot
from minirnn.models.diagram import Box, Frame, Shown, diagram
from minirnn.models.layered import apart
from minirnn.utils import model_to_dot, plot_model

matplotlib = pytest.importorskip("matplotlib")
ALL = {f"show_{what}": True for what in ("shapes", "dtype", "layer_names", "layer_activations", "trainable")}


def chain():
    return minirnn.Sequential(
        [minirnn.Input((3, 1)), layers.LSTM(4, name="l"), layers.Dense(2, name="d")], name="chain"
    )


def branches():
    """Heads of different depth, so that lines pass rows, and states that go on."""
    x, other = minirnn.Input((3, 1), name="x"), minirnn.Input((3, 1), name="other")
    y, h, c = layers.LSTM(4, return_state=True, name="enc")(x)
    decoded = layers.LSTM(4, name="dec")(other, initial_state=[h, c])
    deep = decoded
    for number in range(3):
        deep = layers.Dense(4, name=f"deep_{number}", trainable=number > 0)(deep)
    return minirnn.Model([x, other], [deep, layers.Dense(1, name="early")(y), layers.Dense(2, name="late")(decoded)])


def nested():
    """Three levels; the model in the middle is called on two inputs."""
    x = minirnn.Input((3, 1), name="x")
    inner = chain()
    middle = minirnn.Model(x, [inner(x), layers.GRU(2, name="g")(x)], name="middle")
    a, b = minirnn.Input((3, 1), name="a"), minirnn.Input((3, 1), name="b")
    first, second = middle(a)
    return minirnn.Model([a, b], [first, layers.Dense(3, name="e")(second), *middle(b)], name="top")


def twice():
    """A layer that is called on what came of it."""
    x = minirnn.Input((4,), name="x")
    same = layers.Dense(4, name="same")
    return minirnn.Model(x, layers.Dense(1, name="out")(same(layers.Dense(4, name="between")(same(x)))))


MODELS = [chain, branches, nested, twice]


def arranged(model, rankdir="TB", **shown):
    """Rectangles of boxes and of frames, and lines, as they are drawn."""
    picture = plot._Picture(plot._matplotlib(), diagram(model, Shown(**shown)), rankdir)
    whole = picture.arranged(picture.frame, [], [])
    boxes = [(x, y, *picture._turned(*picture._size(box))) for box, x, y in whole.boxes]
    return boxes, [place for _, *place in whole.frames], whole


def inside(inner, outer):
    (x, y, width, height), (left, top, right, bottom) = inner, outer
    return x >= left and y >= top and x + width <= left + right and y + height <= top + bottom


def disjoint(a, b):
    return a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]


@pytest.mark.parametrize("rankdir", plot.DIRECTIONS)
@pytest.mark.parametrize("nested_shown", [False, True])
@pytest.mark.parametrize("make", MODELS)
def test_nothing_overlaps(make, nested_shown, rankdir):
    boxes, frames, whole = arranged(make(), rankdir, nested=nested_shown, shapes=True, layer_names=True)
    assert all(disjoint(a, b) for a, b in combinations(boxes, 2))
    assert all(disjoint(box, frame) or inside(box, frame) for box in boxes for frame in frames)
    assert all(disjoint(a, b) or inside(a, b) or inside(b, a) for a, b in combinations(frames, 2))
    assert len(frames) == (2 if make is nested and nested_shown else 0)
    whole_place = (-1e-6, -1e-6, whole.width + 2e-6, whole.height + 2e-6)
    assert all(inside(box, whole_place) for box in [*boxes, *frames])
    assert all(inside((*point, 0, 0), whole_place) for path, *_ in whole.lines for point in path)


@pytest.mark.parametrize("nested_shown", [False, True])
@pytest.mark.parametrize("make", MODELS)
def test_lines_touch_boxes_only_where_they_begin_and_end(make, nested_shown):
    boxes, _, whole = arranged(make(), nested=nested_shown, layer_names=True)
    for path, smooth, _ in whole.lines:
        for number, (a, b) in enumerate(zip(path, path[1:], strict=False)):
            # A smooth piece between rows stays in the rectangle of its ends.
            spots = np.linspace(a, b, 25) if not (smooth and number % 2) else [(x, y) for x, y in np.linspace(a, b, 25)]
            for x, y in spots:
                for left, top, width, height in boxes:
                    assert not (left < x < left + width and top + 1e-6 < y < top + height - 1e-6)


@pytest.mark.parametrize("make", MODELS)
def test_arrows_run_downwards_from_layer_to_layer(make):
    frame = diagram(make(), Shown(layer_names=True))
    _, _, whole = arranged(make(), layer_names=True)
    tops = {box.title: y for box, _, y in whole.boxes}
    names = [(a.title, b.title) for a, b in frame.arrows]
    up = [(a, b) for a, b in names if tops[a] >= tops[b]]
    assert up == ([("between (Dense)", "same (Dense)")] if make is twice else [])


def test_a_picture_holds_what_keras_draws(keras):
    """Every box and arrow, against Keras's own nodes and connections."""
    for make in (branches, nested):
        ours = minirnn.models.model_from_json(make().to_json())
        theirs = keras.models.model_from_json(make().to_json())
        frame = diagram(ours, Shown(layer_names=True))
        assert [layer.name for layer in frame.members] == [layer.name for layer in theirs.layers]
        expected = {
            (tensor._keras_history.operation.name, layer.name)
            for layer in theirs.layers
            for node in layer._inbound_nodes
            for tensor in node.input_tensors
            if tensor._keras_history.operation in theirs.layers
        }
        found = {(a.title.split(" ")[0], b.title.split(" ")[0]) for a, b in frame.arrows}
        assert found == expected


def test_opened_models_are_entered_at_their_inputs_and_left_at_their_outputs():
    frame = diagram(nested(), Shown(layer_names=True, nested=True))
    middle = next(member for member in frame.members.values() if isinstance(member, Frame))
    arrows = {(a.title, b.title) for a, b in frame.arrows}
    assert arrows == {
        ("a (InputLayer)", "x (InputLayer)"), ("b (InputLayer)", "x (InputLayer)"), ("g (GRU)", "e (Dense)")
    }  # fmt: skip
    assert {(a.title, b.title) for a, b in middle.arrows} == {
        ("x (InputLayer)", "l (LSTM)"), ("x (InputLayer)", "g (GRU)")
    }  # fmt: skip


def test_a_box_says_what_was_asked_for():
    shown = Shown(shapes=True, dtype=True, layer_names=True, activations=True, trainable=True)
    box = diagram(branches(), shown).members
    lines = {member.title: member.lines for member in box.values() if isinstance(member, Box)}
    assert lines["x (InputLayer)"] == ["Output shape: (None, 3, 1)", "Output dtype: float32"]
    assert lines["deep_0 (Dense)"] == [
        "Activation: linear", "Input shape: (None, 4)", "Output shape: (None, 4)", "Output dtype: float32",
        "Non-trainable",
    ]  # fmt: skip
    assert "Input shape: [(None, 3, 1), (None, 4), (None, 4)]" in lines["dec (LSTM)"]
    assert "Output shape: [(None, 4), (None, 4), (None, 4)]" in lines["enc (LSTM)"]
    assert {member.title for member in diagram(chain(), Shown()).members.values()} == {"LSTM", "Dense"}


@pytest.mark.parametrize("name", ["model.png", "model.svg", "model.pdf", "model"])
def test_it_writes_the_kind_of_file_that_the_name_says(tmp_path, name, monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)  # another test may have met it
    assert plot_model(nested(), tmp_path / name, expand_nested=True, dpi=50, **ALL) is None
    begins = {".svg": b"<?xml", ".pdf": b"%PDF"}.get((tmp_path / name).suffix, b"\x89PNG")
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize("rankdir", plot.DIRECTIONS)
def test_the_picture_is_light_and_as_large_as_its_content(tmp_path, rankdir):
    with matplotlib.rc_context({"figure.facecolor": "black", "text.usetex": False, "axes.grid": True}):
        plot_model(branches(), str(tmp_path / "a.png"), rankdir=rankdir, dpi=72, show_layer_names=True)
    pixels = matplotlib.image.imread(tmp_path / "a.png")[..., :3]
    assert pixels.mean() > 0.8 and (pixels[0] == 1.0).all() and (pixels[:, 0] == 1.0).all()
    drawn = np.argwhere((pixels < 0.9).any(axis=2))
    left_over = [*drawn.min(axis=0), *(np.array(pixels.shape[:2]) - drawn.max(axis=0))]
    assert max(left_over) < 30


def test_names_are_drawn_as_they_are(tmp_path):
    model = minirnn.Sequential([minirnn.Input((3,)), layers.Dense(1, name="$a_b^2$ <b> 층")])
    plot_model(model, tmp_path / "a.svg", show_layer_names=True)
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").count("<!-- $a_b^2$ &lt;b&gt; 층 (Dense) -->") == 1
    pytest.importorskip("pydot")
    assert "$a_b^2$ &lt;b&gt;" in model_to_dot(model).to_string()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((lambda: minirnn.Sequential([layers.LSTM(2)], name="s"), "a.png"), ValueError, "model s is not built"),
        ((lambda: layers.Dense(2), "a.png"), TypeError, "needs a model, got Dense"),
        ((chain, "a.docx"), ValueError, r"no picture of kind .docx, expected one of .* png"),
        ((chain, "nowhere/a.png"), FileNotFoundError, "nowhere"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(tmp_path, monkeypatch, arguments, error, words):
    monkeypatch.chdir(tmp_path)
    make, to_file = arguments
    with pytest.raises(error, match=words) as caught:
        plot_model(make(), to_file)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "words"), [({"rankdir": "UP"}, "must be 'TB', 'BT', 'LR' or 'RL'"), ({"dpi": 0}, "from 1 to 2400")]
)
def test_wrong_options_are_refused_in_one_line(tmp_path, option, words):
    with pytest.raises(ValueError, match=words):
        plot_model(chain(), tmp_path / "a.png", **option)
    with pytest.raises(TypeError, match="unknown argument 'layer_range'"):
        plot_model(chain(), tmp_path / "a.png", layer_range=["a", "b"])


@pytest.mark.parametrize(
    ("library", "call", "words"),
    [
        ("matplotlib", "plot_model(m)", "plot_model needs Matplotlib; install it with: pip install 'minirnn[plot]'"),
        ("pydot", "model_to_dot(m)", "model_to_dot needs pydot; install it with: pip install 'minirnn[plot]'"),
    ],
)
def test_a_missing_library_is_named_in_one_line(library, call, words):
    code = (
        f"import sys, minirnn; sys.modules[{library!r}] = None\n"
        "from minirnn.utils import model_to_dot, plot_model\n"
        "m = minirnn.Sequential([minirnn.Input((3,)), minirnn.layers.Dense(1)])\n"
        f"try: {call}\n"
        "except ImportError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert (run.stdout.strip(), run.stderr) == (words, "")


def test_a_notebook_shows_the_picture(tmp_path, monkeypatch):
    class Display:
        Image, SVG = staticmethod(lambda data: ("image", data[:4])), staticmethod(lambda data: ("svg", data[:5]))

    module = type(sys)("IPython")
    module.display = Display
    monkeypatch.setitem(sys.modules, "IPython", module)
    assert plot_model(chain(), tmp_path / "a.png", dpi=50) == ("image", b"\x89PNG")
    assert plot_model(chain(), tmp_path / "a.svg") == ("svg", b"<?xml")
    assert plot_model(chain(), tmp_path / "a.pdf") is None


def test_utils_offers_both_without_importing_what_draws_them():
    code = "from minirnn.utils import *; print(plot_model, model_to_dot, {'matplotlib', 'pydot'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", f"import sys; {code}"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("<function plot_model") and run.stdout.strip().endswith("set()")
    assert {"plot_model", "model_to_dot"} <= set(dir(minirnn.utils))
    with pytest.raises(AttributeError, match="module 'minirnn.utils' has no attribute 'plot_modle'"):
        _ = minirnn.utils.plot_modle


def test_dot_has_the_same_boxes_and_arrows():
    pytest.importorskip("pydot")
    graph = model_to_dot(nested(), expand_nested=True, rankdir="LR", show_shapes=True)
    text = graph.to_string()
    assert graph.get_rankdir() == "LR" and text.count("->") == 6 and text.count("subgraph") == 2
    assert text.count("shape=plain") == 7 and "Output shape: (None, 3, 1)" in text
    assert type(model_to_dot(chain(), subgraph=True)).__name__ == "Cluster"


@pytest.mark.parametrize(
    ("wishes", "gaps", "places"),
    [
        ([(0, 1), (10, 1)], [4], [0, 10]),
        ([(0, 1), (0, 1)], [4], [-2, 2]),
        ([(0, 3), (0, 1)], [4], [-1, 3]),
        ([(9, 1), (0, 1), (0, 1)], [2, 2], [1, 3, 5]),
    ],
)
def test_items_move_as_little_as_their_order_and_gaps_ask(wishes, gaps, places):
    np.testing.assert_allclose(apart(wishes, gaps), places, atol=1e-12)


def test_on_axes_it_is_drawn_and_no_file_is_written(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    monkeypatch.chdir(tmp_path)
    ax = Figure().subplots()
    assert plot_model(chain(), ax=ax, dpi=50) is ax
    (image,) = ax.images
    assert image.get_array().std() > 0.05 and not ax.axison
    assert list(tmp_path.iterdir()) == []
    plot_model(chain(), tmp_path / "same.png", dpi=50)
    np.testing.assert_array_equal(image.get_array(), matplotlib.image.imread(tmp_path / "same.png"))
