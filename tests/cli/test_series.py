"""What the CSV reader makes of good files; the bad ones are in test_bad_csv.py."""

import pytest

from minirnn.cli.series import read_series


@pytest.fixture
def read(tmp_path):
    def read(text, column=None, encoding="utf-8"):
        path = tmp_path / "data.csv"
        path.write_bytes(text.encode(encoding))
        series = read_series(path, column, encoding)
        return series.name, series.values.tolist(), series.labels

    return read


def test_the_last_column_of_numbers_is_read_and_the_first_one_labels_it(read):
    text = "day,a,b,note\nMon,1,2,x\nTue,3,-4.5e1,y\n"
    assert read(text) == ("b", [2, -45], ["Mon", "Tue"])
    assert read(text, "a") == ("a", [1, 3], ["Mon", "Tue"])


def test_a_lone_column_is_labelled_by_row_numbers(read):
    assert read("v\n5\n6\n7\n") == ("v", [5, 6, 7], ["1", "2", "3"])


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("shop,v\n7,5\n7,6\n7,8\n", ["1", "2", "3"]),
        ("shop,month,v\n7,2024-01,5\n7,2024-02,6\n7,2024-03,8\n", ["2024-01", "2024-02", "2024-03"]),
        ("shop,day,price,v\nA,Mon,10.5,5\nA,Tue,10.2,6\nA,Wed,10.9,8\n", ["1", "2", "3"]),
        ("v,month\n5,2024-01\n6,2024-02\n8,2024-03\n", ["2024-01", "2024-02", "2024-03"]),
        ("v,note\n5,x\n6,y\n8,z\n", ["1", "2", "3"]),
        ("day,month,v\nMon,2024-01,5\nTue,2024-02,6\nTue,2024-03,8\n", ["Mon", "Tue", "Tue"]),
    ],
)
def test_a_first_column_that_tells_no_rows_apart_gives_no_labels(read, text, labels):
    assert read(text, "v")[2] == labels


def test_blank_lines_spaces_quotes_and_windows_line_ends_do_no_harm(read):
    assert read('day, v \r\n\r\n"a, b", 1\r\nc,"2"\r\n\r\n') == ("v", [1, 2], ["a, b", "c"])


def test_a_byte_order_mark_and_other_encodings_are_read(read):
    for encoding in ("utf-8-sig", "cp949", "utf-16"):
        assert read("달,승객\n1월,112\n", encoding=encoding) == ("승객", [112], ["1월"])


def test_commas_between_thousands_are_read(read):
    assert read('day,v\na,"69,957"\nb,"-1,234,567.5"\nc,12\n') == ("v", [69957, -1234567.5, 12], ["a", "b", "c"])


@pytest.mark.parametrize(
    "dates",
    [
        ("2024-01-01", "2024-01-02", "2024-01-05"), ("2024-01", "2024-02"), ("1", "2"), ("2024/01/31", "2024/02/01"),
        ("01/31/2024", "02/01/2024"), ("31.01.2024", "01.02.2024"), ("Jan 31, 2024", "Feb 01, 2024"),
        ("2024년 01월 31일", "2024년 02월 01일"), ("2024-01-31 09:00", "2024-01-31 09:10"),
        ("2024- 01- 31", "2024- 02- 01"),
    ],
)  # fmt: skip
def test_falling_dates_turn_the_rows_round(tmp_path, dates):
    path = tmp_path / "data.csv"
    for order, turned in ((dates, False), (dates[::-1], True)):
        path.write_text("day,v\n" + "".join(f'"{day}",{dates.index(day)}\n' for day in order), encoding="utf-8")
        series = read_series(path)
        assert (series.values.tolist(), series.labels) == (list(range(len(dates))), list(dates))
        assert series.turned is turned


def test_labels_that_are_no_dates_or_do_not_only_fall_turn_nothing(read):
    assert read("day,v\nWed,1\nTue,2\n")[1] == [1, 2]
    assert read("day,v\n2024-01-03,1\n2024-01-01,2\n2024-01-02,3\n")[1] == [1, 2, 3]
