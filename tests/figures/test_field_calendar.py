"""The field calendar: a bar in each year that a crop stood in, a mark on each day, nothing from other years."""

from datetime import date

from agroflux.figures.field_calendar import Mark, Stand, field_calendar


def test_a_winter_crop_stands_in_two_rows() -> None:
    stand = Stand("winter wheat", date(2005, 10, 5), date(2006, 6, 20))
    fig = field_calendar([2004, 2005, 2006], [Mark(date(2005, 10, 5), "planting", "planting of winter wheat")], [stand])
    bars = [t for t in fig.data if t.mode == "lines+text"]
    assert [(t.y[0], t.x[0], t.x[-1]) for t in bars] == [
        ("2005", "2001-10-05", "2001-12-31"),
        ("2006", "2001-01-01", "2001-06-20"),
    ]
    assert list(fig.layout.yaxis.categoryarray) == ["2006", "2005"], "2004 knows nothing"


def test_marks_are_told_by_kind_and_other_years_left_out() -> None:
    marks = [Mark(date(2005, 5, 1), "nitrogen", "<b>150</b>"), Mark(date(1999, 5, 1), "harvest", "old")]
    fig = field_calendar([2005], marks, [])
    (trace,) = fig.data
    assert trace.name == "nitrogen" and trace.customdata[0][1] == "01 May 2005"


def test_leap_days_have_a_place() -> None:
    fig = field_calendar([2004], [Mark(date(2004, 2, 29), "tillage", "tillage")], [])
    assert fig.data[0].x[0] == "2001-02-28"
