"""Maps: nothing is loaded from elsewhere, no text can run, colours and rings follow the values and the choice."""

import json
import math
import re
from html.parser import HTMLParser
from typing import Any

import folium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux import maps

_SQUARE = {"type": "Polygon", "coordinates": [[[-94.0, 42.0], [-93.0, 42.0], [-93.0, 43.0], [-94.0, 42.0]]]}
SHAPES: dict[str, Any] = {
    fips: {"type": "Feature", "properties": {"fips": fips}, "geometry": _SQUARE} for fips in ("19001", "19003")
}
STATES: dict[str, Any] = {"type": "FeatureCollection", "features": [{"geometry": _SQUARE, "properties": {}}]}
HOSTILE = ("<img src=x onerror=alert(1)>", "${alert(1)}", "`+alert(1)+`", "{{ 7*7 }}", "</script><script>", "\\u003c")


def _scale(variable: str = "GPP", values: tuple[float, ...] = (0.0, 100.0)) -> maps.Scale:
    return maps.Scale.of(variable, "Label", "g C m-2", values)


def _features(group: folium.FeatureGroup) -> list[dict[str, Any]]:
    layers = [child for child in group._children.values() if isinstance(child, folium.GeoJson)]
    return [feature for layer in layers for feature in layer.data["features"]]


def _rendered(*groups: folium.FeatureGroup) -> str:
    board = maps.base_map(STATES, list(SHAPES.values()))
    for group in groups:
        group.add_to(board)
    page: str = board.get_root().render()
    return page


