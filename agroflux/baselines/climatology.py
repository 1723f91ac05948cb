"""Day-of-year climatology by crop and N rate: the reference that a baseline has to beat."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from agroflux import schema
from agroflux.data import windows
from agroflux.errors import SelectionError

DAYS = 366
#: Index of 28 February, 1 March and 29 February in :func:`day_of_year`.
BEFORE_LEAP, AFTER_LEAP, LEAP = 58, 59, DAYS - 1
Groups = NDArray[np.intp]


@dataclass(frozen=True)
class Climatology:
    """Mean of each target on each day of the year, over sites and years.

    Attributes:
        rates: N rates [kg N ha-1] that it knows, increasing.
        mean: ``(crop, rate, day of year, target)`` in the schema's units; crop 0 soybean, 1 corn, 2 unknown. Annual
            targets are the same on every day. Where the training years held no value of a crop and rate on a day, the
            mean of that rate and day over crops stands for it, or of the day over both; NaN where they held none.
    """

    rates: NDArray[np.float64]
    mean: NDArray[np.float64]

    def predict(self, ds: xr.Dataset, days: slice) -> NDArray[np.float32]:
        """Targets ``(site, scenario, time, target)`` over ``days`` of ``ds``, on every day, annual ones too."""
        rate = self._rate_index(ds)
        day = day_of_year(ds)[days]
        crop = _crop(ds, days)
        values = self.mean[crop, rate[None, :, None], day].astype(np.float32)
        return np.broadcast_to(values, (ds.sizes["site"], *values.shape[1:]))

    def _rate_index(self, ds: xr.Dataset) -> Groups:
        have = np.asarray(ds["n_rate"].values, float)
        found = np.argmin(np.abs(self.rates[:, None] - have), axis=0)
        wrong = have[np.abs(self.rates[found] - have) > 0.5]
        if len(wrong):
            raise SelectionError(
                f"climatology has no N rate {', '.join(f'{r:g}' for r in wrong)} kg N ha-1; "
                f"it was fitted on {', '.join(f'{r:g}' for r in self.rates)}"
            )
        return found


def fit(ds: xr.Dataset, years: Iterable[int], site_block: int = 8) -> Climatology:
    """Average the targets of ``ds`` over ``years``, block by block of sites so that memory stays small.

    Raises SelectionError where ``ds`` has no N rates, as observations have none.
    """
    if "n_rate" not in ds:
        raise SelectionError("climatology is fitted by N rate, and the data set has none: give a simulation")
    rates, group = np.unique(np.asarray(ds["n_rate"].values, float).round(1), return_inverse=True)
    shape = (3, len(rates), DAYS, len(schema.TARGETS))
    total, count = np.zeros(shape), np.zeros(shape)
    runs = [windows.span(ds, [year]) for year in years]
    day = day_of_year(ds)
    for block in _blocks(ds, site_block):
        for days in runs:
            values, crop = windows.targets(block, days=days), _crop(block, days)
            _add(total, count, values, crop, group, day[days])
    annual = [k for k, name in enumerate(schema.TARGETS) if schema.get(name).per == "year"]
    for part in (total, count):
        part[..., annual] = part[..., annual].sum(axis=2, keepdims=True)
    return Climatology(rates, _means(total, count))


def _means(total: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of all cells; one without values takes the mean of coarser groups of values, the nearest that has one."""
    # Training without a leap year tells nothing of 29 February, which the days beside it tell well.
    unseen = count[:, :, LEAP] == 0
    for part in (total, count):
        part[:, :, LEAP] += np.where(unseen, part[:, :, BEFORE_LEAP] + part[:, :, AFTER_LEAP], 0)
    mean = total / np.where(count > 0, count, np.nan)
    for axes in (0, (0, 1)):
        values, n = total.sum(axis=axes, keepdims=True), count.sum(axis=axes, keepdims=True)
        mean = np.where(np.isnan(mean), values / np.where(n > 0, n, np.nan), mean)
    return mean


def _add(
    total: NDArray[np.float64],
    count: NDArray[np.float64],
    values: NDArray[np.float32],
    crop: Groups,
    group: Groups,
    day: Groups,
) -> None:
    """Add one year of values ``(site, scenario, time, target)``; the crop of a year is that of its first day."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    whole_year = np.broadcast_to(crop, values.shape[:3])[:, :, 0]
    for kind in (0, 1, 2):
        for rate in np.unique(group):
            sites, scenarios = np.nonzero((whole_year == kind) & (group == rate)[None, :])
            if len(sites):
                total[kind, rate, day] += filled[sites, scenarios].sum(axis=0, dtype=np.float64)
                count[kind, rate, day] += known[sites, scenarios].sum(axis=0)


def day_of_year(ds: xr.Dataset) -> Groups:
    """Day of the year, 0 to 365; in leap years 1 March is the same day as in the others and 29 February is day 365."""
    stamps = ds["time"].values.astype("datetime64[D]")
    year = stamps.astype("datetime64[Y]")
    day = (stamps - year.astype("datetime64[D]")).astype(int)
    leap = ((year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")).astype(int) == 366
    moved = np.where(leap & (day > AFTER_LEAP), day - 1, day)
    return np.where(leap & (day == AFTER_LEAP), LEAP, moved).astype(np.intp)


def _crop(ds: xr.Dataset, days: slice) -> Groups:
    part = ds["CROP"].isel(time=days)
    missing = [d for d in ("site", "scenario", "time") if d not in part.dims]
    crop = part.expand_dims(missing).transpose("site", "scenario", "time").values
    return np.where(np.isnan(crop), 2, crop.round()).astype(np.intp)


def _blocks(ds: xr.Dataset, size: int) -> Iterator[xr.Dataset]:
    used = ds[[name for name in (*schema.TARGETS, "CROP") if name in ds]]
    for start in range(0, ds.sizes["site"], size):
        yield used.isel(site=slice(start, start + size)).load()
