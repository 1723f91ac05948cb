"""From a contract data set to arrays that a model's batches are cut from.

A driver that does not vary along a dimension (weather among scenarios, soil in time) is kept once and
broadcast as a view: 99 counties x 40 scenarios x 19 years take the memory of the targets, not of the drivers.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from agroflux import schema
from agroflux.errors import DataError, SelectionError

Floats = NDArray[np.float32]
Positions = NDArray[np.intp]

#: Two years: a corn-soybean rotation. What stands for the years before the first one (see ``warm_positions``).
ROTATION_DAYS = 730
_DIMS = ("site", "scenario", "time")


@dataclass(frozen=True)
class Drivers:
    """Drivers as broadcast views, one ``(site, scenario, time)`` a variable, in the order of ``names``."""

    names: tuple[str, ...]
    views: tuple[Floats, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Sites, scenarios, days."""
        sites, scenarios, days = self.views[0].shape
        return sites, scenarios, days

    def gather(self, site: Positions, scenario: Positions, days: slice | Positions) -> Floats:
        """``(batch, days, drivers)`` of the pairs ``site[b], scenario[b]`` over the same ``days``."""
        index = days if isinstance(days, slice) else np.asarray(days)
        length = len(range(self.shape[2])[days]) if isinstance(days, slice) else len(days)
        out = np.empty((len(site), length, len(self.views)), np.float32)
        for k, view in enumerate(self.views):
            for b, (i, j) in enumerate(zip(site, scenario, strict=True)):
                out[b, :, k] = view[i, j][index]
        return out


def _as_cube(ds: xr.Dataset, name: str) -> NDArray[Any]:
    array = ds[name]
    missing = [d for d in _DIMS if d not in array.dims]
    return array.expand_dims(missing).transpose(*_DIMS).values.astype(np.float32, copy=False)


def drivers(ds: xr.Dataset, names: Sequence[str] = schema.DRIVERS, *, unknown: bool = False) -> Drivers:
    """Read the drivers of ``ds`` [units of the schema]; DataError names the ones it lacks or that hold NaN.

    ``unknown``: NaN of a management driver is let through, as the contract has it: the reader must mask it.
    """
    absent = [name for name in names if name not in ds]
    if absent:
        raise DataError(f"the data set lacks the driver(s) {', '.join(absent)}: give a data set that holds them")
    shape = (ds.sizes["site"], ds.sizes.get("scenario", 1), ds.sizes["time"])
    cubes = {name: _as_cube(ds, name) for name in names}
    full = [name for name in names if not (unknown and schema.get(name).module == "Management")]
    gaps = [name for name in full if not np.isfinite(cubes[name]).all()]
    if gaps:
        raise DataError(f"driver(s) {', '.join(gaps)} have missing values: fill or cut them before running a model")
    return Drivers(tuple(names), tuple(np.broadcast_to(cubes[name], shape) for name in names))


def targets(ds: xr.Dataset, names: Sequence[str] = schema.TARGETS, days: slice | None = None) -> Floats:
    """Targets ``(site, scenario, time, target)`` [units of the schema] over ``days`` (default: all), NaN = no value.

    An annual target stands on the last day of its year and is NaN on the others; a target that ``ds`` lacks is NaN.
    """
    part = ds if days is None else ds.isel(time=days)
    shape = (ds.sizes["site"], ds.sizes.get("scenario", 1), part.sizes["time"], len(names))
    out = np.full(shape, np.nan, np.float32)
    last = last_days(part)
    for k, name in enumerate(names):
        if name not in part:
            continue
        if schema.get(name).per == "year":
            kept = [year for year in part["year"].values.tolist() if int(year) in last]
            array = part[name].sel(year=kept)
            array = array if "scenario" in array.dims else array.expand_dims("scenario")
            values = array.transpose("site", "scenario", "year").values
            out[:, :, [last[int(year)] for year in kept], k] = values
        else:
            out[..., k] = _as_cube(part, name)
    return out


def calendar_years(ds: xr.Dataset) -> dict[int, slice]:
    """Days of each complete calendar year (1 January to 31 December) of ``ds``, as positions in time."""
    stamps = ds["time"].values.astype("datetime64[D]")
    years = stamps.astype("datetime64[Y]").astype(int) + 1970
    found = {}
    for year in np.unique(years).tolist():
        inside = np.flatnonzero(years == year)
        first, last = str(stamps[inside[0]]), str(stamps[inside[-1]])
        if first.endswith("-01-01") and last.endswith("-12-31") and len(inside) >= 365:
            found[year] = slice(int(inside[0]), int(inside[-1]) + 1)
    return found


def last_days(ds: xr.Dataset) -> dict[int, int]:
    """Position of the last day of each complete calendar year."""
    return {year: days.stop - 1 for year, days in calendar_years(ds).items()}


def span(ds: xr.Dataset, years: Iterable[int]) -> slice:
    """Days from the first to the last of calendar ``years``; SelectionError names the ones not (fully) in ``ds``."""
    known = calendar_years(ds)
    wanted = sorted({int(year) for year in years})
    unknown = [str(year) for year in wanted if year not in known]
    if unknown or not wanted:
        held = f"{min(known)}-{max(known)}" if known else "no complete year"
        raise SelectionError(f"year(s) {', '.join(unknown) or 'none'} asked: the data set holds {held}")
    return slice(known[wanted[0]].start, known[wanted[-1]].stop)


def by_year(time: NDArray[np.datetime64], days: slice) -> list[slice]:
    """``days`` of the record ``time`` by calendar year, as positions; the first and last may be parts of a year."""
    years = time[days].astype("datetime64[Y]").astype(int)
    cuts = [0, *(np.flatnonzero(np.diff(years)) + 1).tolist(), len(years)]
    return [slice(days.start + first, days.start + last) for first, last in itertools.pairwise(cuts)]


def day_of_year(ds: xr.Dataset, position: int) -> int:
    """Days of the calendar of ``ds`` from 1 January to the day at ``position``: 0 for 1 January.

    1 March is 59; in a leap year of a calendar that has 29 February it is 60.
    """
    day = ds["time"].values[position].astype("datetime64[D]")
    year = day.astype("datetime64[Y]").astype("datetime64[D]")
    days = np.arange(year, day)
    if ds.attrs.get("calendar") == "noleap":
        # The stamps are those of the standard calendar, in which a leap year has a day more.
        days = days[~np.char.endswith(days.astype(str), "-02-29")]
    return len(days)


def warm_positions(start: int, warmup: int, days: int) -> Positions:
    """Positions of the ``warmup`` days before day ``start`` of a record of ``days`` days.

    Before the record's first day its first rotation (two years) is repeated, so that season and crop run on
    in phase; a record shorter than that repeats its first year, and one shorter than a year gives none.
    """
    wanted = np.arange(start - warmup, start)
    period = ROTATION_DAYS if days >= ROTATION_DAYS else 365
    if days < 365:
        return wanted[wanted >= 0]
    return np.where(wanted < 0, wanted % period, wanted)
