"""Which counties a question is about, and what they are called: all of the data, a state, a county, a polygon."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from agroflux.emissions.areas import AREA_COLUMNS, survey_areas
from agroflux.emissions.polygon import Region, areas_inside
from agroflux.emissions.totals import REGION
from agroflux.errors import SelectionError

ALL = "all"
#: States of the bundled data, by the code that the county table has.
STATES = {"IA": "Iowa", "IL": "Illinois", "IN": "Indiana"}


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
    the polygon lies outside the counties of the data, SelectionError where none of ``areas`` lies in it.
    """
    known = outlines[outlines["fips"].isin(list(sites))]
    part = areas_inside(region, known, areas if areas is not None else survey_areas(facts))
    counties = tuple(map(str, part.index))
    if areas is not None:
        check_areas(areas, counties, region.name)
        part.attrs["uncounted"] = uncounted(areas, sites)
    return counties, part


def name_of(
    counties: Sequence[str] | None, sites: Sequence[str], facts: pd.DataFrame, areas: pd.DataFrame | None = None
) -> str:
    """What the ``counties`` of a question are called: all, a state, a county, the polygon that ``areas`` lie inside.

    ``sites``: FIPS of the data. A state of which they hold a part is called by that part, ``Iowa (31 of 99 counties)``.
    Other choices, which Python alone can make, are told by their number.
    """
    if areas is not None and areas.attrs.get("inside"):
        return str(areas.attrs["inside"])
    if counties is None or set(counties) == set(sites):
        return REGION
    if len(counties) == 1 and counties[0] in facts.index:
        return f"{facts.at[counties[0], 'county']}, {facts.at[counties[0], 'state']}"
    if code := _state_of(counties, sites, facts):
        every = int((facts["state"] == code).sum())
        part = f" ({len(set(counties))} of {every} counties)" if len(set(counties)) < every else ""
        return f"{STATES.get(code, code)}{part}"
    return f"{len(counties)} counties"


def of_place(
    counties: Sequence[str] | None, sites: Sequence[str], facts: pd.DataFrame, areas: pd.DataFrame | None = None
) -> list[str]:
    """Sentences on what the figures of a place leave out of it, with the arguments of :func:`name_of`."""
    said = []
    inside = areas is not None and bool(areas.attrs.get("inside"))
    code = "" if inside or counties is None else _state_of(counties, sites, facts)
    if code and (missing := int((facts["state"] == code).sum()) - len(set(counties or ()))):
        said.append(
            f"{STATES.get(code, code)} stands for those of its counties that the data hold: {missing} are left out, so "
            "that the figures are not those of the whole state."
        )
    if areas is not None:
        lost = str(areas.attrs["uncounted"]) if "uncounted" in areas.attrs else uncounted(areas, sites)
        said += [lost] if lost else []
    return said


def uncounted(areas: pd.DataFrame, sites: Sequence[str]) -> str:
    """How many counties of ``areas`` [ha] are none of the ``sites``, in a sentence; empty where all are of the data."""
    out = areas.index.difference(list(sites))
    if out.empty:
        return ""
    hectares = float(areas.loc[out, list(AREA_COLUMNS)].sum().sum())
    source = areas.attrs.get("source", "the given areas")
    return (
        f"{len(out)} of {len(areas)} counties of {source} ({hectares:,.0f} ha) are not in the data and are not counted."
    )


def _state_of(counties: Sequence[str], sites: Sequence[str], facts: pd.DataFrame) -> str:
    """Code of the state of which ``counties`` are all that ``sites`` hold; empty where another name is theirs."""
    if len(counties) == 1 or set(counties) == set(sites):
        return ""
    states = facts["state"].reindex(list(sites)).dropna()
    return next((str(code) for code in states.unique() if set(counties) == set(states.index[states == code])), "")


def check_areas(areas: pd.DataFrame, counties: Sequence[str], name: str) -> None:
    """SelectionError where a user's ``areas`` [ha] leave nothing to add up in ``counties``, which are called ``name``.

    The message names the file, as :func:`agroflux.emissions.areas.read_areas` notes it, and the ways out.
    """
    where = "the data set" if name == REGION else name
    source = str(areas.attrs.get("source", "the given areas"))
    held = areas.reindex(areas.index.intersection(list(counties)))
    if held.empty:
        which = f"none of the {len(areas)} counties" if len(areas) > 1 else "the only county"
        lies = "lies" if len(areas) > 1 else "does not lie"
        raise SelectionError(f"{which} of {source} {lies} in {where}: choose another place, or remove these areas")
    if not held[list(AREA_COLUMNS)].sum().sum() > 0:
        raise SelectionError(f"{source} add up to nothing in {where}: choose another place, or remove these areas")
