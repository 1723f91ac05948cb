"""A user's polygon: shares worked by hand, and a clear word for each file that cannot be used."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from agroflux import geo
from agroflux.emissions import polygon
from agroflux.emissions.areas import survey_areas
from agroflux.emissions.polygon import PolygonError, areas_inside, read_polygon, shares

STORY = "19169"


def _raw(found: object) -> bytes:
    return json.dumps(found).encode()


def _ring(*corners: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[list(c) for c in corners]]}


@pytest.fixture(scope="module")
def counties() -> gpd.GeoDataFrame:
    frame = geo.counties()
    return frame[frame["state"].isin(["IA", "IL", "IN"])]


def test_two_equal_squares_are_halved_by_hand() -> None:
    # Two counties side by side on one parallel have one area each; the polygon takes all of one, half of the other.
    pair = gpd.GeoDataFrame({"fips": ["a", "b"]}, geometry=[box(-93, 41, -92, 42), box(-92, 41, -91, 42)])
    found = shares(read_polygon(_raw(mapping(box(-93, 41, -91.5, 42))), "half.geojson"), pair)
    assert found["a"] == pytest.approx(1.0, abs=1e-9)
    assert found["b"] == pytest.approx(0.5, abs=1e-6)
    # The northern half of a square in degrees is the smaller one on the ground.
    north = shares(read_polygon(_raw(mapping(box(-93, 41.5, -92, 42))), "n.geojson"), pair)
    assert north["a"] == pytest.approx(0.4981, abs=1e-4)  # (sin 42 - sin 41.5) / (sin 42 - sin 41)


def test_a_countys_own_outline_holds_it_alone(counties: gpd.GeoDataFrame) -> None:
    outline = counties.set_index("fips").geometry[STORY]
    found = shares(read_polygon(_raw({"type": "Feature", "geometry": mapping(outline)}), "story.json"), counties)
    assert found.to_dict() == {STORY: pytest.approx(1.0, abs=1e-9)}


def test_the_parts_of_a_divided_region_add_up(counties: gpd.GeoDataFrame) -> None:
    survey = survey_areas(geo.county_facts())
    whole, west, east = (
        areas_inside(read_polygon(_raw(mapping(box(*b))), "part.json"), counties, survey).sum()
        for b in ((-94, 41, -88, 42), (-94, 41, -91.3, 42), (-91.3, 41, -88, 42))
    )
    pd.testing.assert_series_equal(west + east, whole, rtol=1e-6)


def test_a_collection_is_united_and_overlap_counts_once(counties: gpd.GeoDataFrame) -> None:
    parts = [mapping(box(-93.6, 42, -93.3, 42.1)), mapping(box(-93.5, 42, -93.2, 42.1))]
    many = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": g} for g in parts]}
    one = read_polygon(_raw(mapping(box(-93.6, 42, -93.2, 42.1))), "one.json")
    both = read_polygon(_raw(many), "many.json")
    assert both.notes == ("2 polygons were united",)
    pd.testing.assert_series_equal(shares(both, counties), shares(one, counties), rtol=1e-6)
    assert (
        areas_inside(both, counties, survey_areas(geo.county_facts()))
        .attrs["source"]
        .endswith("; 2 polygons were united")
    )


def test_polygons_count_however_deep_they_lie_and_what_is_none_is_told() -> None:
    first, second = mapping(box(-93, 42, -92, 43)), mapping(box(-90, 42, -89, 43))
    point = {"type": "Point", "coordinates": [-93, 42]}
    inner = {"type": "GeometryCollection", "geometries": [second]}
    inner = {"type": "GeometryCollection", "geometries": [inner, point]}
    many = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": g} for g in (first, inner)]}
    found = read_polygon(_raw(many), "many.json")
    assert found.shape.area == pytest.approx(2)
    assert found.notes == ("2 polygons were united", "points, lines and the like left out: 1")
    deep: dict[str, object] = dict(second)
    for _ in range(400):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    assert read_polygon(_raw(deep), "deep.json").shape.area == pytest.approx(1)


def test_the_source_of_areas_tells_of_the_polygon(counties: gpd.GeoDataFrame) -> None:
    found = areas_inside(
        read_polygon(_raw(mapping(box(-94, 41.8, -93, 42.4))), "mine.json"), counties, survey_areas(geo.county_facts())
    )
    assert "inside mine.json" in found.attrs["source"]
    assert "in part, by area" in found.attrs["source"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[1, 2]", "no GeoJSON object"),
        (b"[" * 100_000, "nested too deeply|not JSON"),
        (_raw({"type": "Point", "coordinates": [-93, 42]}), r"holds no polygon \(Point\)"),
        (_raw({"type": "FeatureCollection", "features": []}), "holds no polygon"),
        (_raw({"type": "Feature", "geometry": None}), "holds no polygon"),
        (_raw(_ring((-93, 42), (-92, 43), (-92, 42), (-93, 43), (-93, 42))), "not valid .*crossing|Self-intersection"),
        (_raw(_ring((-93, 42), (-92, 42))), "no closed rings"),
        (_raw({"type": "Polygon", "coordinates": "all"}), "no closed rings"),
        (_raw({"type": "Polygon", "coordinates": [[["a", "b"]] * 4]}), "no closed rings"),
        (_raw({"type": "Polygon", "coordinates": []}), "empty"),
        (b'{"type":"Polygon","coordinates":[[[NaN,1],[2,2],[3,1],[NaN,1]]]}', "NaN is no number"),
        (b'{"type":"Polygon","coordinates":[[[1e999,1],[2,2],[3,1],[1e999,1]]]}', "not a number|closed rings"),
        (_raw(mapping(box(440_000, 4_640_000, 460_000, 4_660_000))), "metres of a projection"),
        (_raw(_ring((42, -93), (43, -93), (43, -92), (42, -93))), "not on the globe"),
        (_raw(_ring((-93, 42), (-92, 42), (-93, 42), (-93, 42))), "no area|not valid"),
        (
            _raw(mapping(box(-93, 42, -92, 43)) | {"crs": {"type": "name", "properties": {"name": "EPSG:26915"}}}),
            "another system.*EPSG:26915",
        ),
        (
            _raw(mapping(box(-93, 42, -92, 43)) | {"crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::43260"}}}),
            "another system.*43260",
        ),
        (b" " * 100_000_001, r"100\.0 MB is more than the 5 MB"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_each_bad_file_is_told_why(raw: bytes, message: str) -> None:
    with pytest.raises(PolygonError, match=message) as caught:
        read_polygon(raw, "bad.geojson")
    text = str(caught.value)
    assert text.startswith("bad.geojson")
    assert text.isprintable() and len(text) < 400


def test_a_polygon_elsewhere_is_told_where_it_lies(counties: gpd.GeoDataFrame) -> None:
    with pytest.raises(PolygonError, match=r"longitude 5\.00 to 6\.00.*outside the counties"):
        shares(read_polygon(_raw(mapping(box(5, 50, 6, 51))), "belgium.json"), counties)


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326", "OGC:CRS84", "CRS84"]
)
def test_wgs84_named_the_old_way_is_taken(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert read_polygon(_raw(mapping(box(-93, 42, -92, 43)) | {"crs": crs}), "a.json").shape.area == pytest.approx(1)


def test_hostile_names_and_properties_are_not_repeated(counties: gpd.GeoDataFrame) -> None:
    hostile = "<img src=x onerror=alert(1)>\n=cmd|' /c calc'!A1" + "x" * 500
    feature = {"type": "Feature", "properties": {hostile: hostile}, "geometry": mapping(box(-93.6, 42, -93.3, 42.1))}
    region = read_polygon(_raw(feature), hostile)
    assert "\n" not in region.name and len(region.name) <= 80
    inside = areas_inside(region, counties, survey_areas(geo.county_facts()))
    assert list(inside) == ["corn_area_ha", "soybean_area_ha"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["Polygon", "Feature"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "geometry", "features", "coordinates", "crs"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_is_a_polygon_or_refused(found: object) -> None:
    try:
        region = read_polygon(_raw(found), "any.json")
    except PolygonError as error:
        assert str(error).startswith("any.json")
    else:
        assert region.shape.is_valid and region.shape.area > 0


def _comb(teeth: int, west: float, south: float, east: float, north: float) -> dict[str, object]:
    """A polygon of one back and many teeth, each half as high as the way to the next."""
    step = (north - south) / teeth
    corners = [(west, south)]
    for number in range(teeth):
        foot = south + number * step
        corners += [(west + 0.1, foot), (east, foot + step / 4), (west + 0.1, foot + step / 2)]
    return _ring(*corners, (west + 0.1, north), (west, north), (west, south))


@given(st.lists(st.tuples(st.floats(0.3, 4), st.floats(0.2, 1)), min_size=5, max_size=40), st.floats(-94, -86))
@settings(max_examples=15)
def test_shares_are_those_of_the_whole_outline(corners: list[tuple[float, float]], lon: float) -> None:
    """A star with a hole, cut county by county, against one intersection with all of it."""
    frame = geo.counties()
    frame = frame[frame["state"].isin(["IA", "IL", "IN"])]
    angles = np.linspace(0, 2 * np.pi, len(corners), endpoint=False)
    rings = [
        [[lon + r * k * np.cos(a), 41 + 0.7 * r * k * np.sin(a)] for (r, k), a in zip(corners, angles, strict=True)]
        for corners in (corners, [(0.05, 1.0)] * len(corners))
    ]
    star = {"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in rings]}
    region = read_polygon(_raw(star), "star.json")
    whole = shapely.make_valid(polygon._flat(region.shape, polygon._EQUAL_AREA))
    flat = frame.geometry.map(lambda one: polygon._flat(one, polygon._EQUAL_AREA))
    expected = pd.Series([one.intersection(whole).area / one.area for one in flat], frame["fips"].to_numpy())
    found = shares(region, frame)
    assert found.to_dict() == pytest.approx(
        expected[expected > 1e-9].to_dict(), abs=1e-5
    )  # a side is cut into other pieces
    inside = sum(one.intersection(whole).area for one in flat)
    assert found.attrs["covered"] == pytest.approx(inside / whole.area, rel=1e-4)


def test_a_region_around_the_globe_holds_every_county_whole(counties: gpd.GeoDataFrame) -> None:
    found = shares(read_polygon(_raw(mapping(box(-180, -90, 180, 90))), "world.json"), counties)
    assert len(found) == len(counties) and found.min() == pytest.approx(1.0, abs=1e-9)
    land = counties.to_crs("EPSG:5070").area.sum()
    assert found.attrs["covered"] == pytest.approx(land / 5.1e14, rel=0.01)  # m2 of the earth


@pytest.mark.parametrize(
    ("teeth", "west", "south", "east", "north"), [(300, -95, 38, -85, 43), (20, -178, -80, 178, 80)]
)
def test_long_outlines_are_cut_county_by_county(  # with the whole outline each of these took minutes
    counties: gpd.GeoDataFrame, teeth: int, west: float, south: float, east: float, north: float
) -> None:
    found = shares(read_polygon(_raw(_comb(teeth, west, south, east, north)), "comb.json"), counties)
    assert 0.1 < found.sum() / len(counties) < 0.7


def test_an_outline_of_millions_of_pieces_is_refused() -> None:
    with pytest.raises(PolygonError, match=r"comb.json: its sides add up to .* degrees, more than 50,000: simplify"):
        read_polygon(_raw(_comb(100, -178, -80, 178, 80)), "comb.json")
