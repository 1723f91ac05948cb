"""Counties, states and towers: their outlines and their facts, read from ``assets`` and checked once."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pandas as pd

from agroflux import paths
from agroflux.errors import DataError

#: Postal codes of the twelve Midwestern states, by state FIPS code.
MIDWEST = {
    "17": "IL",
    "18": "IN",
    "19": "IA",
    "20": "KS",
    "26": "MI",
    "27": "MN",
    "29": "MO",
    "31": "NE",
    "38": "ND",
    "39": "OH",
    "46": "SD",
    "55": "WI",
}
Bounds = tuple[tuple[float, float], tuple[float, float]]
_REMEDY = "restore it from the repository, or run `make assets`"


def counties() -> gpd.GeoDataFrame:
    """Counties of the twelve Midwestern states, sorted by FIPS.

    Columns: fips (5 digits), county, state (postal code), benchmark (one of the 99 counties of the AgroFlux
    benchmark), geometry (WGS 84, 4 decimals, from the US Census Bureau's 1:10 million outlines).
    DataError if the file is missing or damaged.
    """
    return _outlines("counties").copy()


def states() -> gpd.GeoDataFrame:
    """The twelve Midwestern states: fips (2 digits), name, state (postal code), geometry (as in counties)."""
    return _outlines("states").copy()


def nation() -> gpd.GeoDataFrame:
    """All states and territories of the nation: fips (2 digits), name, geometry (WGS 84, within 0.05 degrees).

    For orientation on maps of sites anywhere; islets are left out. DataError as :func:`counties`.
    """
    return _outlines("nation").copy()


def world(bounds: Bounds) -> gpd.GeoDataFrame:
    """Coasts and borders outside the nation within ``bounds``, as lines (WGS 84, within 0.05 degrees), no islets.

    ``bounds``: ((south, west), (north, east)) [degrees]. For orientation only. DataError as :func:`counties`.
    """
    (south, west), (north, east) = bounds
    lines = _outlines("world")
    inside = lines.geometry.clip_by_rect(west, south, east, north)
    return lines.assign(geometry=inside)[~inside.is_empty]


def county_facts() -> pd.DataFrame:
    """Areas, yields and soils of 293 counties of Iowa, Illinois and Indiana, indexed by ``fips``.

    Columns, units and sources: ``assets/facts/README.md``. ``benchmark`` is boolean.
    """
    return _facts().copy()


def benchmark_towers() -> pd.DataFrame:
    """The 11 eddy-covariance towers of the AgroFlux benchmark, whose data are not bundled.

    Columns: site_id, name, lat, lon [degrees], state, crops, years, doi, investigators, source; empty text
    where the public registry was not at hand. Indexed by site_id, which is a column too.
    """
    table = _csv("towers.csv", {"site_id": str}).fillna(dict.fromkeys(("crops", "years", "doi", "investigators"), ""))
    return table.set_index("site_id", drop=False).rename_axis(None)


def geojson_path(which: Literal["counties", "states"] = "counties") -> Path:
    """The file that the browser loads by static URL (``app/static/geo/…``): properties as the columns here."""
    return paths.ROOT / "static" / "geo" / f"{which}.geojson"


@lru_cache(maxsize=4)
def _outlines(which: str) -> gpd.GeoDataFrame:
    path = paths.ASSETS / "geo" / f"{which}.parquet"
    try:
        return gpd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are kinds of these
        raise DataError(f"outlines of {which} cannot be read from {path} ({error}): {_REMEDY}") from error


@lru_cache(maxsize=1)
def _facts() -> pd.DataFrame:
    table = _csv("counties.csv", {"fips": str})
    table["fips"] = table["fips"].str.zfill(5)
    return table.set_index("fips")


def _csv(name: str, kinds: dict[str, type]) -> pd.DataFrame:
    path = paths.ASSETS / "facts" / name
    try:
        return pd.read_csv(path, dtype=kinds)
    except (OSError, ValueError) as error:
        raise DataError(f"facts cannot be read from {path} ({error}): {_REMEDY}") from error
