"""The process model at an observation site: driven by what the tower measured, and by what is known of the field.

What is not known is filled by a stated rule, never from the measured fluxes:

weather     gaps as in :func:`agroflux.simulation.climates.whole`; years around the record repeat its years in turn
crop        that of the management table, year by year, the last of two in a year; without a table, what the drivers
            CROP, PLANTING and FERTZR_N tell; else that of the site
planting    the table's day, else the middle of the crop's window (:mod:`.crops`), earlier in the south
harvest     the table's day, else the planting plus the middle of the crop's season; a stand of alfalfa is sown two
            years before the record and every four years, and cut every 35 days
nitrogen    the table's doses or total, else the middle of the crop's range, 19 days after planting
irrigation  where the table tells any; untold, where less than 300 mm of rain falls in a year
soil        texture, pH and carbon of the data set, else the mean of the benchmark counties

A finished run is kept by the hash of all that it depends on, as those of :mod:`.runs`.
"""

import zipfile
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.data import management_table
from agroflux.data.management import CROP_FLAG, DRIVERS, KG_HA_PER_G_M2, Event, Season
from agroflux.errors import SimulationError
from agroflux.paths import user_data
from agroflux.simulation import climates, dssat, fields, runs, workspace
from agroflux.simulation.county import FERTILITY, benchmark_counties
from agroflux.simulation.crops import CROPS, CropModel
from agroflux.simulation.sequence import CropSequence, Grown, rotation
from agroflux.simulation.soil import Soil, county_soil, water_limits

#: Daily values that are kept of a run, in the schema's units.
KEPT = ("GPP", "Reco", "NEE", "N2O_FLUX")
#: Names of crops in management tables that the engine knows by another one.
_SAME = {"winter wheat": "wheat", "maize": "corn", "beans": "dry bean"}
_STAND_YEARS, _CUT_EVERY, _DOSE_DAY, _DRY = 4, 35, 19, 300.0
_DAY = pd.Timedelta(days=1)


def simulate(ds: xr.Dataset, site: str) -> pd.DataFrame:
    """Daily KEPT (time) at ``site`` of an observation data set, from the year before its weather record to its end.

    Raises SimulationError where a crop is not known or not one that the engine runs, or the weather lacks a variable.
    """
    one = ds.sel(site=site)
    weather = climates.whole(climates.site_weather(one))
    first, last = int(weather.index[0].year) - 1, int(weather.index[-1].year)
    start = first - fields.SPIN_UP
    seasons = [s for s in management_table.of(ds) or management_table.shipped() if s.site == site] or _told(one, site)
    grown = _grown(seasons, _crops(one, seasons, start, last), float(one["lat"]))
    place = dssat.Site(
        float(one["lat"]), float(one["lon"]), _soil(one), climates.repeated_to(weather, start - 1, last + 2)
    )
    sequence = CropSequence(grown, start, first, last, irrigated=_irrigated(seasons, weather))
    return _run(sequence, place)


def _run(sequence: CropSequence, site: dssat.Site) -> pd.DataFrame:
    """Kept from before, or made now when a place for an engine is free; single precision, as it is kept."""
    key = runs.content_key(site, (repr(sequence), rotation(sequence)[0]), KEPT)
    path = user_data() / "hybrid" / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as held:
            return runs.unpack(held, KEPT)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # not there, or not readable: it is made again
    with workspace.place(), workspace.scratch() as folder:
        result = dssat.run_sequence(sequence, site, folder / "r", dssat.prepare_home(folder))
    daily = result.daily[list(KEPT)].astype(np.float32)
    runs.keep(path, runs.pack(daily))
    return daily


def _told(one: xr.Dataset, site: str) -> list[Season]:
    """What the drivers tell of the years in which CROP names one crop, as rows of a management table."""
    if "CROP" not in one:
        return []
    table = one[[name for name in DRIVERS if name in one]].to_dataframe()
    found = []
    for year, days in table.groupby(table.index.year):
        names = [name for name, flag in CROP_FLAG.items() if (days["CROP"].dropna() == flag).all()]
        if len(names) != 1:  # no day of the year is told, or two crops are
            continue
        sown = days.index[days["PLANTING"] == 1] if "PLANTING" in days else days.index[:0]
        nitrogen = None
        if "FERTZR_N" in days and days["FERTZR_N"].notna().all():
            given = days["FERTZR_N"][days["FERTZR_N"] > 0]
            nitrogen = tuple(Event(day.date(), KG_HA_PER_G_M2 * float(rate)) for day, rate in given.items())
        planting = sown[0].date() if len(sown) else None
        found.append(Season(site, int(year), names[0], planting, nitrogen=nitrogen))
    return found


