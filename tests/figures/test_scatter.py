"""Equal axes, a 1:1 line, hover with place and day."""

import numpy as np
import pandas as pd

from agroflux.figures import scatter

KINDS = {"Measured": "measured", "CENTURY": "cornbelt-century", "LSTM": "baseline"}


def _frame() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["17019"], pd.date_range("2015-01-01", periods=20)], names=["site", "time"])
    values = np.linspace(-3, 8, 20)
    return pd.DataFrame({"Measured": values, "CENTURY": values * 2, "LSTM": values + 1}, index=index)


def test_axes_have_one_range_and_the_line_is_the_diagonal() -> None:
    fig = scatter.scatter(_frame(), "Measured", KINDS, unit="g C m-2 d-1")
    assert [t.name for t in fig.data] == ["CENTURY", "LSTM", "1:1"]
    assert fig.layout.xaxis.range == fig.layout.yaxis.range
    low, high = fig.layout.xaxis.range
    assert low < -6 and high >= 16
    assert list(fig.data[2].x) == list(fig.data[2].y) == [low, high]
    assert fig.layout.xaxis.title.text == "Measured [g C m⁻² d⁻¹]"
    assert fig.data[0].customdata[0].tolist() == ["17019", "01 Jan 2015"]
    assert fig.data[0].marker.symbol != fig.data[1].marker.symbol


def test_one_source_names_the_axis() -> None:
    fig = scatter.scatter(_frame()[["Measured", "LSTM"]], "Measured", KINDS, unit="degC")
    assert fig.layout.yaxis.title.text == "LSTM [°C]"
