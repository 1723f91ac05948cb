"""The Plotly county map: offline style, values in place, all counties in sight."""

import json
import math

import pandas as pd
import pytest

from agroflux import geo
from agroflux.figures import choropleth

SCALE = 60  # px below a map


def _figure(variable: str = "GPP") -> choropleth.go.Figure:
    return choropleth.county_figure(
        pd.Series({"19001": 1.0, "19003": float("nan"), "19005": 3.0}),
        {"19001": "Adair, IA"},
        variable=variable,
        label="GPP",
        unit="g C m-2 yr-1",
        counties="/app/static/geo/counties.geojson",
        states="/app/static/geo/states.geojson",
    )


def test_nothing_but_the_given_addresses_is_asked_for() -> None:
    spec = json.dumps(_figure().to_dict()["layout"]["map"], default=str) + str(_figure().data[0].geojson)
    assert "http" not in spec
    assert spec.count("/app/static/geo/") == 2


def test_values_names_and_unit_are_there() -> None:
    layer = _figure().data[0]
    assert list(layer.locations) == ["19001", "19003", "19005"]
    assert layer.customdata[0] == "Adair, IA" and layer.customdata[2] == "19005"
    assert (layer.zmin, layer.zmax) == (1.0, 3.0)
    assert "g C m⁻² yr⁻¹" in layer.colorbar.title.text
    assert "%{z:,.4~r}" in layer.hovertemplate, "1,196 and not 1.20e+3"


def test_a_variable_of_one_sign_uses_its_half_of_the_diverging_scale() -> None:
    layer = _figure("NEE").data[0]
    assert (layer.zmin, layer.zmax) == (1.0, 3.0)
    assert layer.colorscale[0][1] == choropleth.colours.VIK[5]


def test_maps_side_by_side_share_given_limits_and_need_no_bar() -> None:
    values = pd.Series({"19001": 1.0, "19003": 2.0})
    fig = choropleth.county_figure(
        values, {}, variable="GPP", label="GPP", unit="1", counties="c", states="s", limits=(0.0, 9.0), bar=False
    )
    assert (fig.data[0].zmin, fig.data[0].zmax) == (0.0, 9.0) and fig.data[0].showscale is False


@pytest.mark.parametrize(("height", "bar"), [(240, False), (300, True), (380, True), (400, True), (460, True)])
def test_all_counties_of_the_benchmark_are_in_sight_on_a_telephone_and_at_every_height(height: int, bar: bool) -> None:
    fig = choropleth.county_figure(
        pd.Series({"19001": 1.0}), {}, variable="GPP", label="GPP", unit="1", counties="c", states="s", bar=bar,
        height=height,
    )  # fmt: skip
    counties = geo.counties()
    west, south, east, north = counties[counties["benchmark"]].total_bounds
    opened = fig.layout.map
    world = 512 * 2**opened.zoom  # px; MapLibre's tiles are 512 px wide
    middle = math.asinh(math.tan(math.radians(opened.center.lat)))
    reach = math.pi * (height - (SCALE if bar else 0)) / world
    low, high = (math.degrees(math.atan(math.sinh(middle + sign * reach))) for sign in (-1, 1))
    assert low < south and north < high, f"{low:.3f} to {high:.3f} is seen of {south:.3f} to {north:.3f}"
    assert north - south > (high - low) / 2, "and they fill the map"
    half = 180 * 330 / world  # degrees of longitude to each side of the centre, on a telephone of 360 px
    assert opened.center.lon - half <= west and east <= opened.center.lon + half


def test_a_map_for_a_file_has_its_scale_and_a_title_and_the_pages_own_stays_as_it_is() -> None:
    values = pd.Series({"19001": 1.0})
    fig = choropleth.county_figure(
        values, {}, variable="GPP", label="GPP", unit="1", counties="c", states="s", limits=(0.0, 9.0), bar=False
    )
    made = choropleth.titled(fig, ["GPP, 2016", "a <model>"])
    assert made.data[0].showscale and (made.data[0].zmin, made.data[0].zmax) == (0.0, 9.0)
    assert made.layout.title.text == "GPP, 2016<br>a &lt;model&gt;"
    assert fig.data[0].showscale is False and fig.layout.title.text is None
