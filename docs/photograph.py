"""The picture of a page of study.explain: `python docs/photograph.py`, which writes docs/pictures/explain.png.

It needs Chromium (on Debian `apt-get install chromium`), and Pillow, which comes with Matplotlib. The page is that of
the forecasting LSTM in the last four years of the airline series.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MONTHS = 48
WIDTH, HEIGHT = 1280, 1300
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def page(path: Path) -> None:
    """Write the page."""
    import minirnn as keras
    from minirnn import forecasting, study
    from minirnn.cli import models
    from minirnn.datasets import load_air_passengers

    model, _, _ = models.trained_on_the_airline()
    months, values = load_air_passengers()
    x = forecasting.Scaling.fit(values[: -models.HELD_OUT]).to_steps(values)[None, -MONTHS:, None]
    # The same layers for sequences of any length, and under a name.
    airline = keras.Sequential([keras.Input((None, 1), name="passengers"), *model.layers], name="airline")
    study.explain(airline, x, path, labels=months[-MONTHS:], features=["step of log passengers"])


def photograph(page: Path, picture: Path, address: str = "") -> None:
    """Let Chromium draw the page at an address of it into a PNG file. RuntimeError without Chromium."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise RuntimeError(f"the picture needs one of {', '.join(BROWSERS)}; on Debian: apt-get install chromium")
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={picture}", page.as_uri() + address]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def main(arguments: list[str] | None = None) -> int:
    from PIL import Image

    parser = argparse.ArgumentParser(prog="python docs/photograph.py", description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "pictures" / "explain.png")
    picture = parser.parse_args(arguments).to.resolve()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "explain.html"
        page(path)
        photograph(path, picture, "#step=44")
    # Few colours make the file small; those that cover most keep the thin coloured letters.
    Image.open(picture).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(picture, optimize=True)
    print(f"Wrote {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
