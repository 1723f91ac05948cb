"""Rows of a table in regular steps: what lies between two steps, or differs at one time, is named and not lost."""

import pandas as pd

from agroflux.data.calendar_days import regular
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