@given(st.text(max_size=80))
def test_safe_text_holds_nothing_that_html_or_a_template_reads(text: str) -> None:
    shown = maps.safe(text)
    assert not set("<>`$\\{}\"'") & set(shown)

    class Reader(HTMLParser):
        read = ""

        def handle_data(self, data: str) -> None:
            self.read += data

    reader = Reader(convert_charrefs=False)
    reader.feed(shown)
    for char in "<`${":
        assert (char in text) == (f"&{'lt' if char == '<' else '#' + str(ord(char))};" in shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_reach_the_map_as_text(text: str) -> None:
    counties = maps.choropleth({"19001": 1.0}, SHAPES, {"19001": text}, _scale())
    sites = maps.markers([maps.Marker(text, text, 42, -93, "measured", text)])
    for feature in _features(counties) + _features(sites):
        assert text not in json.dumps({k: v for k, v in feature["properties"].items() if k != "id"})
    assert "<img src=x" not in _rendered(counties, sites)


def test_the_map_asks_no_other_host() -> None:
    board = maps.base_map(STATES)
    links = [url for _, url in (*board.default_js, *board.default_css)]
    assert links and all(url.startswith("../../app/static/vendor/") for url in links)
    hosts = set(re.findall(r"https?://([\w.]+)", _rendered(maps.markers([maps.Marker("a", "a", 42, -93, "nodata")]))))
    assert hosts <= {"www.w3.org"}


def test_vendored_files_are_there() -> None:
    from agroflux.paths import ROOT

    folder = ROOT / "static" / maps.VENDOR.removeprefix("../../app/static/")
    assert {"leaflet.js", "leaflet.css", "LICENSE"} <= {path.name for path in folder.iterdir()}
    assert "1.9.3" in (folder / "leaflet.js").read_text()[:400]


def test_tiles_come_only_when_asked_for() -> None:
    tiled = maps.base_map(STATES, tiles=True).get_root().render()
    assert "tile.openstreetmap.org" in tiled
    assert "tile.openstreetmap.org" not in _rendered()


def test_counties_are_coloured_by_value_and_missing_ones_grey() -> None:
    scale = _scale()
    group = maps.choropleth({"19001": 0.0, "19003": float("nan"), "99999": 5.0}, SHAPES, {}, scale)
    fills = {f["id"]: f["properties"]["fill"] for f in _features(group)}
    assert fills == {"19001": "#00224e", "19003": scale.colour(None)}
    assert scale.colour(100.0) == "#fee838"
    assert scale.colour(1e9) == scale.colour(100.0), "values outside the scale take its ends"


def test_the_selected_county_is_ringed_and_drawn_last() -> None:
    group = maps.choropleth({"19001": 1.0, "19003": 2.0}, SHAPES, {}, _scale(), selected=["19001"])
    features = _features(group)
    assert features[-1]["id"] == "19001"
    assert maps._county_style(features[-1])["color"] == maps.SELECTED
    assert maps._county_style(features[0])["color"] != maps.SELECTED


def test_kinds_of_site_differ_in_shape() -> None:
    drawn = {kind: shape.split()[0] for kind, shape in maps._SHAPES.items()}
    assert set(drawn) == set(maps.KIND_LABELS)
    assert len(set(drawn.values())) == len(drawn)


def test_a_view_of_two_continents_can_be_seen_whole_on_a_telephone() -> None:
    belt = maps.base_map(STATES)
    continents = maps.base_map(STATES, bounds=((36.0, -122.0), (51.0, 11.0)))
    assert (belt.options["minZoom"], continents.options["minZoom"]) == (3, 1), "256 px are 360 degrees at zoom 0"


def test_zero_is_in_the_middle_of_a_diverging_scale() -> None:
    scale = _scale("NEE", (-300.0, 20.0))
    assert (scale.low, scale.high) == (-300.0, 300.0)
    assert "<span>0</span>" in maps.legend(scale)
    assert "<span>0</span>" not in maps.legend(_scale("GPP", (1.0, 9.0)))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_legend_escapes_its_text(text: str) -> None:
    shown = maps.legend(maps.Scale("GPP", text, text, 0, 1), {"measured", "synthetic"}, missing=True)
    assert text not in shown
    assert "Measured" in shown and "Synthetic" in shown and "Benchmark tower" not in shown and "No value" in shown


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (None, None),
        ({}, None),
        ({"last_active_drawing": None}, None),
        ({"last_active_drawing": {"properties": {}}}, None),
        ({"last_active_drawing": {"properties": {"id": "19001"}}}, "19001"),
    ],
)
def test_a_click_gives_the_id(result: dict[str, Any] | None, expected: str | None) -> None:
    assert maps.clicked(result) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1234.5, "1,234"), (12.34, "12.3"), (-0.01234, "\u22120.0123"), (float("nan"), "no value")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert maps.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(214_237.0, "214,237"), (21.4237, "21.42"), (1196.4, "1,196"), (-0.5, "\u22120.5000")]
)
def test_numbers_have_as_many_digits_as_are_asked_for_and_no_exponent(value: float, text: str) -> None:
    assert maps.number(value, 4) == text


def test_sites_of_one_place_lie_beside_one_another() -> None:
    near = [maps.Marker(f"CH-{k}", f"CH-{k}", 40.05, -88.37 + 0.01 * k, "synthetic") for k in range(8)]
    apart = maps.Marker("US-Ne1", "US-Ne1", 41.17, -96.48, "measured")
    shift = maps._aside([apart, *near])
    assert shift[0] == shift[1] == (0, 0), "the first of a place lies where it is"
    gaps = [math.dist(one, other) for k, one in enumerate(shift[1:]) for other in shift[1:][:k]]
    assert min(gaps) > 12, "a shape is 18 pixels wide: each can be clicked"
    assert max(math.hypot(*aside) for aside in shift) < 45
    assert maps.crowded(near) and not maps.crowded([apart, near[0]])
    page = _rendered(maps.markers([apart, *near], {"CH-3"}))
    anchors = re.findall(r'"iconAnchor": \[(-?\d+), (-?\d+)\]', page)
    assert {(9 - int(x), 9 - int(y)) for x, y in anchors} == set(shift)