def _crops(one: xr.Dataset, seasons: Sequence[Season], first: int, last: int) -> dict[int, str]:
    """The engine's crop of each year; years that no row tells have the crop of the nearest year that has one."""
    told = {season.year: season.crop for season in seasons if season.crop}
    if not told and "crop" in one.coords and str(one["crop"].values):
        told = {first: str(one["crop"].values)}
    if not told:
        raise SimulationError("what grew here is not known: give a management table (agroflux data manage)")
    found = {}
    for year in range(first, last + 1):
        name = told[min(told, key=lambda known: (abs(known - year), known))]
        name = _SAME.get(name, name)
        if name not in CROPS:
            raise SimulationError(f"the process model does not run {name}: it runs {', '.join(CROPS)}")
        found[year] = name
    return found


def _grown(seasons: Sequence[Season], crops: dict[int, str], lat: float) -> tuple[Grown, ...]:
    """Crops in order of time; one that would be sown before the last is harvested is left out."""
    found: list[Grown] = []
    free = pd.Timestamp(min(crops) - 1, 11, 12)
    last = pd.Timestamp(max(crops), 12, 20)
    for year, name in crops.items():
        model = CROPS[name]
        season = next((s for s in seasons if s.year == year and _SAME.get(s.crop, s.crop) == name), None)
        planted = _planted(season, model, year, lat)
        if planted < free:
            continue
        if model.cuts:
            stand = [y for y in range(year, year + _STAND_YEARS) if crops.get(y) == name]
            ended = min(pd.Timestamp(stand[-1], 12, 1), last)
        else:
            told = season.harvest if season else None
            ended = pd.Timestamp(told) if told else planted + sum(model.season) // 2 * _DAY
        ended = min(ended, last)
        if ended <= planted:
            continue
        cultivar = model.cultivars[len(model.cultivars) // 2]
        doses = tuple(dose for dose in _doses(season, model, planted) if free <= dose[0] <= ended)
        plants = sum(model.plants) / 2
        found.append(Grown(name, cultivar, planted, ended, plants, doses, _CUT_EVERY if model.cuts else 0))
        free = ended + 2 * _DAY
    if not found:
        raise SimulationError("no crop fits between the days of the management table: check its plantings and harvests")
    return tuple(found)


def _planted(season: Season | None, model: CropModel, year: int, lat: float) -> pd.Timestamp:
    if season is not None and isinstance(season.planting, date):
        return pd.Timestamp(season.planting)
    if lat < 0:
        raise SimulationError(f"{year} has no planting date, and the usual ones are of the north: add it to the table")
    earlier = 0 if model.autumn else fields.earlier(lat)
    return pd.Timestamp(year - model.autumn, 1, 1) + (sum(model.sown) // 2 - 1 - earlier) * _DAY


def _doses(season: Season | None, model: CropModel, planted: pd.Timestamp) -> list[tuple[pd.Timestamp, float]]:
    if season is not None and season.nitrogen is not None:
        return [(pd.Timestamp(event.day), event.rate) for event in season.nitrogen if event.rate > 0]
    told = season.n_total if season is not None else None
    amount = told if told is not None else sum(model.nitrogen) / 2
    return [(planted + _DOSE_DAY * _DAY, amount)] if amount > 0 else []


def _irrigated(seasons: Sequence[Season], weather: pd.DataFrame) -> bool:
    told = [season.irrigation for season in seasons if season.irrigation is not None]
    if told:
        return max(told) > 0
    return bool(weather["PRECN"].groupby(weather.index.year).sum().mean() < _DRY)


def _soil(one: xr.Dataset) -> Soil:
    """Soil of the site: what the data set tells (all of texture and carbon), else the mean of the counties."""
    facts = benchmark_counties().mean(numeric_only=True)
    told = {name: float(one[name]) for name in ("SAND", "SILT", "SOC") if name in one and one[name].ndim == 0}
    if len(told) == 3 and np.isfinite(list(told.values())).all():
        sand, silt, carbon = told["SAND"] / 10, told["SILT"] / 10, told["SOC"] / 10
        clay = 100 - sand - silt
        wilting, capacity = water_limits(sand / 100, clay / 100, min(carbon * 1.724, 8.0))
        own = {"sand_pct": sand, "silt_pct": silt, "clay_pct": clay, "soc_pct": carbon}
        facts = facts.copy()
        facts.update(pd.Series(own | {"wilting_pct": 100 * wilting, "awc_cm_cm": capacity}))
    return county_soil(facts, fertility=FERTILITY)
