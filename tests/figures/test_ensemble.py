"""The ensemble over time: mean and spread of the columns, gaps kept, bands that hold what they say."""

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.figures import ensemble

DAYS = pd.date_range("2016-01-01", periods=3, name="time")
MODELS = pd.DataFrame({"a": [1.0, 2.0, math.nan], "b": [3.0, 2.0, 5.0], "c": [5.0, 5.0, 5.0]}, DAYS)


def test_the_summary_is_over_models_and_a_gap_of_one_is_a_gap() -> None:
    made = ensemble.summary(MODELS)
    assert made["mean"].tolist()[:2] == [3.0, 3.0] and math.isnan(made["mean"].iloc[2])
    assert made["sd"].iloc[0] == pytest.approx(2.0)
    assert (made["low"].iloc[0], made["high"].iloc[0]) == (1.0, 5.0)


def _band(models: pd.DataFrame) -> dict[str, Any]:
    """What the legend of the figure names, by name."""
    fig = ensemble.band(ensemble.summary(models), models.shape[1], label="GPP", unit="g C m-2 d-1")
    assert fig.layout.yaxis.title.text == "GPP [g C m⁻² d⁻¹]"
    return {trace.name: trace for trace in fig.data if trace.showlegend is not False}


def test_of_few_models_the_band_is_their_range_alone_and_the_axis_has_the_unit() -> None:
    by_name = _band(MODELS)
    assert set(by_name) == {"Lowest to highest model", "Mean of the models"}
    assert by_name["Lowest to highest model"].y[0] == 5.0 and by_name["Lowest to highest model"].customdata[0] == 1.0
    assert by_name["Mean of the models"].y[0] == 3.0
    assert "lowest to the highest of the 3 models; a standard deviation is drawn of 4" in ensemble.drawn(3)


def test_of_more_the_standard_deviation_lies_within_the_range_as_its_name_says() -> None:
    # The first day is even; the second has one model apart, and the mean less the deviation is below all of them.
    four = pd.DataFrame({"a": [1.0, 0.0], "b": [2.0, 0.0], "c": [3.0, 0.0], "d": [4.0, 1.0]}, DAYS[:2])
    by_name = _band(four)
    inner, outer = by_name["Mean ± standard deviation, within that range"], by_name["Lowest to highest model"]
    deviation = math.sqrt(5 / 3)
    assert inner.customdata[0] == pytest.approx(2.5 - deviation) and inner.y[0] == pytest.approx(2.5 + deviation)
    assert list(outer.customdata) == [1.0, 0.0] and list(outer.y) == [4.0, 1.0]
    assert inner.customdata[1] == 0.0 and inner.y[1] == pytest.approx(0.75)
    assert "cut off where that leaves the range" in ensemble.drawn(4)


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=7), min_size=1, max_size=1))
def test_no_band_reaches_beyond_the_models(values: list[list[float]]) -> None:
    models = pd.DataFrame(values, DAYS[:1]).add_prefix("m")
    for trace in _band(models).values():
        assert min(values[0]) - 1e-9 <= trace.y[0] <= max(values[0]) + 1e-9
        assert trace.customdata is None or min(values[0]) - 1e-9 <= trace.customdata[0]


def test_the_numbers_of_two_models_keep_the_deviation_of_a_sample() -> None:
    made = ensemble.summary(pd.DataFrame({"a": [1.0], "b": [3.0]}, DAYS[:1]))
    assert made["sd"].iloc[0] == pytest.approx(math.sqrt(2))
