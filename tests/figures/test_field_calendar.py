"""The field calendar: a bar in each year that a crop stood in, a mark on each day, nothing from other years."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from agroflux.figures.field_calendar import Mark, Stand, field_calendar
from tests.figures.test_colours import contrast

_GROWN = ("corn", "soybean", "winter wheat", "alfalfa", "sorghum", "prairie", "oats")


def _in_a_row(crops: Sequence[str]) -> list[Stand]:
    return [Stand(crop, date(2005, month, 1), date(2005, month, 28)) for month, crop in enumerate(crops, 1)]


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


def _bars(*stands: Stand) -> dict[str, Any]:
    fig = field_calendar([2005], [], list(stands))
    return {trace.text[1]: trace for trace in fig.data if trace.mode == "lines+text"}


def test_a_crop_has_its_colour_whatever_the_order_of_the_rows() -> None:
    stands = [Stand(crop, date(2005, month, 1), date(2005, month, 28)) for month, crop in enumerate(_GROWN, 2)]
    one, other = _bars(*stands), _bars(*reversed([Stand(s.crop, date(2005, 1, 1), s.last) for s in stands]))
    assert {c: t.line.color for c, t in one.items()} == {c: t.line.color for c, t in other.items()}
    assert len({one[crop].line.color for crop in _GROWN[:4]}) == 4


def test_the_name_of_a_crop_reads_on_its_bar() -> None:
    assert all(contrast(t.textfont.color, t.line.color) >= 4.5 for t in _bars(*_in_a_row(_GROWN)).values())
    assert field_calendar([2005], [], _in_a_row(_GROWN)).layout.yaxis.showgrid is False


def test_names_of_two_crops_that_stand_at_once_lie_apart() -> None:
    corn, soy = (
        Stand("corn", date(2005, 4, 20), date(2005, 9, 20)),
        Stand("soybean", date(2005, 5, 28), date(2005, 10, 12)),
    )
    bars = _bars(soy, corn)
    assert list(bars) == ["corn", "soybean"] and bars["corn"].x[1] == "2001-05-09" and bars["soybean"].x[1] > "2001-07"
    assert bars["soybean"].line.width < bars["corn"].line.width, "it lies on the bar of the corn"


def test_years_of_which_nothing_is_known_have_no_axis() -> None:
    fig = field_calendar([2003, 2012], [Mark(date(2030, 5, 1), "planting", "planting")], [])
    assert not fig.data and fig.layout.xaxis.visible is False and fig.layout.yaxis.visible is False
    assert fig.layout.annotations[0].text == "nothing is known of these years"
