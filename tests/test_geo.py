"""Outlines, county facts and towers as they ship."""

import json
import math

import pandas as pd
import pytest
import shapely

from agroflux import geo, paths
from agroflux.errors import DataError


def test_counties_cover_the_midwest_without_holes() -> None:
    counties, states = geo.counties(), geo.states()
    assert set(counties["state"]) == set(states["state"]) == set(geo.MIDWEST.values())
    assert counties["fips"].is_unique and counties["fips"].str.fullmatch(r"\d{5}").all()
    assert counties["fips"].str[:2].map(geo.MIDWEST).eq(counties["state"]).all()
    assert counties.geometry.is_valid.all() and set(counties.geometry.geom_type) <= {"Polygon", "MultiPolygon"}
    assert counties.crs is not None and counties.crs.to_epsg() == 4326
    # What counties and states do not share would be a gap or an overlap [degrees squared].
    assert counties.union_all().symmetric_difference(states.union_all()).area < 1e-6


def test_the_nation_is_all_states_coarse_and_without_gaps() -> None:
    nation = geo.nation()
    assert len(nation) == 56 and nation["fips"].is_unique and nation.geometry.is_valid.all()
    at = {"CA": (-121.6467, 38.1159), "OK": (-99.42, 36.4267), "AK": (-149.9, 64.9), "HI": (-155.5, 19.6)}
    found = {code: nation.loc[nation.contains(shapely.Point(place)), "name"].tolist() for code, place in at.items()}
    assert found == {"CA": ["California"], "OK": ["Oklahoma"], "AK": ["Alaska"], "HI": ["Hawaii"]}
    # The Midwest is the same in both [degrees squared], and no two states overlap.
    fine, coarse = geo.states().set_index("fips").geometry, nation.set_index("fips").geometry
    assert all(fine[code].symmetric_difference(coarse[code]).area < 0.02 * fine[code].area for code in fine.index)
    assert shapely.area(coarse).sum() == pytest.approx(coarse.union_all().area, abs=1e-6)


def test_the_world_has_coasts_and_borders_of_other_countries_alone() -> None:
    about_basel = geo.world(((47.0, 7.0), (48.0, 8.5)))
    apart = shapely.distance(about_basel.geometry.to_numpy(), shapely.Point(7.59, 47.56))  # degrees
    assert apart.min() < 0.1, "three countries meet there"
    west, south, east, north = about_basel.total_bounds
    assert 7.0 <= west < east <= 8.5 and 47.0 <= south < north <= 48.0
    assert geo.world(((36.0, -112.0), (44.0, -90.0))).empty, "within the nation its states have their own lines"
    everywhere = geo.world(((-90.0, -180.0), (90.0, 180.0))).bounds
    assert (everywhere["maxx"] - everywhere["minx"]).max() < 180, "no line crosses the map from one end to the other"
    assert not geo.world(((20.0, -100.0), (25.0, -90.0))).empty, "the coast of Mexico"


def test_benchmark_counties_are_marked_and_lie_where_the_facts_say() -> None:
    counties, facts = geo.counties().set_index("fips"), geo.county_facts()
    assert len(facts) == 293 and facts["benchmark"].dtype == bool and facts["benchmark"].sum() == 99
    assert set(counties.index[counties["benchmark"]]) == set(facts.index[facts["benchmark"]])
    points = shapely.points(facts["lon_deg"], facts["lat_deg"])
    outside = facts.index[~shapely.contains(counties.geometry.loc[facts.index].to_numpy(), points)]
    assert outside.tolist() == ["17097"], "only Lake County's census point lies off its land, in Lake Michigan"


def test_county_areas_match_the_census() -> None:
    story = geo.counties().set_index("fips").to_crs(5070).loc["19169"]
    assert story["county"] == "Story"
    assert story.geometry.area / 1e6 == pytest.approx(geo.county_facts().at["19169", "land_area_km2"], rel=0.03)


@pytest.mark.parametrize("which", ["counties", "states"])
def test_browser_geojson_has_the_same_features(which: str) -> None:
    frame = geo.counties() if which == "counties" else geo.states()
    features = json.loads(geo.geojson_path(which).read_text())["features"]  # type: ignore[arg-type]
    assert [f["properties"]["fips"] for f in features] == frame["fips"].tolist()
    assert set(features[0]["properties"]) == set(frame.columns) - {"geometry"}

    def numbers(part: object) -> list[float]:
        return [n for p in part for n in numbers(p)] if isinstance(part, list) else [float(part)]  # type: ignore[arg-type]

    assert all(n == round(n, 4) for n in numbers(features[0]["geometry"]["coordinates"]))


def test_towers_have_positions_and_no_invented_doi() -> None:
    towers = geo.benchmark_towers()
    assert len(towers) == 11 and list(towers.index) == list(towers["site_id"])
    assert towers["lat"].between(40, 45).all() and towers["lon"].between(-97, -85).all()
    assert towers["doi"].str.fullmatch(r"(10\.17190/AMF/\d{7})?").all()
    near = geo.states().set_index("state").geometry
    for site, row in towers.iterrows():
        point = shapely.Point(row["lon"], row["lat"])
        assert near[row["state"]].contains(point), f"{site} does not lie in {row['state']}"


def test_callers_cannot_change_the_shared_tables() -> None:
    mine = geo.county_facts()
    mine.loc["19169", "corn_area_ha"] = math.nan
    assert pd.notna(geo.county_facts().at["19169", "corn_area_ha"])


def test_missing_outlines_name_the_file_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    geo._outlines.cache_clear()
    with pytest.raises(DataError, match=r"counties\.parquet.*make assets"):
        geo.counties()
    geo._outlines.cache_clear()
