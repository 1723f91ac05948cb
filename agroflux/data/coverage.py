"""How much of a data set is there: share of days with a value by month, the longest gaps, and whether all drivers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.contract import base_name
from agroflux.errors import SelectionError

#: A gap of this many days or more is worth a row in a table.
WORTH_SAYING = 7


def by_month(ds: xr.Dataset, site: str) -> pd.DataFrame:
    """Share [1] of each month's days with a value: index month (first day), one column a daily variable of ``site``.

    Companions (quality, uncertainty) and scenarios are left out: of a simulation the first scenario stands for all. A
    month that the record covers in part counts by its own days. SelectionError for an unknown site.
    """
    present = _present(ds, site)
    month = pd.DatetimeIndex(present.index).to_period("M")
    counted = present.groupby(month).sum()
    index = pd.DatetimeIndex(counted.index.to_timestamp(), name="month")
    days = index.days_in_month
    if ds.attrs.get("calendar") == "noleap":
        days = days.where(days != 29, 28)
    shares = counted.set_axis(index).div(np.asarray(days, float), axis=0)
    return shares.reindex(pd.date_range(index[0], index[-1], freq="MS", name="month"), fill_value=0.0)


def gaps(ds: xr.Dataset, site: str, most: int = 5) -> pd.DataFrame:
    """The ``most`` longest gaps of a week or more of each variable of ``site``, within its first and last value.

    Columns: variable, first, last (days), days. Longest first.
    """
    present = _present(ds, site)
    rows = []
    for name in present.columns:
        held = np.flatnonzero(present[name].to_numpy())
        if len(held) < 2:
            continue
        days = pd.DatetimeIndex(present.index[held])
        apart = np.diff(days.to_numpy()).astype("timedelta64[D]").astype(int) - 1
        for at in np.argsort(-apart, kind="stable")[:most]:
            if apart[at] >= WORTH_SAYING:
                one = pd.Timedelta(days=1)
                rows.append((name, days[at] + one, days[at + 1] - one, int(apart[at])))
    table = pd.DataFrame(rows, columns=["variable", "first", "last", "days"])
    return table.sort_values("days", ascending=False, ignore_index=True)


def has_all_drivers(ds: xr.Dataset) -> bool:
    """Whether ``ds`` tells every driver of the schema at every site on every day, so that nothing need be assumed."""
    return all(name in ds and bool(ds[name].notnull().all()) for name in schema.DRIVERS)


def weather_days(ds: xr.Dataset) -> tuple[int, int]:
    """Days that have TMAX, TMIN and PRECN, and days that have one of them at least; of the site with most of them."""
    told = [ds[name].notnull() for name in schema.WEATHER if name in ds]
    if not told:
        return 0, 0
    known = xr.concat(told, "variable").sum("variable")
    whole, some = ((known >= least).sum("time").max() for least in (len(schema.WEATHER), 1))
    return int(whole), int(some)


def without_weather(ds: xr.Dataset, rows: pd.DataFrame) -> np.ndarray:
    """Which ``rows`` (columns site, time) have neither temperature nor rain: a model's value there tells of no weather.

    A row of a site that ``ds`` does not hold is none of them: nothing is known of its weather.
    """
    weather = [name for name in schema.WEATHER if name in ds]
    if not weather:
        return np.zeros(len(rows), bool)
    missing = ds[weather].to_dataframe(dim_order=["site", "time"])[weather].isna().all(axis=1)
    days = pd.MultiIndex.from_frame(rows[["site", "time"]])
    known = rows["site"].isin(ds["site"].to_numpy()).to_numpy()
    return np.asarray(known & missing.reindex(days, fill_value=True).to_numpy())


def _present(ds: xr.Dataset, site: str) -> pd.DataFrame:
    """Whether ``site`` has a value on each day, one column a daily variable."""
    if site not in set(map(str, ds["site"].to_numpy())):
        raise SelectionError(f"the data hold no site {site[:60]}: pick one from the list")
    names: Sequence[str] = [str(n) for n in ds.data_vars if base_name(str(n)) == str(n) and "time" in ds[n].dims]
    part = ds[list(names)].sel(site=site)
    if "scenario" in part.dims:
        part = part.isel(scenario=0)
    index = pd.DatetimeIndex(ds["time"].to_numpy(), name="time")
    return pd.DataFrame({name: part[name].notnull().to_numpy() for name in names}, index=index)
