"""A user's polygon (GeoJSON): read, checked, and turned into shares of the counties it covers.

Emissions of a county are taken as spread evenly over its land: a polygon that covers 30 % of a county gets 30 % of its
harvested area. Shares are areas in an equal-area projection (NAD83 / Conus Albers, EPSG:5070).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from agroflux.emissions.areas import AREA_COLUMNS
from agroflux.emissions.words import percent
from agroflux.errors import DataError

#: Largest file that is read [bytes] and most corners of all rings together: more is a map, not a region of interest.
MAX_BYTES = 5_000_000
MAX_CORNERS = 100_000
#: Longest outline [degrees, all sides added up]: it is cut into pieces of 0.05 degrees, and a few sides around the
#: globe would make millions of them.
MAX_DEGREES = 50_000
_EQUAL_AREA = "EPSG:5070"
#: Equal-area projection of the whole globe, in which a region that reaches beyond North America has its area.
_GLOBE = "EPSG:6933"
_MARGIN = 0.5  # degrees around the counties within which a region's outline is kept
_DENSIFY = 0.05  # degrees between corners before projecting, so that long straight sides stay where they are drawn
_GEOMETRIES = ("Polygon", "MultiPolygon")
#: Type of an object that holds others -> the member that they lie in.
_HOLDERS = {"FeatureCollection": "features", "Feature": "geometry", "GeometryCollection": "geometries"}
#: The whole name of WGS 84 at the end of a ``crs`` member's text: EPSG::43260 is another system.
_WGS84 = re.compile(r'[":](CRS84|EPSG::?4326)"')
_HINT = "give one Polygon or MultiPolygon in WGS 84 longitude and latitude (RFC 7946)"


class PolygonError(DataError):
    """A file that is no usable polygon; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Region:
    """A checked polygon: ``shape`` in WGS 84; ``name`` as it can be shown; ``notes`` on what was done to it."""

    shape: BaseGeometry
    name: str
    notes: tuple[str, ...] = ()


def read_polygon(raw: bytes, name: str) -> Region:
    """The polygon in the GeoJSON ``raw``: a geometry, a Feature, or a collection of them, whose parts are united.

    Properties are not read; points and lines are left out, which the notes tell. PolygonError for a file that is too
    large or too long, no JSON, no polygon, crosses itself, is in another coordinate system or has corners off the
    globe.
    """
    shown = _clean(name) or "the polygon file"
    _check_size(len(raw), shown)
    found = _json(raw, shown)
    _check_crs(found, shown)
    polygons, others = _geometries(found, shown)
    parts = [_geometry(one, shown, number) for number, one in enumerate(polygons, start=1)]
    notes = [f"{len(parts)} polygons were united"] if len(parts) > 1 else []
    notes += [f"points, lines and the like left out: {others}"] if others else []
    united = shapely.union_all(parts)
    if united.length > MAX_DEGREES:
        raise PolygonError(
            f"{shown}: its sides add up to {united.length:,.0f} degrees, more than {MAX_DEGREES:,}: simplify the "
            "outline, or cut the region of interest out of it"
        )
    return Region(united, shown, tuple(notes))


def read_polygon_file(path: Path) -> Region:
    """:func:`read_polygon` of a file, which is not read where it is too large. PolygonError also where it cannot be."""
    try:
        _check_size(path.stat().st_size, _clean(path.name))
        raw = path.read_bytes()
    except OSError as error:
        raise PolygonError(f"{path}: cannot be read ({error.strerror}): give the path of a GeoJSON file") from None
    return read_polygon(raw, path.name)


