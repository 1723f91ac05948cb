"""Outlines of GeoJSON shapes as one line with gaps, for maps on plain axes."""

from collections.abc import Iterable, Mapping
from typing import Any


def line(shapes: Iterable[Mapping[str, Any]], *, holes: bool = True) -> tuple[list[float | None], list[float | None]]:
    """Longitudes and latitudes of polygons and lines (GeoJSON geometries), each ring and line followed by a gap (None).

    Without ``holes`` of each polygon the outer ring alone.
    """
    lon: list[float | None] = []
    lat: list[float | None] = []
    for shape in shapes:
        for ring in _rings(shape, holes):
            lon += [*(point[0] for point in ring), None]
            lat += [*(point[1] for point in ring), None]
    return lon, lat


def _rings(shape: Mapping[str, Any], holes: bool) -> list[Any]:
    held = shape["coordinates"]
    if shape["type"] == "LineString":
        return [held]
    if shape["type"] == "MultiLineString":
        return list(held)
    polygons = held if shape["type"] == "MultiPolygon" else [held]
    return [ring for polygon in polygons for ring in (polygon if holes else polygon[:1])]
