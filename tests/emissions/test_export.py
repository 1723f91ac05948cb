"""Files that others read: CSV with units and without formulas, GeoJSON by RFC 7946."""

import csv
import io
import json
from collections.abc import Callable

import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box, shape

from agroflux.emissions.export import provenance, to_csv, to_geojson
from agroflux.emissions.totals import Totals, totals
from agroflux.errors import DataError

Rotation = Callable[..., xr.Dataset]
#: Rings drawn clockwise, against RFC 7946; Champaign in two parts, one with a hole.
SHAPES = {
    "19153": Polygon([(-93.8, 41.5), (-93.8, 41.9), (-93.3, 41.9), (-93.3, 41.5)]),
    "19169": Polygon([(-93.7, 41.86), (-93.7, 42.2), (-93.2, 42.2), (-93.2, 41.86)]),
    "17019": MultiPolygon(
        [box(-88.5, 39.9, -88.0, 40.4).difference(box(-88.3, 40, -88.2, 40.1)), box(-87, 40, -86, 41)]
    ),
}


@pytest.fixture
def made(rotation: Rotation, facts: pd.DataFrame) -> Totals:
    return totals(rotation(), facts, n_rate=168, years=[2013, 2014], data="cornbelt-century")


def test_csv_has_units_provenance_and_the_same_numbers(made: Totals) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(made.by("county"), provenance(made, synthetic=False)))))
    assert len(rows) == 3
    first = made.by("county").iloc[0]
    assert rows[0]["county"] == first["county"]
    assert float(rows[0]["n2o_t [t N2O yr-1]"]) == first["n2o_t"]  # to the last bit
    assert float(rows[0]["nee_t_co2 [t CO2 yr-1]"]) == first["nee_t_co2"] < 0  # a negative number stays a number
    assert {r["data"] for r in rows} == {"cornbelt-century"}
    assert {(r["place"], r["place_counties"]) for r in rows} == {("All counties", "3")}
    assert {r["synthetic"] for r in rows} == {"no"}
    assert {(r["years"], r["gwp_set"], r["n_rate_kg_n_ha"]) for r in rows} == {("2013-2014", "AR6 GWP-100", "168.0")}


@given(st.one_of(st.text(max_size=20), st.text("=+-@\t\r\n\"', \u2028a1", max_size=6)))
def test_no_text_cell_can_be_a_formula_or_a_line(text: str) -> None:
    out = to_csv(pd.DataFrame({"county": [text], "n2o_t": [-1.5]}), {"data": text})
    header, row = csv.reader(io.StringIO(out, newline=""))
    assert len(header) == len(row) == 3
    for cell in (row[0], row[2]):
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))
        assert cell.isprintable()
        assert cell in (plain := "".join(c if c.isprintable() else " " for c in text), f"'{plain}")
    assert row[1] == "-1.5"


def test_missing_is_blank_and_flags_are_words() -> None:
    out = to_csv(pd.DataFrame({"n2o_t": [float("nan")], "outside_period": [True]}))
    assert out.splitlines()[1] == ",yes"


def test_geojson_is_rfc_7946(made: Totals) -> None:
    found = json.loads(to_geojson(made, SHAPES, synthetic=False))
    assert found["type"] == "FeatureCollection"
    assert "crs" not in found
    assert found["units"]["n2o_t"] == "t N2O yr-1"
    by_id = {f["id"]: f for f in found["features"]}
    assert set(by_id) == set(SHAPES)
    table = made.by("county").set_index("fips")
    for fips, feature in by_id.items():
        geometry = shape(feature["geometry"])
        assert geometry.is_valid
        assert geometry.equals(SHAPES[fips])
        assert feature["bbox"] == list(SHAPES[fips].bounds)
        assert feature["properties"]["n2o_t"] == table.at[fips, "n2o_t"]
        for part in getattr(geometry, "geoms", [geometry]):
            assert part.exterior.is_ccw
            assert not any(ring.is_ccw for ring in part.interiors)
            assert part.exterior.coords[0] == part.exterior.coords[-1]
    assert by_id["17019"]["geometry"]["type"] == "MultiPolygon"


def test_files_of_synthetic_data_say_so(made: Totals) -> None:
    (row, *_) = csv.DictReader(io.StringIO(to_csv(made.crops, provenance(made, synthetic=True))))
    assert row["synthetic"] == "yes"
    for synthetic, told in ((True, "yes"), (False, "no")):
        assert json.loads(to_geojson(made, SHAPES, synthetic=synthetic))["made_by"]["synthetic"] == told


def test_geojson_without_a_polygon_says_whose(made: Totals) -> None:
    with pytest.raises(DataError, match="no polygon for fips 17019"):
        to_geojson(made, {k: v for k, v in SHAPES.items() if k != "17019"}, synthetic=False)
    with pytest.raises(DataError, match="not by region"):
        to_geojson(made, SHAPES, "region", synthetic=False)


def test_geojson_by_state(made: Totals) -> None:
    shapes = {"IA": box(-96, 40, -90, 43), "IL": box(-91, 37, -87, 42)}
    found = json.loads(to_geojson(made, shapes, "state", synthetic=False))
    assert {f["id"]: f["properties"]["counties"] for f in found["features"]} == {"IA": 2, "IL": 1}
