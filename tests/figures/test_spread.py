"""Mean line, band only where there is more than one county."""

import pandas as pd

from agroflux.figures import spread


def _frame(n: int) -> pd.DataFrame:
    index = pd.date_range("2015-01-01", periods=3, name="time")
    return pd.DataFrame({"mean": [1.0, 2, 3], "low": [0.0, 1, 2], "high": [2.0, 3, 4], "n": n}, index=index)


def test_band_and_mean_with_units() -> None:
    fig = spread.spread(_frame(5), name="Mean", label="GPP", unit="g C m-2 d-1", colour="#CC79A7")
    low, high, mean = fig.data
    assert list(low.y) == [0, 1, 2] and list(high.y) == [2, 3, 4] and high.fill == "tonexty"
    assert list(mean.y) == [1, 2, 3] and fig.layout.yaxis.title.text == "GPP [g C m⁻² d⁻¹]"


def test_one_county_has_no_band() -> None:
    fig = spread.spread(_frame(1), name="Story", label="GPP", unit="g C m-2 d-1", colour="#CC79A7")
    assert [t.name for t in fig.data] == ["Story"]
