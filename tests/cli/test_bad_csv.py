"""Whatever is wrong: one line on stderr, exit code 2, nothing printed, nothing written."""

import os
from pathlib import Path

import pytest

GOOD = "month,v\n" + "".join(f"{n},{n % 12 + n}\n" for n in range(80))
FEW = "".join(GOOD.splitlines(keepends=True)[:21])

FILES = {
    "empty.csv": "",
    "blank.csv": "\n \n\n",
    "header.csv": "month,v\n",
    "few.csv": FEW,
    "nan.csv": GOOD.replace("\n7,14\n", "\n7,nan\n"),
    "inf.csv": GOOD.replace("\n7,14\n", "\n7,-inf\n"),
    "gap.csv": GOOD.replace("\n7,14\n", "\n7,\n"),
    "word.csv": GOOD.replace("\n7,14\n", "\n7,n/a\n"),
    "comma.csv": GOOD.replace("\n7,14\n", '\n7,"1,40"\n'),
    "huge.csv": GOOD.replace("\n7,14\n", "\n7,1e200\n"),
    "ragged.csv": GOOD.replace("\n7,14\n", "\n7\n"),
    "words.csv": "a,b\nx,y\nz,w\n",
    "semicolons.csv": "month;v\n1;2\n",
    "comma_decimals.csv": "month;v\n1;2,5\n",
    "thousands.csv": "n,v\n" + "".join(f'{n},"$1,{100 + n}"\n' for n in range(60)),
    "no_header.csv": GOOD.removeprefix("month,v\n"),
    "twice.csv": GOOD.replace("month,v", "v,v"),
    "open_quote.csv": GOOD.replace("\n7,14\n", '\n7,"14\n'),
    "latin.csv": "día,v\n1,2\n".encode("latin-1"),
    "binary.csv": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "zeros.csv": bytes(1000),
    "good.csv": GOOD,
}


@pytest.fixture
def refused(minirnn, tmp_path):
    """Run `minirnn forecast` on files in tmp_path and give its line, with all that must hold of any refusal checked."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "folder").mkdir()

    def refused(*arguments, **environment):
        before = sorted(tmp_path.rglob("*"))
        result = minirnn("forecast", *arguments, **environment)
        assert result.code == 2
        assert result.out == ""
        assert result.err.startswith("minirnn forecast: error: ")
        assert result.err.count("\n") == 1
        assert sorted(tmp_path.rglob("*")) == before
        return result.err

    return refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("missing.csv", "missing.csv: found no such file, expected a CSV file"),
        ("folder", "folder: Is a directory"),
        ("empty.csv", "empty.csv: empty, expected a header line and rows of numbers"),
        ("blank.csv", "blank.csv: empty"),
        ("header.csv", "header.csv: only a header line, expected rows of numbers below it"),
        ("few.csv", "too few rows: got 20, but window 12, horizon 12, season 12 and 24 rows held out need 49"),
        ("nan.csv", "nan.csv, line 9, column 'v': 'nan' is not a finite number"),
        ("inf.csv", "inf.csv, line 9, column 'v': '-inf' is not a finite number"),
        ("gap.csv", "gap.csv, line 9, column 'v': empty, expected a number"),
        ("word.csv", "word.csv, line 9, column 'v': 'n/a' is not a number"),
        ("comma.csv", "comma.csv, line 9, column 'v': '1,40' is not a number"),
        ("huge.csv", "finite numbers below 1e+100"),
        ("ragged.csv", "ragged.csv, line 9: 1 cell, but the header has 2 cells"),
        ("words.csv", "words.csv: no column of numbers; the header has a, b"),
        ("semicolons.csv", "no column of numbers; the header has month;v; cells must be separated by commas"),
        ("comma_decimals.csv", "2 cells, but the header has 1 cell; cells must be separated by commas"),
        ("thousands.csv", "no column of numbers but 'n', which only counts on; the first other cell is '$1,100'"),
        ("good.csv --units 10000000", "not enough memory: "),
        ("no_header.csv", "no_header.csv: no header, its first line holds numbers"),
        ("good.csv --column w", "good.csv: no column named 'w'; the header has month, v"),
        ("twice.csv --column v", "twice.csv: more than one column named 'v'; the header has v, v"),
        ("words.csv --column a", "words.csv, line 2, column 'a': 'x' is not a number"),
        ("open_quote.csv", "open_quote.csv: not a CSV file"),
        ("latin.csv", "latin.csv: not text in utf-8"),
        ("binary.csv", "binary.csv: not text in utf-8"),
        ("zeros.csv", "zeros.csv: a binary file"),
        ("good.csv --encoding utf-9", "'utf-9' is not an encoding"),
        ("good.csv --window 80", "too few rows: got 80"),
        ("good.csv --window 0", "window must be at least 1, got 0"),
        ("good.csv --horizon 2.5", "argument --horizon: invalid int value: '2.5'"),
        ("good.csv --held-out 5", "held_out must be at least the horizon of 12, got 5"),
        ("good.csv --units -1", "units must be at least 1, got -1"),
        ("good.csv --cell rnn", "argument --cell: invalid choice: 'rnn'"),
        ("good.csv --seed -1", "seed"),
    ],
)
def test_what_cannot_be_forecast_is_refused(refused, arguments, words):
    assert words in refused(*arguments.split(), "--plot", "out.png", "--csv-out", "out.csv")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--plot nowhere/out.png", "nowhere/out.png: there is no directory nowhere"),
        ("--csv-out nowhere/out.csv", "nowhere/out.csv: there is no directory nowhere"),
        ("--plot folder", "folder: a directory, expected the name of a file"),
        ("--plot out.xyz", "out.xyz: no picture of kind '.xyz', expected one of"),
        ("--plot out", "out: no picture of kind ''"),
        ("--plot out.png --csv-out out.png", "--plot and --csv-out both name out.png"),
    ],
)
def test_what_cannot_be_written_is_refused_before_training(refused, arguments, words):
    pytest.importorskip("matplotlib")
    assert words in refused("good.csv", *arguments.split(), "--epochs", "1000000000")


def test_the_series_itself_is_not_written_over(refused, tmp_path):
    words = "the series itself, which the result must not replace"
    assert words in refused("good.csv", "--csv-out", "good.csv")
    assert words in refused("good.csv", "--csv-out", "folder/../good.csv")
    assert (tmp_path / "good.csv").read_text() == GOOD


def test_a_plot_without_matplotlib_says_how_to_install_it(refused, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('no matplotlib')")
    path = f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"
    assert "pip install 'minirnn[plot]'" in refused("good.csv", "--plot", "out.png", PYTHONPATH=path)