def shares(region: Region, counties: pd.DataFrame) -> pd.Series:
    """Share of each county's area inside ``region`` [1], by FIPS, counties untouched left out.

    The attribute ``covered`` is the share of the region that lies in these counties [1]. ``counties``: columns ``fips``
    and ``geometry`` (WGS 84). PolygonError where the polygon touches none of them.
    """
    fips, flat, areas = _projected(tuple(counties["fips"]), tuple(counties.geometry.array))
    west, south, east, north = shapely.total_bounds(counties.geometry.array)
    near = (west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
    outline = _flat(shapely.clip_by_rect(region.shape, *near), _EQUAL_AREA)
    inside = _areas_within(flat, outline)
    found = pd.Series(inside / areas, index=pd.Index(fips, name="fips"), name="share").clip(upper=1.0)
    found = found[found > 1e-9].sort_index()
    found.attrs["covered"] = min(float(inside.sum() / shapely.area(_flat(region.shape, _GLOBE))), 1.0)
    if found.empty:
        west, south, east, north = region.shape.bounds
        raise PolygonError(
            f"{region.name}: the polygon (longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}) "
            "lies outside the counties of the data: draw it over Iowa, Illinois or Indiana"
        )
    return found


def areas_inside(region: Region, counties: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Harvested areas [ha] inside ``region``: each county's ``areas`` times its share, counties outside left out.

    ``counties``: outlines of the counties of the data; ``areas`` by FIPS with the columns of
    :data:`agroflux.emissions.areas.AREA_COLUMNS`. The attribute ``source`` says what was done, to the polygon too,
    ``inside`` what the polygon is called, ``shares`` which share of each county [1] lies in it.
    """
    part = shares(region, counties)
    inside = areas.reindex(part.index)[list(AREA_COLUMNS)].mul(part, axis=0)
    whole = int((part > 1 - 1e-6).sum())
    inside.attrs |= {"inside": region.name, "shares": part.to_dict()}
    inside.attrs["source"] = (
        f"{areas.attrs.get('source', 'given areas')}; inside {region.name}: {whole} whole counties and "
        f"{len(part) - whole} in part, by area; {percent(part.attrs['covered'])} of the polygon lies in counties of "
        "the data" + "".join(f"; {note}" for note in region.notes)
    )
    return inside


def _check_size(size: int, shown: str) -> None:
    if size > MAX_BYTES:
        raise PolygonError(
            f"{shown}: {size / 1e6:,.1f} MB is more than the {MAX_BYTES / 1e6:g} MB that are read: simplify the "
            "outline, or cut the region of interest out of it"
        )


def _json(raw: bytes, shown: str) -> Mapping[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise PolygonError(f"{shown}: not UTF-8 text: {_HINT}") from None
    except RecursionError:
        raise PolygonError(f"{shown}: nested too deeply for GeoJSON: {_HINT}") from None
    except ValueError as error:
        raise PolygonError(f"{shown}: not JSON ({_clean(str(error))}): {_HINT}") from None
    if not isinstance(found, dict):
        raise PolygonError(f"{shown}: JSON, but no GeoJSON object: {_HINT}")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _check_crs(found: Mapping[str, Any], shown: str) -> None:
    """Refuse the ``crs`` member of older GeoJSON unless it names WGS 84."""
    if found.get("crs") is None:
        return
    text = json.dumps(found["crs"])
    if not _WGS84.search(text):
        raise PolygonError(
            f"{shown}: its coordinates are in another system ({_clean(text)}): save it in WGS 84 longitude and "
            "latitude (EPSG:4326)"
        )


def _geometries(found: Mapping[str, Any], shown: str) -> tuple[list[Mapping[str, Any]], int]:
    """The polygons of a GeoJSON object in their order, however deep they lie, and the number of other geometries."""
    left: list[Any] = [found]
    listed: list[Mapping[str, Any]] = []
    while left:  # not by recursion: a file may nest deeper than that goes
        one = left.pop()
        if not isinstance(one, dict):
            continue
        kind = one.get("type")
        if isinstance(kind, str) and kind in _HOLDERS:
            inner = one.get(_HOLDERS[kind])
            left += reversed(inner) if isinstance(inner, list) else [inner]
        else:
            listed.append(one)
    kept = [g for g in listed if g.get("type") in _GEOMETRIES]
    if not kept:
        kinds = sorted({_clean(str(g.get("type"))) for g in listed})
        raise PolygonError(f"{shown}: holds no polygon ({', '.join(kinds[:4]) or 'nothing'}): {_HINT}")
    return kept, len(listed) - len(kept)


def _geometry(found: Mapping[str, Any], shown: str, number: int) -> BaseGeometry:
    try:
        geometry = shapely.force_2d(shape(found))
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, shapely.errors.ShapelyError):
        raise PolygonError(
            f"{shown}, polygon {number}: its coordinates are no closed rings of numbers: each ring is a list of "
            "[longitude, latitude], at least four, the last equal to the first"
        ) from None
    corners = shapely.get_coordinates(geometry)
    if not len(corners):
        raise PolygonError(f"{shown}, polygon {number}: it is empty: {_HINT}")
    if len(corners) > MAX_CORNERS:
        raise PolygonError(f"{shown}, polygon {number}: {len(corners):,} corners are too many: simplify the outline")
    _check_degrees(corners, shown, number)
    if not geometry.is_valid:
        why = explain_validity(geometry)
        raise PolygonError(
            f"{shown}, polygon {number}: the outline is not valid ({_clean(why)}): its sides must not cross, and holes "
            "must lie inside; repair it in a GIS program"
        )
    if geometry.area == 0:
        raise PolygonError(f"{shown}, polygon {number}: it has no area: give at least three different corners")
    return geometry


def _check_degrees(corners: np.ndarray, shown: str, number: int) -> None:
    if not np.isfinite(corners).all():
        raise PolygonError(f"{shown}, polygon {number}: a corner is not a number: {_HINT}")
    lon, lat = np.abs(corners).max(axis=0)
    if lon <= 180 and lat <= 90:
        return
    if math.isfinite(lon) and lon > 1000:
        raise PolygonError(
            f"{shown}, polygon {number}: corners like {corners[0][0]:.0f}, {corners[0][1]:.0f} are metres of a "
            "projection, not degrees: save it in WGS 84 longitude and latitude (EPSG:4326)"
        )
    raise PolygonError(
        f"{shown}, polygon {number}: corner {corners[0][0]:.6g}, {corners[0][1]:.6g} is not on the globe: each is "
        "[longitude, latitude] in degrees, longitude first"
    )


@lru_cache(maxsize=4)
def _projected(fips: tuple[str, ...], shapes: tuple[BaseGeometry, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counties in the equal-area projection, with their areas [m2]; kept, since it takes longer than a polygon."""
    flat = np.array([_valid(_flat(one, _EQUAL_AREA)) for one in shapes], dtype=object)
    return np.array(fips), flat, shapely.area(flat)


def _valid(geometry: BaseGeometry) -> BaseGeometry:
    """``geometry``, mended where it must be, which takes much longer than a look."""
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def _areas_within(counties: np.ndarray, outline: BaseGeometry) -> np.ndarray:
    """Area [m2] of each of the projected ``counties`` that lies in ``outline``.

    The counties are halved again and again, and the outline is cut down to what lies around each half: an
    intersection of each county with the whole of a long outline would take minutes.
    """
    bounds = shapely.bounds(counties)
    part = shapely.clip_by_rect(outline, *bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0))
    if part.is_empty:
        return np.zeros(len(counties))
    if len(counties) == 1:
        return np.asarray(shapely.area(shapely.intersection(counties, _valid(part))))
    middle = bounds[:, :2] + bounds[:, 2:]
    order = np.argsort(middle[:, np.ptp(middle, axis=0).argmax()])
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    found = np.empty(len(counties))
    for half in halves:
        found[half] = _areas_within(counties[half], part)
    return found


@lru_cache(maxsize=2)
def _transformer(projection: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", projection, always_xy=True)


def _flat(geometry: BaseGeometry, projection: str) -> BaseGeometry:
    """``geometry`` (WGS 84) in a projection [m]; sides that are straight in degrees stay where they are drawn."""
    dense = shapely.segmentize(geometry, _DENSIFY)
    turn = _transformer(projection).transform
    return shapely.transform(dense, lambda xy: np.column_stack(turn(xy[:, 0], xy[:, 1])))


def _clean(text: str) -> str:
    """Text of a file as it can be shown: one line, printable, short."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= 80 else line[:77] + "..."
