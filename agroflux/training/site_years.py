"""Measured site-years as training windows: what a data set holds of a model's drivers, and where it holds nothing.

Observations are few, have gaps and lack drivers. A driver that is not measured is *unknown*: its mask is false and
the network puts a standardised 0 there, the mean of weather, soil and crop. Of planting and fertiliser that is none:
networks see no mask, so unknown fertiliser counts as none given. Drivers are standardised with the scaler of
the model that is adapted, since its weights mean those units; targets stay in physical units.

Models count 365 days a year: 29 February is left out of a standard calendar (a network without a calendar loses
one day of weather by it). Each year is preceded by a year of history, in which a state finds itself and of which
no day counts. A day before the record repeats the same day of the window's own year.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from agroflux import schema
from agroflux.data import field_days, management
from agroflux.data.field_days import FieldDays
from agroflux.data.scaling import Scaler
from agroflux.errors import SelectionError

#: A site and a calendar year.
Key = tuple[str, int]
Floats = NDArray[np.float32]

YEAR_DAYS = 365
#: Days; a shorter gap in air temperature is interpolated.
SHORT_GAP = 5


@dataclass(frozen=True)
class SiteYears:
    """Windows of one history year and one calendar year.

    Attributes:
        keys: site and year of each window.
        drivers: ``(window, 730, driver)``, standardised, 0 where unknown.
        known: true where a driver is known, same shape.
        targets: ``(window, 365, target)`` in the schema's units and order; NaN is no value. Targets that are not
            adapted hold none: the loss does not see them.
        told: crop and management of each day ``(window, 365)``; None: nothing is told.
        simulated: what a process model gave for the windows' sites, ``(window, 730, flux)`` in the schema's units,
            for the recipe ``hybrid`` (:mod:`agroflux.training.hybrid`).
    """

    keys: tuple[Key, ...]
    drivers: Floats
    known: NDArray[np.bool_]
    targets: Floats
    told: FieldDays | None = None
    simulated: Floats | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, keys: Iterable[Key]) -> "SiteYears":
        """The windows of ``keys``, in that order; SelectionError names the ones there are not."""
        wanted = list(keys)
        absent = [text(key) for key in wanted if key not in self.keys]
        if absent:
            raise SelectionError(
                f"no measured site-year {', '.join(absent)}: the data set holds {', '.join(map(text, self.keys))}"
            )
        rows = [self.keys.index(key) for key in wanted]
        simulated = None if self.simulated is None else self.simulated[rows]
        told = None if self.told is None else self.told[rows]
        return SiteYears(tuple(wanted), self.drivers[rows], self.known[rows], self.targets[rows], told, simulated)

    def groups(self) -> dict[field_days.Group, NDArray[np.bool_]]:
        """Days ``(window, 365)`` of each group that scores are given for (:mod:`agroflux.data.field_days`)."""
        told = self.told if self.told is not None else field_days.untold(self.targets.shape[:2])
        return told.groups()


def text(key: Key) -> str:
    """A key as users write it, ``US-Tw3:2014``."""
    return f"{key[0]}:{key[1]}"


def days(first: int, last: int) -> pd.DatetimeIndex:
    """The days of the years ``first`` to ``last`` as models count them: 365 a year, without 29 February."""
    every = pd.date_range(f"{first}-01-01", f"{last}-12-31", freq="D")
    return every[~((every.month == 2) & (every.day == 29))]


def parse(listed: str) -> tuple[Key, ...]:
    """Keys of ``US-Tw3:2014,US-Tw3:2015``; SelectionError for anything else, and for a repeated one."""
    found = []
    for part in filter(None, (p.strip() for p in listed.split(","))):
        site, _, year = part.rpartition(":")
        if not site or not year.isdecimal():
            raise SelectionError(f"{part!r} is no site-year: write SITE:YEAR, as in US-Tw3:2014")
        found.append((site, int(year)))
    if not found or len(set(found)) < len(found):
        raise SelectionError(f"{listed!r} lists no site-year, or one twice: write each once, as in US-Tw3:2014")
    return tuple(found)


def column(target: str) -> str:
    """The model's target that ``target`` adapts: NEE is its CO2_FLUX. SelectionError for what is not a daily target."""
    name = "CO2_FLUX" if target == "NEE" else target
    if name not in schema.DAILY_TARGETS:
        raise SelectionError(f"{target!r} cannot be adapted: use NEE or one of {', '.join(schema.DAILY_TARGETS)}")
    return name


def build(
    ds: xr.Dataset, drivers: Scaler, targets: Sequence[str], *, min_measured: float = 0.5, min_days: int = 60
) -> SiteYears:
    """All site-years of ``ds`` with at least ``min_days`` days of some target.

    Args:
        ds: observation data set ``(site, time)``, daily, either calendar.
        drivers: the model's scaler; its names say which drivers are wanted. What ``ds`` lacks is unknown.
        targets: what to adapt, as ``NEE`` and ``GPP``.
        min_measured: share [1] of measured half-hours below which a day's value (``X_qc``) is no value.

    Raises:
        SelectionError: a simulation, no such target, one flux by two names, or no site-year with enough days.
    """
    if ds.attrs.get("kind") != "observation":
        raise SelectionError("a model is adapted to observations: this data set is a simulation; use 'agroflux train'")
    held = {column(name): _source(ds, name) for name in targets}
    if len(held) < len(targets):
        raise SelectionError(f"{', '.join(targets)} names one flux more than once: NEE and CO2_FLUX are the same")
    names = dict.fromkeys((*drivers.names, *management.DRIVERS, *_with_quality(ds, held.values())))
    part = ds[[n for n in names if n in ds]].load()
    found = [
        window
        for site in ds["site"].to_numpy().tolist()
        for window in _windows(part, site, drivers, held, min_measured)
    ]
    kept = [w for w in found if np.isfinite(w[3]).any(axis=-1).sum() >= min_days]
    if not kept:
        raise SelectionError(f"no site-year holds {min_days} days of {', '.join(targets)}: give a longer record")
    keys, x, known, y = zip(*kept, strict=True)
    return SiteYears(tuple(keys), np.stack(x), np.stack(known), np.stack(y), _told(part, keys))


