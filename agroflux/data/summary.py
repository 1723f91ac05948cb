"""Summaries that a map and a seasonal figure show: one value a site, one cycle a site and crop.

Corn and soybean years differ several-fold in carbon and nitrogen, and counties alternate between them, so each
summary can be asked for one crop, and the seasonal cycle keeps the two apart.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.data import store
from agroflux.errors import SelectionError

CROPS = ("both", "corn", "soybean")
#: Unit of a yearly sum, and the factor from the sum of daily values to it. N is shown per hectare, as field
#: studies report it: 1 g m-2 = 10 kg ha-1.
_YEARLY = {
    "g C m-2 d-1": ("g C m-2 yr-1", 1.0),
    "g N m-2 d-1": ("kg N ha-1 yr-1", 10.0),
    "mm d-1": ("mm yr-1", 1.0),
    "MJ m-2 d-1": ("MJ m-2 yr-1", 1.0),
}
_ENOUGH = 0.95  # share of a year's days without which a yearly sum is not shown


def yearly_unit(variable: str) -> str:
    """Unit of :func:`site_means`: per year for fluxes, the variable's own unit for states."""
    known = schema.get(variable)
    return _YEARLY[known.unit][0] if known.flux else known.unit


def per_year(unit: str) -> float:
    """Factor from a sum of daily values [unit x d] to the yearly unit; ``unit``: a daily flux's."""
    return _YEARLY[unit][1]


def site_means(
    ds: xr.Dataset, variable: str, years: Sequence[int], n_rate: float | None = None, crop: str = "both"
) -> pd.Series:
    """One value a site: the mean over ``years`` of a flux's yearly sum, or of a state's daily values.

    Returns a Series indexed by site id in units of :func:`yearly_unit`; NaN where a site has no year of that
    crop, or less than 95 % of a year's days. ``crop``: ``both``, ``corn`` or ``soybean`` years.
    Raises SelectionError for a variable, rate or year that ``ds`` does not hold.
    """
    array = _pick(ds, variable, n_rate)
    sites = ds["site"].to_numpy().astype(str)
    if "time" not in array.dims and "year" not in array.dims:
        return pd.Series(array.to_numpy().astype(float), index=sites, name=variable)
    values, have = _by_year(array, variable, noleap=ds.attrs.get("calendar") == "noleap")
    wanted = np.isin(have, list(years))
    if not wanted.any():
        raise SelectionError(f"no year of {_span(years)} in the data, which hold {_span(have)}: pick other years")
    keep = np.broadcast_to(wanted, values.shape) & _grown(ds, have, crop, n_rate)
    kept = np.where(keep, values, np.nan)
    count = np.isfinite(kept).sum(axis=1)
    total = np.nansum(kept, axis=1)
    means = np.divide(total, count, out=np.full(len(sites), np.nan), where=count > 0)
    return pd.Series(means, index=sites, name=variable)


def phase_shown(ds: xr.Dataset, n_rate: float | None) -> str:
    """Which of several scenarios of one nitrogen rate (rotation phases) values are of, in words; else empty."""
    if "scenario" not in ds.dims or n_rate is None:
        return ""
    match = _of_rate(ds, n_rate)
    return f"the first of {match.size} rotation phases, {ds['scenario'].to_numpy()[match[0]]}" if match.size > 1 else ""


def _of_rate(ds: xr.Dataset, n_rate: float) -> np.ndarray:
    """Positions of the scenarios of a nitrogen rate [kg N ha-1]."""
    return np.flatnonzero(np.isclose(ds["n_rate"].to_numpy().astype(float), n_rate))


