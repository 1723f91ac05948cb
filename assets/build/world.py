"""Coasts and borders outside the US, from the npm package world-atlas: ``python assets/build/world.py``.

world-atlas (ISC licence) carries Natural Earth's 1:50 million countries (public domain) as TopoJSON. Written:
``assets/geo/world.parquet``, lines of WGS 84 that may be off by 0.05 degrees, without islets and Antarctica. What runs
along the US is left out, as its states have lines of their own.
"""

import sys
import tarfile
import tempfile
from pathlib import Path

import geopandas as gpd
import npm
import numpy as np
import pyogrio
import shapely

PACKAGE = "world-atlas@2.0.2"
SHA256 = "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"
ROOT = Path(__file__).resolve().parents[2]
COARSE = 0.05  # degrees
ISLET = 0.1  # square degrees, about 1000 km2
APART = 0.15  # degrees: how far lines of the states may lie from those of the countries
NATION, UNSEEN = "United States of America", ("Antarctica",)


def main() -> None:
    """Write the file; exit with a sentence where the package is not as expected."""
    with tempfile.TemporaryDirectory() as folder:
        archive = npm.package(PACKAGE, SHA256, __doc__, Path(folder))
        with tarfile.open(archive) as package:
            package.extract("package/countries-50m.json", folder, filter="data")
        frame = pyogrio.read_dataframe(Path(folder) / "package" / "countries-50m.json", layer="countries")
    named = frame.set_index("name").geometry
    if {NATION, *UNSEEN} - set(named.index):
        sys.exit(f"{PACKAGE} does not name {NATION} and {', '.join(UNSEEN)}: look at its countries")
    others = [_cut(part) for part in shapely.get_parts(named.drop([NATION, *UNSEEN]).to_numpy())]
    coarse = shapely.coverage_simplify(others, COARSE)
    areas = [part for shape in coarse for part in shapely.get_parts(shape) if part.area > ISLET]
    lines = shapely.difference(shapely.union_all(shapely.boundary(areas)), shapely.buffer(named[NATION], APART))
    rounded = shapely.transform(shapely.line_merge(lines), lambda xy: np.round(xy, 2))
    made = gpd.GeoDataFrame(geometry=shapely.get_parts(rounded), crs=4326)
    made.to_parquet(ROOT / "assets" / "geo" / "world.parquet", compression="zstd", index=False)


def _cut(area: shapely.Geometry) -> shapely.Geometry:
    """A polygon, valid; where it steps over the 180th meridian, cut there, as it would else cross the whole map."""
    if np.abs(np.diff(shapely.get_coordinates(area)[:, 0])).max() < 180:
        return shapely.make_valid(area)
    east = shapely.make_valid(shapely.transform(area, lambda xy: np.column_stack([xy[:, 0] % 360, xy[:, 1]])))
    beyond = shapely.transform(shapely.intersection(east, shapely.box(180, -90, 360, 90)), lambda xy: xy - [360, 0])
    return shapely.union(shapely.intersection(east, shapely.box(0, -90, 180, 90)), beyond)


if __name__ == "__main__":
    main()
