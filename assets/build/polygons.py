"""County and state outlines from the npm package us-atlas: ``python assets/build/polygons.py``.

us-atlas (ISC licence) carries the US Census Bureau's 1:10 million cartographic boundaries (public domain) as
TopoJSON. Written: GeoParquet under ``assets/geo`` for Python, GeoJSON with 4 decimals under ``static/geo`` for the
browser. Of the Midwest nothing is simplified: the outlines are coarse already, and simplifying each county alone
tears holes. All states of the nation, where a site may stand, are for orientation only: coarse, without islets.
"""

import json
import sys
import tarfile
import tempfile
from pathlib import Path

import geopandas as gpd
import npm
import numpy as np
import pandas as pd
import pyogrio
import shapely

from agroflux.geo import MIDWEST

PACKAGE = "us-atlas@3.0.1"
SHA256 = "e6daba1800885868303ad3549da62f85a557b8142bb72629ec15651de62f9c5d"
ROOT = Path(__file__).resolve().parents[2]
DECIMALS = 4  # about 10 m
COARSE = 0.05  # degrees: what outlines of all states may be off
ISLET = 0.02  # square degrees, about 200 km2


def main() -> None:
    """Write the five files; exit with a sentence where the package or the county table is not as expected."""
    with tempfile.TemporaryDirectory() as folder:
        archive = npm.package(PACKAGE, SHA256, __doc__, Path(folder))
        with tarfile.open(archive) as package:
            package.extract("package/counties-10m.json", folder, filter="data")
        topology = Path(folder) / "package" / "counties-10m.json"
        counties = _layer(topology, "counties")
        states = _layer(topology, "states")
        nation = _nation(topology)
    facts = pd.read_csv(ROOT / "assets" / "facts" / "counties.csv", dtype={"fips": str})
    marked = set(facts.loc[facts["benchmark"], "fips"])
    counties = counties.rename(columns={"name": "county"})
    counties["benchmark"] = counties["fips"].isin(marked)
    if counties["benchmark"].sum() != len(marked) or set(facts["fips"]) - set(counties["fips"]):
        sys.exit("assets/facts/counties.csv names counties that us-atlas lacks: compare the FIPS codes")
    _write(counties[["fips", "county", "state", "benchmark", "geometry"]], "counties")
    _write(states[["fips", "name", "state", "geometry"]], "states")
    nation.to_parquet(ROOT / "assets" / "geo" / "nation.parquet", compression="zstd", index=False)


def _layer(topology: Path, layer: str) -> gpd.GeoDataFrame:
    """The layer's polygons in the twelve states, valid and rounded; the code's first two digits tell the state."""
    frame = pyogrio.read_dataframe(topology, layer=layer).set_crs(4326).rename(columns={"id": "fips"})
    frame["state"] = frame["fips"].str[:2].map(MIDWEST)
    frame = frame[frame["state"].notna() & ~frame.geometry.is_empty].sort_values("fips", ignore_index=True)
    rounded = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, DECIMALS))
    frame["geometry"] = [_polygons(shape) for shape in shapely.make_valid(rounded)]
    return frame


def _nation(topology: Path) -> gpd.GeoDataFrame:
    """All states and territories, coarse: neighbours are simplified together, so that they still share their line."""
    frame = pyogrio.read_dataframe(topology, layer="states").set_crs(4326).rename(columns={"id": "fips"})
    whole = shapely.make_valid(frame.geometry.to_numpy())
    coarse = shapely.transform(shapely.coverage_simplify(whole, COARSE), lambda xy: np.round(xy, 2))
    frame["geometry"] = [_without_islets(shape) for shape in shapely.make_valid(coarse)]
    return frame.sort_values("fips", ignore_index=True)[["fips", "name", "geometry"]]


def _without_islets(shape: shapely.Geometry) -> shapely.Geometry:
    """The largest area of a state, and of the others those that can be seen on a map of several states."""
    parts = sorted(shapely.get_parts(_polygons(shape)), key=shapely.area, reverse=True)
    kept = [part for turn, part in enumerate(parts) if turn == 0 or part.area > ISLET]
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Only the areas of a geometry: making it valid may leave stray lines and points."""
    parts = [p for p in shapely.get_parts(shape, return_index=False) if p.geom_type in ("Polygon", "MultiPolygon")]
    polygons = [p for part in parts for p in shapely.get_parts(part)]
    if not polygons:
        sys.exit(f"an outline has no area: {shape.wkt[:80]}")
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _write(frame: gpd.GeoDataFrame, name: str) -> None:
    parquet, geojson = ROOT / "assets" / "geo" / f"{name}.parquet", ROOT / "static" / "geo" / f"{name}.geojson"
    for path in (parquet, geojson):
        path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(parquet, compression="zstd", index=False)
    shapes = [json.loads(shapely.to_geojson(shape)) for shape in frame.geometry]
    rows = frame.drop(columns="geometry").to_dict("records")
    features = [
        {"type": "Feature", "id": row["fips"], "properties": row, "geometry": _trimmed(shape)}
        for row, shape in zip(rows, shapes, strict=True)
    ]
    geojson.write_text(json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")))


def _trimmed(part: object) -> object:
    """Coordinates with 4 decimals: making an outline valid may add points between the rounded ones."""
    if isinstance(part, dict):
        return {key: _trimmed(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_trimmed(value) for value in part]
    return round(part, DECIMALS) if isinstance(part, float) else part


if __name__ == "__main__":
    main()
