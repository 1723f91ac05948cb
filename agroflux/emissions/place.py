"""Which counties a question is about: all of the data, a state, one county, or a user's polygon."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from agroflux.emissions.areas import survey_areas
from agroflux.emissions.polygon import Region, areas_inside
from agroflux.errors import SelectionError

ALL = "all"


def counties_of(where: str, sites: Sequence[str], facts: pd.DataFrame) -> tuple[str, ...] | None:
    """FIPS of ``where``: None for ``all``, else the counties of a state (``IA``) or one county (``19169``) of the data.

    SelectionError names what there is.
    """
    if where == ALL:
        return None
    states = facts["state"].reindex(list(sites)).dropna()
    found = [where] if where in states.index else states.index[states == where].tolist()
    if not found:
        raise SelectionError(
            f"no place called {where!r} in the data: give {ALL}, a state ({', '.join(sorted(set(states)))}) or the "
            f"5-digit FIPS of one of its {len(states)} counties"
        )
    return tuple(map(str, found))


def inside(
    region: Region,
    outlines: gpd.GeoDataFrame,
    sites: Sequence[str],
    facts: pd.DataFrame,
    areas: pd.DataFrame | None = None,
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Counties of the data that ``region`` touches, and their harvested areas [ha] inside it.

    ``outlines``: polygons of counties (fips, geometry); ``areas`` by FIPS in place of the survey's. PolygonError where
    the polygon lies outside the counties of the data.
    """
    known = outlines[outlines["fips"].isin(list(sites))]
    part = areas_inside(region, known, areas if areas is not None else survey_areas(facts))
    return tuple(map(str, part.index)), part
