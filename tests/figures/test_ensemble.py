"""The ensemble over time: mean and spread of the columns, gaps kept, bands that hold what they say."""

import math

import pandas as pd
import pytest

from agroflux.figures import ensemble

DAYS = pd.date_range("2016-01-01", periods=3, name="time")
MODELS = pd.DataFrame({"a": [1.0, 2.0, math.nan], "b": [3.0, 2.0, 5.0], "c": [5.0, 5.0, 5.0]}, DAYS)


def test_the_summary_is_over_models_and_a_gap_of_one_is_a_gap() -> None:
    made = ensemble.summary(MODELS)
    assert made["mean"].tolist()[:2] == [3.0, 3.0] and math.isnan(made["mean"].iloc[2])
    assert made["sd"].iloc[0] == pytest.approx(2.0)
    assert (made["low"].iloc[0], made["high"].iloc[0]) == (1.0, 5.0)


def test_the_bands_are_range_and_deviation_and_the_axis_has_the_unit() -> None:
    fig = ensemble.band(ensemble.summary(MODELS), label="GPP", unit="g C m-2 d-1")
    by_name = {trace.name: trace for trace in fig.data if trace.showlegend is not False}
    assert by_name["Lowest to highest model"].y[0] == 5.0 and by_name["Lowest to highest model"].customdata[0] == 1.0
    assert by_name["Mean ± standard deviation"].y[0] == pytest.approx(5.0)
    assert by_name["Mean of the models"].y[0] == 3.0
    assert fig.layout.yaxis.title.text == "GPP [g C m⁻² d⁻¹]"