def seasonal_cycle(
    ds: xr.Dataset,
    variables: Sequence[str],
    sites: Sequence[str],
    years: Sequence[int],
    n_rate: float | None = None,
    smooth: int = 7,
) -> pd.DataFrame:
    """Mean day-of-year cycle for each site, variable and crop, with the lowest and highest year.

    Returns columns site, variable, crop (``corn``, ``soybean``, or empty where the data name no crop), day
    (1-365, 1 March is 60; 29 February is left out), mean, low, high in daily units, n_years. Values are centred
    running means over ``smooth`` days; a day needs half of them, or one where most days of the record have no value,
    as of chambers that are visited once a week. Raises SelectionError as :func:`site_means`.
    """
    inside = ds.sel(site=_known(ds, sites))
    corn, parts = corn_years(inside, n_rate), []
    for variable in variables:
        if variable in ds and "time" in ds[variable].dims:
            array = _pick(inside, variable, n_rate).load()
            parts += [_cycle(array, corn, variable, str(site), years, smooth) for site in inside["site"].to_numpy()]
    columns = ["site", "variable", "crop", "day", "mean", "low", "high", "n_years"]
    held = [part for part in parts if len(part)]
    return pd.concat(held, ignore_index=True)[columns] if held else pd.DataFrame(columns=columns)


def statistics(ds: xr.Dataset) -> list[dict[str, Any]]:
    """One row a variable: variable, unit, mean, min, max [unit], missing (share of values), derived (site ids or None).

    Reads one variable at a time; of one without any value mean, min and max are NaN.
    """
    return [_statistics(store.load(ds[[name]])[name]) for name in ds.data_vars]


def _statistics(array: xr.DataArray) -> dict[str, Any]:
    return {
        "variable": str(array.name),
        "unit": array.attrs.get("units", ""),
        "mean": float(array.mean()),
        "min": float(array.min()),
        "max": float(array.max()),
        "missing": float(array.isnull().mean()),
        "derived": array.attrs.get("derived"),
    }


def _pick(ds: xr.Dataset, variable: str, n_rate: float | None) -> xr.DataArray:
    if variable not in ds:
        raise SelectionError(f"the data hold no {variable}: pick one of {', '.join(map(str, ds.data_vars))}")
    array = ds[variable]
    if "scenario" not in array.dims:
        return array
    if n_rate is None:
        raise SelectionError("a nitrogen rate is needed for simulated data: pick one of them")
    match = _of_rate(ds, n_rate)
    if not match.size:
        known = ", ".join(f"{r:g}" for r in sorted(set(ds["n_rate"].to_numpy().astype(float))))
        raise SelectionError(f"no scenario with {n_rate:g} kg N ha-1: the data hold {known}")
    return array.isel(scenario=int(match[0]))


def _by_year(array: xr.DataArray, variable: str, *, noleap: bool) -> tuple[np.ndarray, np.ndarray]:
    """Values (site, year) and the years: sums of fluxes in yearly units, means of states."""
    if "year" in array.dims:
        return array.transpose("site", "year").to_numpy().astype(float), array["year"].to_numpy().astype(int)
    values = array.transpose("site", "time").to_numpy().astype(float)
    of_day = array["time"].dt.year.to_numpy()
    known = schema.get(variable)
    years = np.unique(of_day)
    columns = []
    for year in years:
        block = values[:, of_day == year]
        finite = np.isfinite(block).sum(axis=1)
        mean = np.divide(np.nansum(block, axis=1), finite, out=np.full(len(block), np.nan), where=finite > 0)
        days = 366 if pd.Timestamp(int(year), 1, 1).is_leap_year and not noleap else 365
        enough = finite >= _ENOUGH * days
        scale = days * per_year(known.unit) if known.flux else 1.0
        columns.append(np.where(enough, mean * scale, np.nan))
    return np.stack(columns, axis=1), years


def _grown(ds: xr.Dataset, years: np.ndarray, crop: str, n_rate: float | None) -> np.ndarray:
    """Mask (site, year), true where ``crop`` stands in that year; all true for both crops."""
    if crop not in CROPS:
        raise SelectionError(f"unknown crop {crop!r}: pick one of {', '.join(CROPS)}")
    shape = (ds.sizes["site"], len(years))
    if crop == "both":
        return np.ones(shape, dtype=bool)
    corn = corn_years(ds, n_rate)
    if corn is None:
        return np.zeros(shape, dtype=bool)
    table = corn.reindex(columns=years).to_numpy(dtype=float)
    return (table == 1.0) if crop == "corn" else (table == 0.0)


