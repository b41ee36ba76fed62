"""What the picture cannot show is said."""

import numpy as np
import pytest

from minirnn.cli import chart
from minirnn.cli.series import Series

font_manager = pytest.importorskip("matplotlib.font_manager")


@pytest.mark.parametrize(
    ("name", "label", "fonts", "missing"),
    [
        ("승객", "1", ["DejaVu Sans"], True),
        ("v", "1월", ["DejaVu Sans"], True),
        ("승객", "1", ["DejaVu Sans", "NanumGothic"], False),
        ("passengers", "1949-01", ["DejaVu Sans"], False),
    ],
)
def test_hangul_without_a_font_for_it_is_noticed(monkeypatch, name, label, fonts, missing):
    monkeypatch.setattr(font_manager, "get_font_names", lambda: fonts)
    assert chart.without_font(Series(name, np.ones(1), [label])) is missing
