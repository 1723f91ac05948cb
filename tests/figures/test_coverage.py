"""The heat map of coverage: a row a variable in the order given, shares as they are."""

import pandas as pd

from agroflux.figures.coverage import coverage


def test_shares_and_labels() -> None:
    months = pd.date_range("2005-01-01", periods=3, freq="MS", name="month")
    fig = coverage(pd.DataFrame({"NEE": [1.0, 0.5, 0.0], "GPP": [0.0, 0.0, 1.0]}, index=months))
    (trace,) = fig.data
    assert list(trace.y) == ["Gross primary production", "Net ecosystem exchange"], "the first variable is on top"
    assert [list(row) for row in trace.z] == [[0.0, 0.0, 1.0], [1.0, 0.5, 0.0]] and (trace.zmin, trace.zmax) == (0, 1)