def corn_years(ds: xr.Dataset, n_rate: float | None = None) -> pd.DataFrame | None:
    """1 where a site grows corn in a year, 0 where soybean; rows sites, columns years. None without CROP.

    Of several rotation phases that which is shown: the first of the rate (:func:`phase_shown`).
    """
    if "CROP" not in ds:
        return None
    crop = ds["CROP"]
    if "scenario" in crop.dims:
        crop = crop.isel(scenario=0) if n_rate is None else _pick(ds, "CROP", n_rate)
    crop = crop.broadcast_like(ds["time"])  # one crop for all days has no dimension of time
    days = pd.DatetimeIndex(crop["time"].to_numpy())
    values = pd.DataFrame(crop.transpose("time", "site").to_numpy(), days, ds["site"].to_numpy().astype(str))
    # The flag of 1 July, as the crop flag holds all year; of a year whose record has none, the first there is.
    middle = values[(days.month == 7) & (days.day == 1)]
    first = values.groupby(days.year).first()
    return middle.set_axis(middle.index.year).reindex(first.index).fillna(first).round().T


def of_crop(ds: xr.Dataset, corn: pd.DataFrame, crop: str) -> xr.Dataset:
    """``ds`` over ``(site, time)`` or ``(site, year)`` with NaN in the years in which a site does not grow ``crop``.

    ``corn`` as of :func:`corn_years`; ``crop``: ``corn`` or ``soybean``.
    """

    def kept(array: xr.DataArray) -> xr.DataArray:
        when = "year" if "year" in array.dims else "time"
        years = (array["year"] if when == "year" else array["time"].dt.year).to_numpy()
        flags = corn.reindex(index=array["site"].to_numpy().astype(str), columns=years).to_numpy(dtype=float)
        return array.where(xr.DataArray(flags == float(crop == "corn"), dims=("site", when)))

    return ds.map(kept)


def _cycle(
    array: xr.DataArray, corn: pd.DataFrame | None, variable: str, site: str, years: Sequence[int], smooth: int
) -> pd.DataFrame:
    series = array.sel(site=site).to_series()
    index = pd.DatetimeIndex(series.index)
    day = index.day_of_year - (index.is_leap_year & (index.month > 2))  # 1 March is day 60 of any year
    frame = pd.DataFrame({"value": series.to_numpy(float), "year": index.year, "day": day})
    frame = frame[frame["year"].isin(list(years)) & ~((index.month == 2) & (index.day == 29))]
    # A year of which the crop is unknown is one without a name, not one to leave out.
    crops = {} if corn is None else corn.loc[site].map({1.0: "corn", 0.0: "soybean"}).fillna("").to_dict()
    frame["crop"] = [crops.get(int(y), "") for y in frame["year"]]
    parts = []
    for crop, rows in frame.groupby("crop"):
        wide = rows.pivot_table(index="day", columns="year", values="value").reindex(range(1, 366))
        if smooth > 1:
            wide = wide.rolling(smooth, center=True, min_periods=_least(wide, smooth)).mean()
        if wide.notna().to_numpy().any():
            part = pd.DataFrame({"mean": wide.mean(axis=1), "low": wide.min(axis=1), "high": wide.max(axis=1)})
            parts.append(part.assign(crop=crop, n_years=wide.shape[1]).rename_axis("day").reset_index())
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts, ignore_index=True).assign(site=site, variable=variable)


def _least(wide: pd.DataFrame, smooth: int) -> int:
    """How many of ``smooth`` days need a value; ``wide``: days by years."""
    spans = [(year.last_valid_index() or 0) - (year.first_valid_index() or 0) + 1 for _, year in wide.items()]
    often = wide.notna().to_numpy().sum() >= 0.5 * sum(spans)
    return max(1, smooth // 2) if often else 1


def _known(ds: xr.Dataset, sites: Sequence[str]) -> list[str]:
    have = set(ds["site"].to_numpy().astype(str))
    unknown = [s for s in sites if s not in have]
    if unknown:
        raise SelectionError(f"the data do not hold {', '.join(unknown[:5])}: pick sites from the list")
    return list(sites)


def _span(years: Sequence[int] | np.ndarray) -> str:
    known = sorted(int(y) for y in years)
    if not known:
        return "an empty selection"
    return str(known[0]) if len(known) == 1 else f"{known[0]}-{known[-1]}"
