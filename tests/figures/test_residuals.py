"""Differences: a zero line, the reference named on the axis, boxes by month from given quantiles."""

import pandas as pd

from agroflux.figures import residuals

KINDS = {"Measured": "measured", "LSTM": "baseline"}


def test_axis_names_the_reference_and_zero_is_drawn() -> None:
    frame = pd.DataFrame({"LSTM": [1.0, -1.0]}, index=pd.date_range("2015-01-01", periods=2, name="time"))
    fig = residuals.residuals(frame, KINDS, reference="Measured", unit="g C m-2 d-1")
    assert [t.name for t in fig.data] == ["LSTM"] and list(fig.data[0].y) == [1.0, -1.0]
    assert fig.layout.yaxis.title.text == "Source minus Measured [g C m⁻² d⁻¹]"
    assert [(s.y0, s.y1) for s in fig.layout.shapes] == [(0, 0)]


def test_what_is_compared_can_be_named_on_the_axis() -> None:
    frame = pd.DataFrame({"LSTM": [1.0]}, index=pd.date_range("2015-01-01", periods=1, name="time"))
    row = pd.DataFrame(
        {"q10": [-2.0], "q25": [-1.0], "q50": [0.5], "q75": [1.0], "q90": [3.0]},
        index=pd.MultiIndex.from_tuples([("LSTM", 7)], names=["source", "month"]),
    )
    words = {"what": "Model", "reference": "measured", "unit": "degC"}
    for fig in (residuals.residuals(frame, KINDS, **words), residuals.residuals_by_month(row, KINDS, **words)):
        assert fig.layout.yaxis.title.text == "Model minus measured [°C]"


def test_the_boxes_of_two_models_differ_in_colour() -> None:
    row = {"q10": -2.0, "q25": -1.0, "q50": 0.5, "q75": 1.0, "q90": 3.0}
    index = pd.MultiIndex.from_tuples([("LSTM", 7), ("TCN", 7)], names=["source", "month"])
    kinds = KINDS | {"TCN": "baseline"}
    fig = residuals.residuals_by_month(pd.DataFrame([row, row], index=index), kinds, reference="Measured", unit="degC")
    assert fig.data[0].line.color != fig.data[1].line.color


def test_boxes_show_the_quantiles_they_are_given() -> None:
    quantiles = pd.DataFrame(
        {"q10": [-2.0], "q25": [-1.0], "q50": [0.5], "q75": [1.0], "q90": [3.0]},
        index=pd.MultiIndex.from_tuples([("LSTM", 7)], names=["source", "month"]),
    )
    box = residuals.residuals_by_month(quantiles, KINDS, reference="Measured", unit="degC").data[0]
    assert list(box.x) == ["Jul"]
    assert (box.lowerfence[0], box.q1[0], box.median[0], box.q3[0], box.upperfence[0]) == (-2, -1, 0.5, 1, 3)