def keys(ds: xr.Dataset, targets: Sequence[str]) -> tuple[Key, ...]:
    """The site-years that :func:`build` would give for any model; errors as there."""
    unscaled = Scaler(
        schema.WEATHER, np.zeros(len(schema.WEATHER), np.float32), np.ones(len(schema.WEATHER), np.float32)
    )
    return build(ds, unscaled, targets).keys


def climatology(site_years: SiteYears, half: int = 15) -> Floats:
    """Mean of each target over site-years and the ``half`` days on both sides ``(365, target)``, round the year.

    Days of the year that no value is near have the mean of all days; targets without a value are NaN.
    """
    known = np.isfinite(site_years.targets)
    total = np.where(known, site_years.targets, 0.0).sum(axis=0, dtype=np.float64)
    count = known.sum(axis=0).astype(np.float64)
    shifts = range(-half, half + 1)
    near, many = (sum(np.roll(part, shift, axis=0) for shift in shifts) for part in (total, count))
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = total.sum(axis=0) / count.sum(axis=0)
        return np.where(many > 0, near / many, whole).astype(np.float32)


def _source(ds: xr.Dataset, target: str) -> str:
    """The variable of ``ds`` that holds ``target``: NEE and CO2_FLUX are the same flux."""
    same = {"NEE": ("NEE", "CO2_FLUX"), "CO2_FLUX": ("CO2_FLUX", "NEE")}.get(target, (target,))
    for name in same:
        if name in ds:
            return name
    measured = [str(n) for n in ds.data_vars if n in (*schema.TARGETS, "NEE")]
    raise SelectionError(f"the data set holds no {target}: it holds {', '.join(measured) or 'no target'}")


def _with_quality(ds: xr.Dataset, names: Iterable[str]) -> list[str]:
    return [n for name in names for n in (name, f"{name}_qc") if n in ds]


Window = tuple[Key, Floats, NDArray[np.bool_], Floats]


def _told(ds: xr.Dataset, keys: Sequence[Key]) -> FieldDays:
    """Crop and management of the days of ``keys``."""
    seasons = field_days.seasons(ds)
    found = [field_days.on(ds, site, days(year, year), seasons) for site, year in keys]
    return FieldDays(np.stack([one.crops for one in found]), np.stack([one.managed for one in found]))


def _windows(ds: xr.Dataset, site: str, drivers: Scaler, held: dict[str, str], min_measured: float) -> Iterable[Window]:
    stamps = pd.DatetimeIndex(ds["time"].values)
    first, last = int(stamps.year.min()), int(stamps.year.max())
    every = days(first - 1, last)
    one = ds.sel(site=site)

    def series(name: str) -> Floats:
        if name not in one:
            return np.full(len(every), np.nan, np.float32)
        if "time" not in one[name].dims:
            return np.full(len(every), one[name].item(), np.float32)
        values = pd.Series(one[name].values, index=stamps)
        if name in ("TMAX", "TMIN"):
            values = _bridged(values)
        return values.reindex(every).to_numpy(np.float32)

    x = np.stack([series(name) for name in drivers.names], axis=-1)
    known = np.isfinite(x)
    x = np.where(known, drivers.scale(x), np.float32(0.0))
    y = np.full((len(every), len(schema.TARGETS)), np.nan, np.float32)
    for name, source in held.items():
        values = series(source)
        share = series(f"{source}_qc")
        y[:, schema.TARGETS.index(name)] = np.where(share < min_measured, np.nan, values)
    weather = [k for k, name in enumerate(drivers.names) if name in schema.WEATHER]
    for number, year in enumerate(range(first, last + 1), start=1):
        now = slice(number * YEAR_DAYS, (number + 1) * YEAR_DAYS)
        before = slice(now.start - YEAR_DAYS, now.start)
        recorded = known[before][:, weather].any(axis=-1, keepdims=True)
        history = [np.where(recorded, array[before], array[now]) for array in (x, known)]
        yield (
            (site, year),
            np.concatenate([history[0], x[now]]),
            np.concatenate([history[1], known[now]]).astype(bool),
            y[now],
        )


def _bridged(values: pd.Series) -> pd.Series:
    """Interpolate over gaps of up to ``SHORT_GAP`` days; longer ones stay unknown whole."""
    daily = values.asfreq("D")
    gap = daily.isna()
    run = gap.groupby((~gap).cumsum()).transform("sum")
    return daily.interpolate("time", limit_area="inside").where(~gap | (run <= SHORT_GAP))
