"""Rows of a table in regular steps: what lies between two steps, or differs at one time, is named and not lost."""

import pandas as pd
import pytest

from agroflux.data.calendar_days import regular, stamps, years_text
from agroflux.data.report import Report


def _regular(times: list[str], values: list[float], step: str = "30min") -> tuple[pd.DataFrame, Report]:
    report = Report()
    table = pd.DataFrame({"x": values}, index=range(2, 2 + len(values)))
    stamps = pd.Series(pd.to_datetime(times), index=table.index)
    return regular(table, stamps, report, "t.csv", step=step, name="time"), report


def test_steps_are_filled_and_counted() -> None:
    table, report = _regular(["2020-01-01 00:00", "2020-01-01 01:00"], [1.0, 2.0])
    assert table["x"].isna().tolist() == [False, True, False] and [f.level for f in report.findings] == ["warning"]


def test_a_time_between_two_steps_is_named() -> None:
    _, report = _regular(["2020-01-01 01:00", "2020-01-01 00:00", "2020-01-01 00:35"], [1.0, 2.0, 3.0])
    (error,) = report.errors
    assert error.row == 4 and "2020-01-01 00:35 is not a whole number of steps" in error.what
    _, report = _regular(["2020-01-01 00:00", "2020-01-02 12:00", "2020-01-03 00:00"], [1.0, 2.0, 3.0], "D")
    assert [f.row for f in report.errors] == [3]


def test_of_three_rows_of_one_time_the_different_one_is_named() -> None:
    _, report = _regular(["2020-01-01 00:00"] * 3 + ["2020-01-01 00:30"], [1.0, 1.0, 2.0, 1.0])
    (error,) = report.errors
    assert error.row == 2 and "(again in row 4) with different values" in error.what
    table, report = _regular(["2020-01-01 00:00"] * 3, [1.0, 1.0, 1.0])
    assert len(table) == 1 and not report.errors and "2 rows come twice" in report.findings[0].what


def _stamped(cells: list[str], **how: bool) -> Report:
    report = Report()
    stamps(pd.Series(cells, index=range(2, 2 + len(cells)), name="date"), report, "t.csv", **how)
    return report


@pytest.mark.parametrize("day_first", [False, True])
@pytest.mark.parametrize("left", ["13/05/2010", "13/5/10", "13/05/2010 10:30", "05/13/2010"])
def test_dates_that_a_spreadsheet_made_beside_those_that_it_left_are_an_error(left: str, day_first: bool) -> None:
    (error,) = _stamped(["", "2010-01-05", "2010-02-05 00:00:00", left, left], day_first=day_first).errors
    assert (error.row, error.column, error.remedy) == (5, "date", "write all as 2010-02-01")
    assert f"'{left}' stands beside '2010-01-05' (row 3): a spreadsheet may have swapped day and month" in error.what


def test_a_day_to_come_was_not_measured() -> None:
    now = pd.Timestamp.now()
    far = f"{now + pd.Timedelta(days=40):%Y-%m-%d}"
    report = _stamped(["2101-05-20", f"{now:%Y-%m-%d}", far])
    assert [(f.row, f.what) for f in report.errors] == [
        (2, "'2101-05-20' lies in the future"),
        (4, f"'{far}' lies in the future"),
    ]
    assert f"{now:%Y-%m-%d}" in report.errors[0].remedy


@pytest.mark.parametrize(
    ("held", "words"),
    [([2013], "2013"), (range(2013, 2019), "2013-2018"), ([2010, 2001, 2003, 2002], "2001-2003, 2010"), ([], "")],
)
def test_years_in_words_tell_the_gaps(held: list[int], words: str) -> None:
    assert years_text(held) == words
