"""Days of a simulation added up by calendar month and year: all that totals need of it, a hundredth of its size."""

from collections.abc import Collection

import numpy as np
import xarray as xr

from agroflux.emissions import units
from agroflux.errors import DataError

#: Quantity -> (variables that can give it, in order of preference; unit per hectare).
QUANTITIES: dict[str, tuple[tuple[str, ...], str]] = {
    "n2o": (("N2O_FLUX",), units.N2O_N_RATE),
    "nee": (("NEE", "CO2_FLUX"), units.C_RATE),
    "harvest": (("Yield",), units.C_RATE),
    "soil_carbon": (("Delta_SOC",), units.C_RATE),
    "soil_co2": (("Rh",), units.C_RATE),
}
#: The variable of :func:`sums` that holds the crop of each year.
CROP = "crop_of_year"
_FLUX_DIMS = ("site", "scenario", "year")


def by_month(quantity: str) -> str:
    """Name of the variable of :func:`sums` that holds what each month adds to ``quantity``."""
    return f"{quantity}_by_month"


def sums(ds: xr.Dataset, quantities: Collection[str] = tuple(QUANTITIES)) -> xr.Dataset:
    """Sums per hectare over the whole calendar years of ``ds``, a contract simulation with CROP and N2O_FLUX.

    Of each of ``quantities`` that the data can give (:data:`QUANTITIES`; NEE also as Reco - GPP): a variable
    ``(site, scenario, year)`` in the quantity's unit, NaN where a day is missing, and for daily ones another of
    ``(site, scenario, year, month)`` in the same unit (:func:`by_month`). :data:`CROP` ``(site, scenario, year)``: the
    value of CROP, NaN where it changes or is missing within the year. Coordinates of sites and scenarios and the
    attributes are those of ``ds``. DataError where a variable is missing or holds other years than the days.
    """
    if missing := [v for v in ("CROP", "N2O_FLUX") if v not in ds]:
        raise DataError(f"the data set holds no {' and no '.join(missing)}: choose one with N2O and crops")
    years, starts = _months(ds)
    out: dict[str, xr.DataArray] = {CROP: _crop_of_year(ds, years, starts)}
    for name in quantities:
        variables, unit = QUANTITIES[name]
        for key, found in _added(ds, name, variables, years, starts).items():
            out[key] = units.convert(found.rename(name), unit)
    labels = {key: ds[key] for key in ds.coords if set(ds[key].dims) <= {"site", "scenario"}}
    month = {"month": np.arange(1, 13)} if any("month" in array.dims for array in out.values()) else {}
    return xr.Dataset(out, {**labels, "year": years, **month}, ds.attrs)


def whole_years(ds: xr.Dataset) -> list[int]:
    """The calendar years of which the data set holds every day (29 February aside in a noleap calendar)."""
    return _whole_years(ds)[0].tolist()


def _whole_years(ds: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Whole years, and where their first days lie."""
    found, first, count = np.unique(ds["time"].dt.year.values, return_index=True, return_counts=True)
    leap = (found % 4 == 0) & ((found % 100 != 0) | (found % 400 == 0))
    whole = count == 365 + (leap & (ds.attrs.get("calendar") == "standard"))
    return found[whole], first[whole]


def _months(ds: xr.Dataset) -> tuple[np.ndarray, list[np.ndarray]]:
    """Whole years, and for each where its months begin and the last one ends, ``(13,)``."""
    years, first = _whole_years(ds)
    year_of, month_of = ds["time"].dt.year.values, ds["time"].dt.month.values
    days = [np.bincount(month_of[year_of == year], minlength=13)[1:] for year in years]
    return years, [start + np.concatenate([[0], np.cumsum(n)]) for start, n in zip(first, days, strict=True)]


def _crop_of_year(ds: xr.Dataset, years: np.ndarray, starts: list[np.ndarray]) -> xr.DataArray:
    daily = np.asarray(_of_each(ds["CROP"], ds).transpose("site", "scenario", "time").values, dtype=float)
    out = np.full((*daily.shape[:2], len(years)), np.nan)
    for number, at in enumerate(starts):
        here = daily[..., at[0] : at[-1]]
        out[..., number] = np.where((here == here[..., :1]).all(axis=-1), here[..., 0], np.nan)
    return xr.DataArray(out, dims=_FLUX_DIMS)


def _added(
    ds: xr.Dataset, quantity: str, variables: tuple[str, ...], years: np.ndarray, starts: list[np.ndarray]
) -> dict[str, xr.DataArray]:
    """A quantity by year and, where it is daily, by month; empty where the data set has no variable for it."""
    name = next((v for v in variables if v in ds), None)
    if name is None:
        if quantity == "nee" and {"Reco", "GPP"} <= set(ds.data_vars):
            reco, gpp = (_added(ds, quantity, (v,), years, starts) for v in ("Reco", "GPP"))
            return {key: units.add(reco[key], units.label(-gpp[key], units.units_of(gpp[key]))) for key in reco}
        return {}
    array = ds[name]
    if "time" in array.dims:
        monthly = _by_month(array, ds, starts)
        annual = xr.DataArray(monthly.sum(axis=-1), dims=_FLUX_DIMS, attrs=array.attrs, name=name)
        of_month = xr.DataArray(monthly, dims=(*_FLUX_DIMS, "month"), attrs=array.attrs, name=name)
        return {quantity: units.per_year(annual, name), by_month(quantity): units.per_year(of_month, name)}
    lacking = sorted(set(years.tolist()) - set(array["year"].values.tolist()))
    if lacking:
        raise DataError(f"{name} has no value for {lacking[0]}: the data set's years and days do not agree")
    chosen = _of_each(array.sel(year=years), ds).transpose(*_FLUX_DIMS)
    annual = xr.DataArray(chosen.values, dims=_FLUX_DIMS, attrs=array.attrs, name=name)
    return {quantity: units.per_year(annual, name)}


def _of_each(array: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    """``array`` with the dimensions that a variable may lack, as its values are the same along them."""
    return array.expand_dims({dim: ds.sizes[dim] for dim in ("site", "scenario") if dim not in array.dims})


def _by_month(array: xr.DataArray, ds: xr.Dataset, starts: list[np.ndarray]) -> np.ndarray:
    """Sums of days, ``(site, scenario, year, month)``; NaN in a day makes the month NaN."""
    values = np.asarray(_of_each(array, ds).transpose("site", "scenario", "time").values)
    out = np.empty((*values.shape[:2], len(starts), 12))
    for number, at in enumerate(starts):
        for month in range(12):
            days = values[..., at[month] : at[month + 1]]
            out[..., number, month] = days.sum(axis=-1, dtype=float)
    return out
