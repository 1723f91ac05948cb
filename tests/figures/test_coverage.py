"""The heat map of coverage: a row a variable in the order given, shares as they are."""

import pandas as pd

from agroflux.figures.coverage import coverage


def test_shares_and_labels() -> None:
    months = pd.date_range("2005-01-01", periods=3, freq="MS", name="month")
    fig = coverage(pd.DataFrame({"NEE": [1.0, 0.5, 0.0], "GPP": [0.0, 0.0, 1.0]}, index=months))
    (trace,) = fig.data
    assert list(trace.y) == ["Gross primary production", "Net ecosystem exchange"], "the first variable is on top"
    assert [list(row) for row in trace.z] == [[0.0, 0.0, 1.0], [1.0, 0.5, 0.0]] and (trace.zmin, trace.zmax) == (0, 1)


def test_a_month_is_drawn_where_it_lies() -> None:
    """A cell reaches half way to its neighbours."""
    months = pd.date_range("2004-12-01", periods=4, freq="MS", name="month")
    middles = pd.DatetimeIndex(coverage(pd.DataFrame({"NEE": [1.0] * 4}, index=months)).data[0].x)
    assert list(middles.to_period("M")) == list(months.to_period("M")), "the month that is pointed at"
    edges = middles[:-1] + (middles[1:] - middles[:-1]) / 2
    assert (abs(edges - months[1:]) <= pd.Timedelta("1D")).all()
