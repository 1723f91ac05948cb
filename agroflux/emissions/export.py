"""Totals as files: CSV with units in the header, and GeoJSON (RFC 7946) with the county polygons."""

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from agroflux.data.text_cells import text_cell
from agroflux.emissions.assess import Assessment
from agroflux.emissions.totals import COLUMNS, REGION, Level, Totals
from agroflux.errors import DataError

#: Ends of an interval, as columns name them.
ENDS = ("median", "low50", "high50", "low80", "high80", "low95", "high95")
_END = re.compile(rf"_({'|'.join(ENDS)})$")


def provenance(totals: Totals, *, synthetic: bool) -> dict[str, Any]:
    """What made the figures: place and number of its counties, data, nitrogen rate, years, GWP set, areas.

    ``synthetic``: whether anything behind them is (``Sources.synthetic``); written as yes or no, as in the files of
    the other pages.
    """
    return {
        "place": totals.place,
        "place_counties": int(totals.crops["fips"].nunique()),
        "data": totals.data,
        "n_rate_kg_n_ha": totals.n_rate,
        "years": totals.period,
        "gwp_set": f"{totals.gwp} GWP-{totals.horizon}",
        "area_source": totals.area_source,
        "synthetic": "yes" if synthetic else "no",
    }


def to_csv(table: pd.DataFrame, made_by: Mapping[str, Any] | None = None) -> str:
    """``table`` as CSV: ``name [unit]`` in the header, plain numbers, blank for NaN, ``made_by`` in every row.

    Text that a spreadsheet would run as a formula gets an apostrophe before it, and a line break or control
    character becomes a space; numbers stay numbers.
    """
    extra = dict(made_by or {})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(header(c) for c in table.columns), *extra])
    for row in table.itertuples(index=False, name=None):
        writer.writerow([_cell(value) for value in (*row, *extra.values())])
    return out.getvalue()


def header(name: str) -> str:
    """A column's name with its unit in brackets."""
    unit = unit_of(name)
    return f"{name} [{unit}]" if unit else str(name)


def unit_of(name: str) -> str:
    """Unit of a column, or of an end of its interval (``n2o_t_low80``); empty where it has none."""
    column = COLUMNS.get(_END.sub("", str(name)))
    return column.unit if column else ""


def with_intervals(answer: Assessment, level: Level) -> pd.DataFrame:
    """The totals of a level with the interval of each quantity: columns ``<quantity>_median``, ``_low50`` and so on."""
    table = answer.totals.by(level)
    rows = answer.intervals[answer.intervals["level"] == level]
    key = {"county": "fips", "state": "state", "crop": "crop"}.get(level)
    for quantity, part in rows.groupby("quantity", sort=False):
        ends = part.set_index("place")[list(ENDS)].add_prefix(f"{quantity}_")
        table = table.join(ends, on=key) if key else table.assign(**ends.loc[REGION].to_dict())
    return table


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.integer | np.floating):
        return "" if math.isnan(float(value)) else repr(value.item() if isinstance(value, np.generic) else value)
    return "" if value is None else text_cell(value)


def to_geojson(
    totals: Totals,
    shapes: Mapping[str, BaseGeometry],
    level: Level = "county",
    table: pd.DataFrame | None = None,
    *,
    synthetic: bool,
) -> str:
    """County (or state) totals with polygons, as an RFC 7946 FeatureCollection.

    ``shapes``: polygons in WGS 84 longitude and latitude by FIPS (county) or state code. Exterior rings run
    counter-clockwise, coordinates have 4 decimals (about 10 m), NaN is null; ``units`` and ``made_by`` stand
    beside the features. ``table``: rows to write in place of the level's own (:func:`with_intervals`); ``synthetic``
    as for :func:`provenance`. DataError where a polygon is missing.
    """
    table = totals.by(level) if table is None else table
    key = {"county": "fips", "state": "state"}.get(level)
    if key is None:
        raise DataError(f"GeoJSON is made by county or state, not by {level}")
    if missing := [k for k in table[key] if k not in shapes]:
        raise DataError(f"no polygon for {key} {missing[0]}: GeoJSON needs one for each row")
    features = [_feature(str(row[key]), row, shapes[row[key]]) for row in table.to_dict("records")]
    collection = {
        "type": "FeatureCollection",
        "made_by": provenance(totals, synthetic=synthetic),
        "units": {c: unit_of(c) for c in table if unit_of(c)},
        "features": features,
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def _feature(identity: str, row: dict[str, Any], shape: BaseGeometry) -> dict[str, Any]:
    west, south, east, north = (round(v, 4) for v in shape.bounds)
    return {
        "type": "Feature",
        "id": identity,
        "bbox": [west, south, east, north],
        "properties": {name: _plain(value) for name, value in row.items()},
        "geometry": _geometry(shape),
    }


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _geometry(shape: BaseGeometry) -> dict[str, Any]:
    parts = [orient(part) for part in getattr(shape, "geoms", [shape])]
    rings = [_rounded(mapping(part)["coordinates"]) for part in parts]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def _rounded(rings: Any) -> list[list[list[float]]]:
    return [[[round(x, 4), round(y, 4)] for x, y, *_ in ring] for ring in rings]
