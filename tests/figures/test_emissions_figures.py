"""Figures of the emissions page and report: what is drawn is what was given."""

import pandas as pd
import pytest

from agroflux.figures import intervals, outline_map, trend

PLACES = pd.DataFrame(
    {
        "label": ["A, IA", "B, IL", "C, IN"],
        "value": [5.0, 9.0, 1.0],
        "low80": [4.0, 3.0, 0.5],
        "high80": [6.0, 10.0, 2.0],
        "low95": [3.0, 2.0, 0.1],
        "high95": [7.0, 12.0, 3.0],
    }
)


def test_places_are_ranked_with_both_intervals() -> None:
    fig = intervals.places(PLACES, label="N2O", unit="t N2O yr-1", top=2)
    assert list(fig.layout.yaxis.categoryarray) == ["A, IA", "B, IL"]  # from below
    wide, eighty, value = fig.data
    assert list(wide.x) == [2.0, 12.0, None, 3.0, 7.0, None]
    assert list(eighty.x) == [3.0, 10.0, None, 4.0, 6.0, None]
    assert list(value.x) == [9.0, 5.0]
    assert fig.layout.xaxis.title.text == "N2O [t N₂O yr⁻¹]"
    assert fig.layout.xaxis.range[0] < 2.0 and fig.layout.xaxis.range[1] > 12.0, "no end lies on the frame"


def test_contributions_span_their_intervals() -> None:
    parts = pd.DataFrame({"label": ["Between simulators", "Harvested area"], "low80": [1.0, 4.0],
                          "high80": [9.0, 6.0], "share": [0.94, 0.06]})  # fmt: skip
    (bar,) = intervals.contributions(parts, 5.0, label="N2O", unit="t").data
    assert list(bar.base) == [1.0, 4.0] and list(bar.x) == [8.0, 2.0]
    assert list(bar.y) == ["Between simulators (94 %)", "Harvested area (6 %)"]


def test_reliability_stands_against_the_diagonal() -> None:
    diagonal, measured = intervals.reliability(pd.DataFrame({"nominal": [0.5, 0.8], "measured": [0.52, 0.79]})).data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert list(measured.y) == [0.52, 0.79]


def test_years_outside_the_period_are_pale() -> None:
    table = pd.DataFrame({"year": [2013, 2014, 2015], "in_period": [True, True, False], "n2o_t": [1.0, 3.0, 9.0]})
    fig = trend.years(table, "n2o_t", label="N2O", unit="t N2O yr-1")
    colours = fig.data[0].marker.color
    assert colours[0] == colours[1] != colours[2]
    line, band = fig.layout.shapes
    assert line.y0 == 2.0 and (band.y0, band.y1) == (1.0, 3.0)


def test_months_are_stacked_by_crop() -> None:
    table = pd.DataFrame({"month": [1, 2, 1, 2], "crop": ["corn", "corn", "soybean", "soybean"], "n2o_t": [1, 2, 3, 4]})
    corn, soybean = trend.months(table, "n2o_t", label="N2O", unit="t").data
    assert list(corn.x) == ["Jan", "Feb"] and list(soybean.y) == [3, 4]
    fig = trend.months(table, "n2o_t", label="N₂O", unit="t N2O yr-1")
    assert "[t N₂O month⁻¹]" in fig.layout.yaxis.title.text, "bars are what falls in a month"


@pytest.mark.parametrize("columns", [["n2o_t_co2e", "grain_t"], ["n2o_t_co2e"]])
def test_the_lever_has_grain_on_an_axis_of_its_own(columns: list[str]) -> None:
    table = pd.DataFrame({"n_rate": [0.0, 168.0], "n2o_t_co2e": [1.0, 9.0], "grain_t": [5.0, 8.0]})
    fig = trend.lever(table[["n_rate", *columns]], 168.0, "n2o_t_co2e", label="N₂O as CO₂e", unit="t CO2e yr-1")
    assert [t.yaxis for t in fig.data] == ["y", "y2"][: len(columns)]
    assert fig.layout.shapes[0].x0 == 168.0


def test_the_lever_draws_the_quantity_that_its_label_names() -> None:
    table = pd.DataFrame({"n_rate": [0.0, 168.0], "n2o_t_co2e": [1.0, 9.0], "n2o_all_t_co2e": [1.0, 11.0]})
    (line,) = trend.lever(table, 168.0, "n2o_all_t_co2e", label="All N₂O", unit="t CO2e yr-1").data
    assert (line.name, list(line.y)) == ("All N₂O", [1.0, 11.0])


def test_the_outline_map_fills_each_county_by_its_value() -> None:
    ring = [[-93, 42], [-92, 42], [-92, 43], [-93, 42]]
    shapes = {
        "19001": {"geometry": {"type": "Polygon", "coordinates": [ring]}},
        "19003": {"geometry": {"type": "MultiPolygon", "coordinates": [[ring], [ring]]}},
    }
    values = pd.Series([1.0, 3.0, float("nan")], index=["19001", "19003", "19005"])
    fig = outline_map.county_map(values, shapes, variable="N2O_FLUX", label="N2O", unit="kg")
    one, two, bar = fig.data
    assert one.fillcolor != two.fillcolor
    assert list(two.x).count(None) == 2
    assert (bar.marker.cmin, bar.marker.cmax) == (1.0, 3.0)
    assert 1.2 < fig.layout.yaxis.scaleratio < 1.5  # a degree of longitude is shorter
